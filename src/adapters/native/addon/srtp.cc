// SRTP and SRTCP on the OpenSSL inside of Node: RFC 3711 with AES-CM and HMAC-SHA1, RFC 6188 with AES-256, RFC 7714 with
// AES-GCM. Keys and ciphers are here; indices, roll-over counters and replay windows stay in JavaScript, where they are
// tested together with the transforms of `src/rtp/srtp`, which do the same. One call seals or opens one packet in place
// and allocates nothing.

#include "srtp.h"

#include <string.h>

#include "crypto.h"
#include "values.h"

namespace {

constexpr int kGetTag = 0x10;  // EVP_CTRL_AEAD_GET_TAG
constexpr int kSetTag = 0x11;  // EVP_CTRL_AEAD_SET_TAG
constexpr uint32_t kGcmTag = 16;
constexpr uint32_t kLongTag = 10;
constexpr uint32_t kIndex = 4;
constexpr uint32_t kRtcpHeader = 8;
constexpr uint32_t kSha1 = 20;
constexpr uint32_t kSha1Block = 64;
constexpr int32_t kUnauthentic = -1;
constexpr napi_type_tag kKeysTag = {0x4f0a8c6d21e7b359, 0xa35d90c1476ef82b};
constexpr int64_t kMaxIndex = (int64_t{1} << 48) - 1;

void WriteWord(uint8_t* to, uint32_t word) {
  to[0] = static_cast<uint8_t>(word >> 24);
  to[1] = static_cast<uint8_t>(word >> 16);
  to[2] = static_cast<uint8_t>(word >> 8);
  to[3] = static_cast<uint8_t>(word);
}

void XorWord(uint8_t* to, uint32_t word) {
  to[0] ^= static_cast<uint8_t>(word >> 24);
  to[1] ^= static_cast<uint8_t>(word >> 16);
  to[2] ^= static_cast<uint8_t>(word >> 8);
  to[3] ^= static_cast<uint8_t>(word);
}

}  // namespace

struct SrtpKeys {
  EVP_CIPHER_CTX* cipher = nullptr;
  uint32_t users = 1;
  bool gcm = false;
  uint32_t tag = 0;
  // 14 bytes for AES-CM, 12 for GCM, zeros behind.
  uint8_t salt[16] = {};
  // HMAC's pads with the key, hashed once (RFC 2104 section 4).
  Sha1State inner = {};
  Sha1State outer = {};

  ~SrtpKeys() {
    if (cipher != nullptr) EVP_CIPHER_CTX_free(cipher);
    OPENSSL_cleanse(this, sizeof *this);
  }
};

