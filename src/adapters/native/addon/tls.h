#pragma once

// What the addon uses of the TLS inside of Node, as `crypto.h` has its ciphers: own declarations, weak symbols.

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

extern "C" {

struct ssl_ctx_st;
struct ssl_st;
struct ssl_method_st;
struct x509_st;
struct x509_store_ctx_st;
struct evp_pkey_st;
struct evp_md_st;
struct bio_st;
struct bio_method_st;
typedef ssl_ctx_st SSL_CTX;
typedef ssl_st SSL;
typedef ssl_method_st SSL_METHOD;
typedef x509_st X509;
typedef x509_store_ctx_st X509_STORE_CTX;
typedef evp_pkey_st EVP_PKEY;
typedef evp_md_st EVP_MD;
typedef bio_st BIO;
typedef bio_method_st BIO_METHOD;

struct SRTP_PROTECTION_PROFILE {
  const char* name;
  unsigned long id;
};

TRUNKROOM_WEAK const SSL_METHOD* DTLS_method(void);
TRUNKROOM_WEAK SSL_CTX* SSL_CTX_new(const SSL_METHOD*);
TRUNKROOM_WEAK void SSL_CTX_free(SSL_CTX*);
TRUNKROOM_WEAK long SSL_CTX_ctrl(SSL_CTX*, int command, long number, void* data);
TRUNKROOM_WEAK uint64_t SSL_CTX_set_options(SSL_CTX*, uint64_t);
TRUNKROOM_WEAK int SSL_CTX_set_cipher_list(SSL_CTX*, const char*);
TRUNKROOM_WEAK int SSL_CTX_use_certificate(SSL_CTX*, X509*);
TRUNKROOM_WEAK int SSL_CTX_use_PrivateKey(SSL_CTX*, EVP_PKEY*);
TRUNKROOM_WEAK int SSL_CTX_check_private_key(const SSL_CTX*);
TRUNKROOM_WEAK void SSL_CTX_set_verify(SSL_CTX*, int mode, int (*callback)(int, X509_STORE_CTX*));
TRUNKROOM_WEAK void SSL_CTX_set_cert_verify_callback(SSL_CTX*, int (*callback)(X509_STORE_CTX*, void*), void*);
TRUNKROOM_WEAK int SSL_CTX_set_tlsext_use_srtp(SSL_CTX*, const char* profiles);
TRUNKROOM_WEAK SSL* SSL_new(SSL_CTX*);
TRUNKROOM_WEAK void SSL_free(SSL*);
TRUNKROOM_WEAK void SSL_set_bio(SSL*, BIO* in, BIO* out);
TRUNKROOM_WEAK void SSL_set_accept_state(SSL*);
TRUNKROOM_WEAK void SSL_set_connect_state(SSL*);
TRUNKROOM_WEAK int SSL_do_handshake(SSL*);
TRUNKROOM_WEAK int SSL_read(SSL*, void* into, int length);
TRUNKROOM_WEAK int SSL_write(SSL*, const void* from, int length);
TRUNKROOM_WEAK int SSL_shutdown(SSL*);
TRUNKROOM_WEAK int SSL_get_error(const SSL*, int result);
TRUNKROOM_WEAK long SSL_ctrl(SSL*, int command, long number, void* data);
TRUNKROOM_WEAK int SSL_set_ex_data(SSL*, int index, void*);
TRUNKROOM_WEAK void* SSL_get_ex_data(const SSL*, int index);
TRUNKROOM_WEAK int SSL_get_ex_data_X509_STORE_CTX_idx(void);
TRUNKROOM_WEAK int SSL_export_keying_material(SSL*, unsigned char* out, size_t length, const char* label,
                                              size_t label_length, const unsigned char* context,
                                              size_t context_length, int use_context);
TRUNKROOM_WEAK SRTP_PROTECTION_PROFILE* SSL_get_selected_srtp_profile(SSL*);
TRUNKROOM_WEAK void DTLS_set_timer_cb(SSL*, unsigned int (*callback)(SSL*, unsigned int));
TRUNKROOM_WEAK X509* X509_STORE_CTX_get0_cert(const X509_STORE_CTX*);
TRUNKROOM_WEAK void* X509_STORE_CTX_get_ex_data(const X509_STORE_CTX*, int index);
TRUNKROOM_WEAK void X509_STORE_CTX_set_error(X509_STORE_CTX*, int error);
TRUNKROOM_WEAK int X509_digest(const X509*, const EVP_MD*, unsigned char* digest, unsigned int* length);
TRUNKROOM_WEAK X509* d2i_X509(X509**, const unsigned char** der, long length);
TRUNKROOM_WEAK void X509_free(X509*);
TRUNKROOM_WEAK EVP_PKEY* d2i_AutoPrivateKey(EVP_PKEY**, const unsigned char** der, long length);
TRUNKROOM_WEAK void EVP_PKEY_free(EVP_PKEY*);
TRUNKROOM_WEAK const EVP_MD* EVP_sha256(void);
TRUNKROOM_WEAK const EVP_MD* EVP_sha384(void);
TRUNKROOM_WEAK const EVP_MD* EVP_sha512(void);
TRUNKROOM_WEAK BIO_METHOD* BIO_meth_new(int type, const char* name);
TRUNKROOM_WEAK int BIO_meth_set_write(BIO_METHOD*, int (*write)(BIO*, const char*, int));
TRUNKROOM_WEAK int BIO_meth_set_read(BIO_METHOD*, int (*read)(BIO*, char*, int));
TRUNKROOM_WEAK int BIO_meth_set_ctrl(BIO_METHOD*, long (*ctrl)(BIO*, int, long, void*));
TRUNKROOM_WEAK BIO* BIO_new(const BIO_METHOD*);
TRUNKROOM_WEAK void BIO_set_init(BIO*, int);
TRUNKROOM_WEAK void BIO_set_data(BIO*, void*);
TRUNKROOM_WEAK void* BIO_get_data(BIO*);
TRUNKROOM_WEAK void BIO_set_flags(BIO*, int);
TRUNKROOM_WEAK void BIO_clear_flags(BIO*, int);
TRUNKROOM_WEAK void ERR_clear_error(void);
TRUNKROOM_WEAK unsigned long ERR_get_error(void);
}
