#pragma once

// What the addon uses of the OpenSSL that is inside of Node, declared here: its headers need not be installed, and those
// of the system may be of another version. All of it has been there, with these types, from OpenSSL 1.1.1 to 3.x. The
// symbols are weak, so that the addon loads in a Node that does not export them; it then says that it cannot do SRTP.

#include <stddef.h>

#define TRUNKROOM_WEAK __attribute__((weak))

extern "C" {

struct evp_cipher_ctx_st;
struct evp_cipher_st;
struct engine_st;
typedef evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef evp_cipher_st EVP_CIPHER;

// OpenSSL's SHA_CTX has 96 bytes; to copy it is how a hash is begun with a block that was hashed before.
struct Sha1State {
  unsigned int words[32];
};

TRUNKROOM_WEAK EVP_CIPHER_CTX* EVP_CIPHER_CTX_new(void);
TRUNKROOM_WEAK void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX*);
TRUNKROOM_WEAK int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX*, int type, int arg, void* ptr);
TRUNKROOM_WEAK const EVP_CIPHER* EVP_aes_128_ctr(void);
TRUNKROOM_WEAK const EVP_CIPHER* EVP_aes_256_ctr(void);
TRUNKROOM_WEAK const EVP_CIPHER* EVP_aes_128_gcm(void);
TRUNKROOM_WEAK const EVP_CIPHER* EVP_aes_256_gcm(void);
TRUNKROOM_WEAK int EVP_CipherInit_ex(EVP_CIPHER_CTX*, const EVP_CIPHER*, engine_st*, const unsigned char* key,
                                     const unsigned char* iv, int encrypt);
TRUNKROOM_WEAK int EVP_CipherUpdate(EVP_CIPHER_CTX*, unsigned char* out, int* written, const unsigned char* in,
                                    int length);
TRUNKROOM_WEAK int EVP_CipherFinal_ex(EVP_CIPHER_CTX*, unsigned char* out, int* written);
TRUNKROOM_WEAK int SHA1_Init(Sha1State*);
TRUNKROOM_WEAK int SHA1_Update(Sha1State*, const void* data, size_t length);
TRUNKROOM_WEAK int SHA1_Final(unsigned char* digest, Sha1State*);
TRUNKROOM_WEAK int CRYPTO_memcmp(const void*, const void*, size_t);
TRUNKROOM_WEAK void OPENSSL_cleanse(void*, size_t);
}