namespace {

// RFC 3711 section 4.1.1: IV = salt * 2^16 + SSRC * 2^64 + index * 2^16; its low 16 bits count blocks.
bool AddKeyStream(SrtpKeys* keys, uint8_t* bytes, uint32_t start, uint32_t end, uint32_t ssrc, uint64_t index) {
  uint8_t iv[16];
  memcpy(iv, keys->salt, sizeof iv);
  XorWord(iv + 4, ssrc);
  XorWord(iv + 8, static_cast<uint32_t>(index >> 16));
  iv[12] ^= static_cast<uint8_t>(index >> 8);
  iv[13] ^= static_cast<uint8_t>(index);
  int written = 0;
  return EVP_CipherInit_ex(keys->cipher, nullptr, nullptr, nullptr, iv, 1) == 1 &&
         EVP_CipherUpdate(keys->cipher, bytes + start, &written, bytes + start, static_cast<int>(end - start)) == 1;
}

// HMAC-SHA1 over `bytes[0, length)`, and over the roll-over counter when there is one (RFC 3711 section 4.2).
void Sign(const SrtpKeys* keys, const uint8_t* bytes, uint32_t length, const uint8_t* rollover, uint8_t* digest) {
  Sha1State state = keys->inner;
  SHA1_Update(&state, bytes, length);
  if (rollover != nullptr) SHA1_Update(&state, rollover, 4);
  SHA1_Final(digest, &state);
  state = keys->outer;
  SHA1_Update(&state, digest, kSha1);
  SHA1_Final(digest, &state);
}

// RFC 7714 section 8.1: zero, SSRC, roll-over counter, sequence number, added to the salt. Section 9.1: zero, SSRC,
// zero, 31-bit index; both are the SSRC and a number of 48 bits.
void GcmIv(const SrtpKeys* keys, uint32_t ssrc, uint64_t index, uint8_t* iv) {
  memcpy(iv, keys->salt, 12);
  XorWord(iv + 2, ssrc);
  iv[6] ^= static_cast<uint8_t>(index >> 40);
  iv[7] ^= static_cast<uint8_t>(index >> 32);
  XorWord(iv + 8, static_cast<uint32_t>(index));
}

bool GcmSeal(SrtpKeys* keys, uint8_t* bytes, uint32_t start, uint32_t end, const uint8_t* aad, uint32_t aad_length,
             const uint8_t* iv) {
  int written = 0;
  EVP_CIPHER_CTX* cipher = keys->cipher;
  return EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, iv, 1) == 1 &&
         EVP_CipherUpdate(cipher, nullptr, &written, aad, static_cast<int>(aad_length)) == 1 &&
         (start == end ||
          EVP_CipherUpdate(cipher, bytes + start, &written, bytes + start, static_cast<int>(end - start)) == 1) &&
         EVP_CipherFinal_ex(cipher, bytes + end, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, kGetTag, kGcmTag, bytes + end) == 1;
}

// OpenSSL compares the tag in constant time, but after decrypting: what was not authentic is encrypted again, for the
// caller may try other keys.
bool GcmOpen(SrtpKeys* keys, uint8_t* bytes, uint32_t start, uint32_t end, const uint8_t* aad, uint32_t aad_length,
             const uint8_t* iv) {
  int written = 0;
  EVP_CIPHER_CTX* cipher = keys->cipher;
  const int length = static_cast<int>(end - start);
  if (EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, iv, 0) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher, kSetTag, kGcmTag, bytes + end) != 1 ||
      EVP_CipherUpdate(cipher, nullptr, &written, aad, static_cast<int>(aad_length)) != 1) {
    return false;
  }
  if (length > 0 && EVP_CipherUpdate(cipher, bytes + start, &written, bytes + start, length) != 1) return false;
  uint8_t rest[16];
  if (EVP_CipherFinal_ex(cipher, rest, &written) == 1) return true;
  if (length > 0 && EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, iv, 1) == 1) {
    EVP_CipherUpdate(cipher, bytes + start, &written, bytes + start, length);
  }
  return false;
}

int32_t OpenRtp(SrtpKeys* keys, uint8_t* bytes, uint32_t header_end, uint32_t end, uint32_t ssrc, uint64_t index) {
  if (end < header_end + keys->tag) return kUnauthentic;
  const uint32_t tag_at = end - keys->tag;
  if (keys->gcm) {
    uint8_t iv[12];
    GcmIv(keys, ssrc, index, iv);
    const bool authentic = GcmOpen(keys, bytes, header_end, tag_at, bytes, header_end, iv);
    return authentic ? static_cast<int32_t>(tag_at) : kUnauthentic;
  }
  uint8_t rollover[4];
  uint8_t digest[kSha1];
  WriteWord(rollover, static_cast<uint32_t>(index >> 16));
  Sign(keys, bytes, tag_at, rollover, digest);
  if (CRYPTO_memcmp(digest, bytes + tag_at, keys->tag) != 0) return kUnauthentic;
  return AddKeyStream(keys, bytes, header_end, tag_at, ssrc, index) ? static_cast<int32_t>(tag_at) : kUnauthentic;
}

// RFC 7714 section 9.2: the fixed header and the E bit with the index are authenticated.
void GcmRtcpAad(const uint8_t* bytes, uint32_t index, uint8_t* aad) {
  memcpy(aad, bytes, kRtcpHeader);
  WriteWord(aad + kRtcpHeader, index | 0x80000000u);
}

uint32_t SealRtcp(SrtpKeys* keys, uint8_t* bytes, uint32_t end, uint32_t ssrc, uint32_t index) {
  if (keys->gcm) {
    uint8_t iv[12];
    uint8_t aad[kRtcpHeader + kIndex];
    GcmIv(keys, ssrc, index, iv);
    GcmRtcpAad(bytes, index, aad);
    if (!GcmSeal(keys, bytes, kRtcpHeader, end, aad, sizeof aad, iv)) return 0;
    WriteWord(bytes + end + kGcmTag, index | 0x80000000u);
    return end + kGcmTag + kIndex;
  }
  if (!AddKeyStream(keys, bytes, kRtcpHeader, end, ssrc, index)) return 0;
  WriteWord(bytes + end, index | 0x80000000u);
  uint8_t digest[kSha1];
  Sign(keys, bytes, end + kIndex, nullptr, digest);
  memcpy(bytes + end + kIndex, digest, keys->tag);
  return end + kIndex + keys->tag;
}

int32_t OpenRtcp(SrtpKeys* keys, uint8_t* bytes, uint32_t end, uint32_t ssrc, uint32_t index) {
  if (end < kRtcpHeader + kIndex + keys->tag) return kUnauthentic;
  if (keys->gcm) {
    const uint32_t tag_at = end - kGcmTag - kIndex;
    uint8_t iv[12];
    uint8_t aad[kRtcpHeader + kIndex];
    GcmIv(keys, ssrc, index, iv);
    GcmRtcpAad(bytes, index, aad);
    const bool authentic = GcmOpen(keys, bytes, kRtcpHeader, tag_at, aad, sizeof aad, iv);
    return authentic ? static_cast<int32_t>(tag_at) : kUnauthentic;
  }
  const uint32_t tag_at = end - keys->tag;
  const uint32_t data_end = tag_at - kIndex;
  uint8_t digest[kSha1];
  Sign(keys, bytes, tag_at, nullptr, digest);
  if (CRYPTO_memcmp(digest, bytes + tag_at, keys->tag) != 0) return kUnauthentic;
  const bool opened = AddKeyStream(keys, bytes, kRtcpHeader, data_end, ssrc, index);
  return opened ? static_cast<int32_t>(data_end) : kUnauthentic;
}

// What a method was called with: bytes, then numbers. `rest` bytes must be free behind the packet.
struct Call {
  SrtpKeys* keys = nullptr;
  uint8_t* bytes = nullptr;
  uint32_t header_end = 0;
  uint32_t end = 0;
  uint32_t ssrc = 0;
  uint64_t index = 0;
};

// `has_header`: (bytes, headerEnd, end, ssrc, index); without: (bytes, end, ssrc, index).
bool Read(napi_env env, napi_callback_info info, bool has_header, uint32_t room, Call* call) {
  napi_value args[5];
  call->keys = Receiver<SrtpKeys>(env, info, has_header ? 5 : 4, args);
  if (call->keys == nullptr) return false;
  size_t length = 0;
  int64_t index = 0;
  call->header_end = kRtcpHeader;
  const napi_value* next = args + 1;
  const bool ok = Bytes(env, args[0], &call->bytes, &length) &&
                  (!has_header || napi_get_value_uint32(env, *next++, &call->header_end) == napi_ok) &&
                  napi_get_value_uint32(env, *next++, &call->end) == napi_ok &&
                  napi_get_value_uint32(env, *next++, &call->ssrc) == napi_ok &&
                  napi_get_value_int64(env, *next, &index) == napi_ok;
  if (!ok || call->header_end > call->end || call->end > length || length - call->end < room || index < 0 ||
      index > kMaxIndex) {
    Throw(env, "no packet, or no room behind it");
    return false;
  }
  call->index = static_cast<uint64_t>(index);
  return true;
}

napi_value Sealed(napi_env env, uint32_t length) {
  return length == 0 ? Throw(env, "the cipher failed") : Number(env, static_cast<int32_t>(length));
}

uint32_t SealRtpOf(SrtpKeys* keys, uint8_t* bytes, uint32_t header_end, uint32_t end, uint32_t ssrc, uint64_t index) {
  if (keys->gcm) {
    uint8_t iv[12];
    GcmIv(keys, ssrc, index, iv);
    return GcmSeal(keys, bytes, header_end, end, bytes, header_end, iv) ? end + kGcmTag : 0;
  }
  if (!AddKeyStream(keys, bytes, header_end, end, ssrc, index)) return 0;
  uint8_t rollover[4];
  uint8_t digest[kSha1];
  WriteWord(rollover, static_cast<uint32_t>(index >> 16));
  Sign(keys, bytes, end, rollover, digest);
  memcpy(bytes + end, digest, keys->tag);
  return end + keys->tag;
}

// sealRtp(bytes, headerEnd, end, ssrc, index): the new length.
napi_value JsSealRtp(napi_env env, napi_callback_info info) {
  Call call;
  if (!Read(env, info, true, kGcmTag, &call)) return nullptr;
  return Sealed(env, SealRtpOf(call.keys, call.bytes, call.header_end, call.end, call.ssrc, call.index));
}

// openRtp(bytes, headerEnd, end, ssrc, index): the length without the tag, or -1 and unchanged bytes.
napi_value JsOpenRtp(napi_env env, napi_callback_info info) {
  Call call;
  if (!Read(env, info, true, 0, &call)) return nullptr;
  return Number(env, OpenRtp(call.keys, call.bytes, call.header_end, call.end, call.ssrc, call.index));
}

// sealRtcp(bytes, end, ssrc, index): the new length.
napi_value JsSealRtcp(napi_env env, napi_callback_info info) {
  Call call;
  if (!Read(env, info, false, kSrtpOverhead, &call)) return nullptr;
  return Sealed(env, SealRtcp(call.keys, call.bytes, call.end, call.ssrc, static_cast<uint32_t>(call.index)));
}

// openRtcp(bytes, end, ssrc, index): the length without tag and index, or -1 and unchanged bytes.
napi_value JsOpenRtcp(napi_env env, napi_callback_info info) {
  Call call;
  if (!Read(env, info, false, 0, &call)) return nullptr;
  return Number(env, OpenRtcp(call.keys, call.bytes, call.end, call.ssrc, static_cast<uint32_t>(call.index)));
}

const EVP_CIPHER* CipherOf(bool gcm, size_t key_length) {
  if (key_length == 16) return gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr();
  if (key_length == 32) return gcm ? EVP_aes_256_gcm() : EVP_aes_256_ctr();
  return nullptr;
}

void HashPad(const uint8_t* key, size_t length, uint8_t pad, Sha1State* state) {
  uint8_t block[kSha1Block];
  memset(block, pad, sizeof block);
  for (size_t i = 0; i < length; i++) block[i] ^= key[i];
  SHA1_Init(state);
  SHA1_Update(state, block, sizeof block);
  OPENSSL_cleanse(block, sizeof block);
}

void Free(napi_env, void* keys, void*) { SrtpRelease(static_cast<SrtpKeys*>(keys)); }

// new SrtpTransform(encryption: Uint8Array, authentication: Uint8Array, salt: Uint8Array, tagBytes: number): AES-GCM
// when the tag has 16 bytes, else AES-CM with so many bytes of HMAC-SHA1.
napi_value New(napi_env env, napi_callback_info info) {
  napi_value args[4];
  napi_value self = nullptr;
  size_t count = 4;
  napi_get_cb_info(env, info, &count, args, &self, nullptr);
  uint8_t* part[3] = {};
  size_t length[3] = {};
  uint32_t tag = 0;
  bool ok = count == 4 && napi_get_value_uint32(env, args[3], &tag) == napi_ok;
  for (int i = 0; ok && i < 3; i++) ok = Bytes(env, args[i], &part[i], &length[i]);
  const bool gcm = tag == kGcmTag;
  if (!ok || (!gcm && tag != 4 && tag != kLongTag) || CipherOf(gcm, length[0]) == nullptr ||
      (!gcm && length[1] != kSha1) || length[2] != (gcm ? 12u : 14u)) {
    return Throw(env, "no SrtpTransform can be made of this");
  }
  auto* keys = new SrtpKeys();
  keys->gcm = gcm;
  keys->tag = tag;
  memcpy(keys->salt, part[2], length[2]);
  if (!gcm) {
    HashPad(part[1], length[1], 0x36, &keys->inner);
    HashPad(part[1], length[1], 0x5c, &keys->outer);
  }
  keys->cipher = EVP_CIPHER_CTX_new();
  if (keys->cipher == nullptr ||
      EVP_CipherInit_ex(keys->cipher, CipherOf(gcm, length[0]), nullptr, part[0], nullptr, 1) != 1 ||
      !WrapTagged(env, self, keys, Free, &kKeysTag)) {
    delete keys;
    return Throw(env, "this Node's OpenSSL has no such cipher");
  }
  napi_value tag_bytes = nullptr;
  napi_create_uint32(env, tag, &tag_bytes);
  napi_set_named_property(env, self, "tagBytes", tag_bytes);
  return self;
}

uint32_t SsrcOf(const uint8_t* packet) {
  return static_cast<uint32_t>(packet[8]) << 24 | static_cast<uint32_t>(packet[9]) << 16 |
         static_cast<uint32_t>(packet[10]) << 8 | packet[11];
}

// Whether this Node exports all that is used here.
bool HasCrypto() {
  const void* const needed[] = {
      reinterpret_cast<void*>(EVP_CIPHER_CTX_new),  reinterpret_cast<void*>(EVP_CIPHER_CTX_free),
      reinterpret_cast<void*>(EVP_CIPHER_CTX_ctrl), reinterpret_cast<void*>(EVP_aes_128_ctr),
      reinterpret_cast<void*>(EVP_aes_256_ctr),     reinterpret_cast<void*>(EVP_aes_128_gcm),
      reinterpret_cast<void*>(EVP_aes_256_gcm),     reinterpret_cast<void*>(EVP_CipherInit_ex),
      reinterpret_cast<void*>(EVP_CipherUpdate),    reinterpret_cast<void*>(EVP_CipherFinal_ex),
      reinterpret_cast<void*>(SHA1_Init),           reinterpret_cast<void*>(SHA1_Update),
      reinterpret_cast<void*>(SHA1_Final),          reinterpret_cast<void*>(CRYPTO_memcmp),
      reinterpret_cast<void*>(OPENSSL_cleanse),
  };
  for (const void* symbol : needed) {
    if (symbol == nullptr) return false;
  }
  return true;
}

}  // namespace

uint32_t SrtpSealRtp(SrtpKeys* keys, uint8_t* packet, uint32_t header_end, uint32_t length, uint64_t index) {
  return SealRtpOf(keys, packet, header_end, length, SsrcOf(packet), index);
}

int32_t SrtpOpenRtp(SrtpKeys* keys, uint8_t* packet, uint32_t header_end, uint32_t length, uint64_t index) {
  return OpenRtp(keys, packet, header_end, length, SsrcOf(packet), index);
}

void SrtpRetain(SrtpKeys* keys) { keys->users++; }

void SrtpRelease(SrtpKeys* keys) {
  if (keys != nullptr && --keys->users == 0) delete keys;
}

SrtpKeys* SrtpKeysOf(napi_env env, napi_value value) { return Tagged<SrtpKeys>(env, value, &kKeysTag); }

napi_value DefineSrtpTransform(napi_env env) {
  napi_value constructor = nullptr;
  if (!HasCrypto()) {
    napi_get_null(env, &constructor);
    return constructor;
  }
  const napi_property_descriptor methods[] = {
      {"sealRtp", nullptr, JsSealRtp, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"openRtp", nullptr, JsOpenRtp, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"sealRtcp", nullptr, JsSealRtcp, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"openRtcp", nullptr, JsOpenRtcp, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  napi_define_class(env, "SrtpTransform", NAPI_AUTO_LENGTH, New, nullptr, 4, methods, &constructor);
  return constructor;
}
