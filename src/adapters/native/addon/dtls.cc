// DTLS 1.2 on the OpenSSL inside of Node, as DTLS-SRTP has it (RFC 5764): no socket, no clock of ours, no thread.
// Records go in one at a time; datagrams and messages come out of queues that JavaScript empties after each call, so that
// nothing calls back into it. Who the peer may be is told by digests of certificates (RFC 8122), which are compared
// before anything that the peer has signed is believed.

#include "dtls.h"

#include <string.h>
#include <sys/time.h>

#include <deque>
#include <vector>

#include "tls.h"
#include "values.h"

namespace {

// Of <openssl/ssl.h>, <openssl/bio.h> and <openssl/x509_vfy.h>: numbers that never changed.
constexpr int kSetMtu = 17;
constexpr int kMode = 33;
constexpr int kSessionCache = 44;
constexpr int kGetTimeout = 73;
constexpr int kHandleTimeout = 74;
constexpr int kGroups = 92;
constexpr int kSignatures = 98;
constexpr int kClientSignatures = 102;
constexpr int kMinProtocol = 123;
constexpr long kDtls12 = 0xfefd;
constexpr long kReleaseBuffers = 0x10;
constexpr uint64_t kNoQueryMtu = uint64_t{1} << 12;
constexpr uint64_t kNoTicket = uint64_t{1} << 14;
constexpr uint64_t kNoCompression = uint64_t{1} << 17;
constexpr uint64_t kServerPreference = uint64_t{1} << 22;
constexpr uint64_t kNoRenegotiation = uint64_t{1} << 30;
constexpr int kVerifyPeerOrFail = 0x01 | 0x02;
constexpr int kWantRead = 2;
constexpr int kWantWrite = 3;
constexpr int kZeroReturn = 6;
constexpr int kCertificateRejected = 28;
constexpr unsigned long kReasonMask = 0x7fffff;
constexpr unsigned long kLibraryMask = 0xff;
constexpr int kLibraryShift = 23;
constexpr unsigned long kTlsLibrary = 20;
constexpr int kBioPending = 10;
constexpr int kBioFlush = 11;
constexpr int kBioWritePending = 13;
constexpr int kBioQueryMtu = 40;
constexpr int kBioSetNextTimeout = 45;
constexpr int kBioMtuOverhead = 49;
constexpr int kBioShouldRetryRead = 0x01 | 0x08;
constexpr int kBioRetryFlags = 0x01 | 0x02 | 0x04 | 0x08;
constexpr int kBioType = 0x0400 | 0x77;

// Payload of a datagram: what any path of the internet carries.
constexpr long kMtu = 1200;
constexpr long kIpAndUdp = 48;
// The first repetition of a flight, which RFC 6347 section 4.2.4.1 allows to be sooner than 1 s where time matters.
constexpr unsigned int kFirstTimeoutUs = 100000;
constexpr unsigned int kLongestTimeoutUs = 3000000;
constexpr size_t kMaxRecord = 16384;
// Of messages that JavaScript has not taken yet: it takes them after each call.
constexpr size_t kMaxQueued = 256;

constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr char kCurves[] = "X25519:P-256";
constexpr char kSignatureAlgorithms[] =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr char kSrtpProfiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";
constexpr char kSrtpLabel[] = "EXTRACTOR-dtls_srtp";

enum State : int32_t { kHandshake = 0, kConnected = 1, kClosed = 2, kFailed = 3 };
// What `failure` says when the certificate is none of those expected; else it is OpenSSL's reason.
constexpr int32_t kWrongFingerprint = -1;

constexpr napi_type_tag kContextTag = {0x9c1e7d0f5a3b4c21, 0xb7d264e8f0139a55};

struct Context {
  SSL_CTX* ssl = nullptr;
};

struct Association {
  SSL* ssl = nullptr;
  State state = kHandshake;
  int32_t failure = 0;
  bool wrong_certificate = false;
  // close_notify may still be said: there was no error.
  bool sound = true;
  const uint8_t* in = nullptr;
  size_t in_length = 0;
  std::deque<std::vector<uint8_t>> datagrams;
  std::deque<std::vector<uint8_t>> messages;
  // Of the certificates that the peer may have: 32, 48 or 64 bytes each.
  std::vector<std::vector<uint8_t>> accepted;
};

// The datagram at hand is read once and whole; then there is nothing until the next.
int BioRead(BIO* bio, char* into, int size) {
  auto* association = static_cast<Association*>(BIO_get_data(bio));
  BIO_clear_flags(bio, kBioRetryFlags);
  if (association->in == nullptr || size <= 0) {
    BIO_set_flags(bio, kBioShouldRetryRead);
    return -1;
  }
  const size_t length = association->in_length < static_cast<size_t>(size) ? association->in_length : size;
  memcpy(into, association->in, length);
  association->in = nullptr;
  return static_cast<int>(length);
}

// What OpenSSL writes at once is one datagram.
int BioWrite(BIO* bio, const char* from, int length) {
  auto* association = static_cast<Association*>(BIO_get_data(bio));
  BIO_clear_flags(bio, kBioRetryFlags);
  // It is as if the network had lost it.
  if (length > 0 && association->datagrams.size() < kMaxQueued) {
    association->datagrams.emplace_back(from, from + length);
  }
  return length;
}

long BioControl(BIO* bio, int command, long, void*) {
  auto* association = static_cast<Association*>(BIO_get_data(bio));
  switch (command) {
    case kBioFlush:
    case kBioSetNextTimeout:
      return 1;
    case kBioPending:
      return association->in == nullptr ? 0 : static_cast<long>(association->in_length);
    case kBioQueryMtu:
      return kMtu;
    case kBioMtuOverhead:
      return kIpAndUdp;
    case kBioWritePending:
    default:
      return 0;
  }
}

// One for the process: threads only read it.
const BIO_METHOD* Datagrams() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(kBioType, "trunkroom datagrams");
    if (made != nullptr) {
      BIO_meth_set_read(made, BioRead);
      BIO_meth_set_write(made, BioWrite);
      BIO_meth_set_ctrl(made, BioControl);
    }
    return made;
  }();
  return method;
}

unsigned int NextTimeout(SSL*, unsigned int before_us) {
  if (before_us == 0) return kFirstTimeoutUs;
  return before_us >= kLongestTimeoutUs / 2 ? kLongestTimeoutUs : 2 * before_us;
}

// RFC 8122 section 5.1: nothing else of a certificate counts but its hash.
int VerifyPeer(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* association = ssl == nullptr ? nullptr : static_cast<Association*>(SSL_get_ex_data(ssl, 0));
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  if (association != nullptr && certificate != nullptr) {
    for (const auto& wanted : association->accepted) {
      const EVP_MD* hash = wanted.size() == 32 ? EVP_sha256() : wanted.size() == 48 ? EVP_sha384() : EVP_sha512();
      uint8_t digest[64];
      unsigned int length = 0;
      if (X509_digest(certificate, hash, digest, &length) == 1 && length == wanted.size() &&
          CRYPTO_memcmp(digest, wanted.data(), length) == 0) {
        return 1;
      }
    }
    association->wrong_certificate = true;
  }
  X509_STORE_CTX_set_error(store, kCertificateRejected);
  return 0;
}

void FreeContext(napi_env, void* data, void*) {
  auto* context = static_cast<Context*>(data);
  if (context->ssl != nullptr) SSL_CTX_free(context->ssl);
  delete context;
}

bool UseCertificate(SSL_CTX* ssl, const uint8_t* certificate, size_t certificate_length, const uint8_t* key,
                    size_t key_length) {
  X509* x509 = d2i_X509(nullptr, &certificate, static_cast<long>(certificate_length));
  EVP_PKEY* pkey = d2i_AutoPrivateKey(nullptr, &key, static_cast<long>(key_length));
  const bool used = x509 != nullptr && pkey != nullptr && SSL_CTX_use_certificate(ssl, x509) == 1 &&
                    SSL_CTX_use_PrivateKey(ssl, pkey) == 1 && SSL_CTX_check_private_key(ssl) == 1;
  if (x509 != nullptr) X509_free(x509);
  if (pkey != nullptr) EVP_PKEY_free(pkey);
  return used;
}

bool Control(SSL_CTX* ssl, int command, const char* list) {
  return SSL_CTX_ctrl(ssl, command, 0, const_cast<char*>(list)) == 1;
}

// new DtlsContext(certificate: Uint8Array, key: Uint8Array): both DER, the key as PKCS #8 or as its own type has it.
napi_value NewContext(napi_env env, napi_callback_info info) {
  napi_value args[2];
  napi_value self = nullptr;
  size_t count = 2;
  napi_get_cb_info(env, info, &count, args, &self, nullptr);
  uint8_t* certificate = nullptr;
  uint8_t* key = nullptr;
  size_t certificate_length = 0, key_length = 0;
  if (count < 2 || !Bytes(env, args[0], &certificate, &certificate_length) || !Bytes(env, args[1], &key, &key_length)) {
    return Throw(env, "a DtlsContext takes a certificate and its key");
  }
  ERR_clear_error();
  auto* context = new Context();
  context->ssl = SSL_CTX_new(DTLS_method());
  const bool ok = context->ssl != nullptr && SSL_CTX_ctrl(context->ssl, kMinProtocol, kDtls12, nullptr) == 1 &&
                  SSL_CTX_set_cipher_list(context->ssl, kCiphers) == 1 && Control(context->ssl, kGroups, kCurves) &&
                  Control(context->ssl, kSignatures, kSignatureAlgorithms) &&
                  Control(context->ssl, kClientSignatures, kSignatureAlgorithms) &&
                  SSL_CTX_set_tlsext_use_srtp(context->ssl, kSrtpProfiles) == 0 &&
                  UseCertificate(context->ssl, certificate, certificate_length, key, key_length);
  ERR_clear_error();
  if (!ok || !WrapTagged(env, self, context, FreeContext, &kContextTag)) {
    FreeContext(env, context, nullptr);
    return Throw(env, "this Node's OpenSSL cannot do DTLS with this certificate");
  }
  SSL_CTX_set_options(context->ssl, kNoQueryMtu | kNoTicket | kNoCompression | kServerPreference | kNoRenegotiation);
  SSL_CTX_ctrl(context->ssl, kMode, kReleaseBuffers, nullptr);
  SSL_CTX_ctrl(context->ssl, kSessionCache, 0, nullptr);
  SSL_CTX_set_verify(context->ssl, kVerifyPeerOrFail, nullptr);
  SSL_CTX_set_cert_verify_callback(context->ssl, VerifyPeer, nullptr);
  return self;
}

void LetGo(Association* association) {
  if (association->ssl != nullptr) SSL_free(association->ssl);
  association->ssl = nullptr;
}

void FreeAssociation(napi_env, void* data, void*) {
  auto* association = static_cast<Association*>(data);
  LetGo(association);
  delete association;
}

// new DtlsAssociation(context: DtlsContext, isClient: boolean)
napi_value NewAssociation(napi_env env, napi_callback_info info) {
  napi_value args[2];
  napi_value self = nullptr;
  size_t count = 2;
  bool is_client = false;
  napi_get_cb_info(env, info, &count, args, &self, nullptr);
  const Context* context = count < 2 ? nullptr : Tagged<Context>(env, args[0], &kContextTag);
  if (context == nullptr || napi_get_value_bool(env, args[1], &is_client) != napi_ok) {
    return Throw(env, "a DtlsAssociation takes a DtlsContext and its role");
  }
  ERR_clear_error();
  auto* association = new Association();
  association->ssl = SSL_new(context->ssl);
  BIO* bio = Datagrams() == nullptr ? nullptr : BIO_new(Datagrams());
  if (association->ssl == nullptr || bio == nullptr ||
      napi_wrap(env, self, association, FreeAssociation, nullptr, nullptr) != napi_ok) {
    LetGo(association);
    delete association;
    return Throw(env, "no DtlsAssociation can be made");
  }
  BIO_set_data(bio, association);
  BIO_set_init(bio, 1);
  SSL_set_bio(association->ssl, bio, bio);
  SSL_set_ex_data(association->ssl, 0, association);
  SSL_ctrl(association->ssl, kSetMtu, kMtu, nullptr);
  DTLS_set_timer_cb(association->ssl, NextTimeout);
  if (is_client) {
    SSL_set_connect_state(association->ssl);
  } else {
    SSL_set_accept_state(association->ssl);
  }
  ERR_clear_error();
  return self;
}

// The last word of TLS: what it called may have complained before it.
void Fail(Association* association) {
  association->state = kFailed;
  unsigned long reason = 0;
  for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error()) {
    if (((error >> kLibraryShift) & kLibraryMask) == kTlsLibrary) reason = error & kReasonMask;
  }
  association->failure = association->wrong_certificate ? kWrongFingerprint : static_cast<int32_t>(reason);
}

bool Waits(int error) { return error == kWantRead || error == kWantWrite; }

// Goes on as far as the record at hand allows.
void Advance(Association* association) {
  if (association->ssl == nullptr || association->state >= kClosed) return;
  ERR_clear_error();
  if (association->state == kHandshake) {
    const int result = SSL_do_handshake(association->ssl);
    if (result == 1) {
      association->state = kConnected;
    } else if (!Waits(SSL_get_error(association->ssl, result))) {
      Fail(association);
    }
  }
  uint8_t message[kMaxRecord];
  while (association->state == kConnected) {
    const int length = SSL_read(association->ssl, message, sizeof message);
    if (length > 0) {
      if (association->messages.size() < kMaxQueued) association->messages.emplace_back(message, message + length);
      continue;
    }
    if (Waits(SSL_get_error(association->ssl, length))) break;
    // close_notify, or an alert that is fatal and authentic.
    association->sound = SSL_get_error(association->ssl, length) == kZeroReturn;
    association->state = kClosed;
  }
  ERR_clear_error();
}

// expectNobody(): forgets what `expect` told.
napi_value ExpectNobody(napi_env env, napi_callback_info info) {
  Association* association = Receiver<Association>(env, info, 0, nullptr);
  if (association != nullptr) association->accepted.clear();
  return nullptr;
}

// expect(digests: Uint8Array, length: number): digests of certificates that the peer may have, besides those told
// before; `length` bytes each: 32, 48 or 64.
napi_value Expect(napi_env env, napi_callback_info info) {
  napi_value args[2];
  Association* association = Receiver<Association>(env, info, 2, args);
  if (association == nullptr) return nullptr;
  uint8_t* digests = nullptr;
  size_t total = 0;
  uint32_t length = 0;
  if (!Bytes(env, args[0], &digests, &total) || napi_get_value_uint32(env, args[1], &length) != napi_ok ||
      (length != 32 && length != 48 && length != 64)) {
    return Throw(env, "no digests");
  }
  for (size_t at = 0; at + length <= total; at += length) {
    association->accepted.emplace_back(digests + at, digests + at + length);
  }
  return nullptr;
}

// receive(record: Uint8Array): the state.
napi_value Receive(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Association* association = Receiver<Association>(env, info, 1, args);
  if (association == nullptr) return nullptr;
  uint8_t* record = nullptr;
  size_t length = 0;
  if (!Bytes(env, args[0], &record, &length)) return Throw(env, "no record");
  association->in = length == 0 ? nullptr : record;
  association->in_length = length;
  Advance(association);
  // The record is lent for this call, and one that came after the end was not read.
  association->in = nullptr;
  return Number(env, association->state);
}

// timeout(): ms until `elapse` is due; -1: nothing waits for an answer.
napi_value Timeout(napi_env env, napi_callback_info info) {
  Association* association = Receiver<Association>(env, info, 0, nullptr);
  if (association == nullptr) return nullptr;
  timeval left = {};
  if (association->ssl == nullptr || association->state != kHandshake ||
      SSL_ctrl(association->ssl, kGetTimeout, 0, &left) != 1) {
    return Number(env, -1);
  }
  return Number(env, static_cast<int32_t>(left.tv_sec * 1000 + (left.tv_usec + 999) / 1000));
}

// elapse(): repeats the last flight if its time has come; the state.
napi_value Elapse(napi_env env, napi_callback_info info) {
  Association* association = Receiver<Association>(env, info, 0, nullptr);
  if (association == nullptr) return nullptr;
  if (association->ssl != nullptr && association->state == kHandshake) {
    ERR_clear_error();
    if (SSL_ctrl(association->ssl, kHandleTimeout, 0, nullptr) < 0) Fail(association);
    ERR_clear_error();
  }
  return Number(env, association->state);
}

// send(message: Uint8Array): whether it became a datagram.
napi_value Send(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Association* association = Receiver<Association>(env, info, 1, args);
  if (association == nullptr) return nullptr;
  uint8_t* message = nullptr;
  size_t length = 0;
  if (!Bytes(env, args[0], &message, &length)) return Throw(env, "no message");
  if (association->ssl == nullptr || association->state != kConnected || length == 0 || length > kMaxRecord) {
    return Boolean(env, false);
  }
  ERR_clear_error();
  const bool sent = SSL_write(association->ssl, message, static_cast<int>(length)) > 0;
  ERR_clear_error();
  return Boolean(env, sent);
}

napi_value Take(napi_env env, napi_callback_info info, std::deque<std::vector<uint8_t>> Association::* queue) {
  napi_value args[1];
  Association* association = Receiver<Association>(env, info, 1, args);
  if (association == nullptr) return nullptr;
  uint8_t* into = nullptr;
  size_t room = 0;
  if (!Bytes(env, args[0], &into, &room)) return Throw(env, "nothing to copy into");
  auto& waiting = association->*queue;
  if (waiting.empty()) return Number(env, 0);
  const size_t length = waiting.front().size();
  if (length > room) return Throw(env, "too little room");
  memcpy(into, waiting.front().data(), length);
  waiting.pop_front();
  return Number(env, static_cast<int32_t>(length));
}

// takeDatagram(into: Uint8Array): the length of the next datagram for the peer, which is copied; 0: there is none.
napi_value TakeDatagram(napi_env env, napi_callback_info info) { return Take(env, info, &Association::datagrams); }

// takeMessage(into: Uint8Array): the same of messages of the peer.
napi_value TakeMessage(napi_env env, napi_callback_info info) { return Take(env, info, &Association::messages); }

// failure(): why the handshake failed: -1: the certificate is none of those expected; else OpenSSL's reason.
napi_value Failure(napi_env env, napi_callback_info info) {
  Association* association = Receiver<Association>(env, info, 0, nullptr);
  return association == nullptr ? nullptr : Number(env, association->failure);
}

// srtpProfile(): the number of the profile agreed on (RFC 5764 section 4.1.2); 0: none.
napi_value SrtpProfile(napi_env env, napi_callback_info info) {
  Association* association = Receiver<Association>(env, info, 0, nullptr);
  if (association == nullptr) return nullptr;
  const SRTP_PROTECTION_PROFILE* profile = association->ssl == nullptr || association->state != kConnected
                                               ? nullptr
                                               : SSL_get_selected_srtp_profile(association->ssl);
  return Number(env, profile == nullptr ? 0 : static_cast<int32_t>(profile->id));
}

// exportSrtp(into: Uint8Array): fills it with keying material (RFC 5764 section 4.2); false when not connected.
napi_value ExportSrtp(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Association* association = Receiver<Association>(env, info, 1, args);
  if (association == nullptr) return nullptr;
  uint8_t* into = nullptr;
  size_t length = 0;
  if (!Bytes(env, args[0], &into, &length)) return Throw(env, "nothing to export into");
  ERR_clear_error();
  const bool done = association->ssl != nullptr && association->state == kConnected &&
                    SSL_export_keying_material(association->ssl, into, length, kSrtpLabel, sizeof kSrtpLabel - 1,
                                               nullptr, 0, 0) == 1;
  ERR_clear_error();
  return Boolean(env, done);
}

// close(): makes the datagram with close_notify, if ever connected, and lets go of all but the queues.
napi_value Close(napi_env env, napi_callback_info info) {
  Association* association = Receiver<Association>(env, info, 0, nullptr);
  if (association == nullptr) return nullptr;
  const bool was_connected = association->state == kConnected || association->state == kClosed;
  if (association->ssl != nullptr && was_connected && association->sound) {
    ERR_clear_error();
    SSL_shutdown(association->ssl);
    ERR_clear_error();
  }
  if (association->state < kClosed) association->state = kClosed;
  LetGo(association);
  return nullptr;
}

bool HasTls() {
  const void* const needed[] = {
      reinterpret_cast<void*>(DTLS_method),
      reinterpret_cast<void*>(SSL_CTX_new),
      reinterpret_cast<void*>(SSL_CTX_free),
      reinterpret_cast<void*>(SSL_CTX_ctrl),
      reinterpret_cast<void*>(SSL_CTX_set_options),
      reinterpret_cast<void*>(SSL_CTX_set_cipher_list),
      reinterpret_cast<void*>(SSL_CTX_use_certificate),
      reinterpret_cast<void*>(SSL_CTX_use_PrivateKey),
      reinterpret_cast<void*>(SSL_CTX_check_private_key),
      reinterpret_cast<void*>(SSL_CTX_set_verify),
      reinterpret_cast<void*>(SSL_CTX_set_cert_verify_callback),
      reinterpret_cast<void*>(SSL_CTX_set_tlsext_use_srtp),
      reinterpret_cast<void*>(SSL_new),
      reinterpret_cast<void*>(SSL_free),
      reinterpret_cast<void*>(SSL_set_bio),
      reinterpret_cast<void*>(SSL_set_accept_state),
      reinterpret_cast<void*>(SSL_set_connect_state),
      reinterpret_cast<void*>(SSL_do_handshake),
      reinterpret_cast<void*>(SSL_read),
      reinterpret_cast<void*>(SSL_write),
      reinterpret_cast<void*>(SSL_shutdown),
      reinterpret_cast<void*>(SSL_get_error),
      reinterpret_cast<void*>(SSL_ctrl),
      reinterpret_cast<void*>(SSL_set_ex_data),
      reinterpret_cast<void*>(SSL_get_ex_data),
      reinterpret_cast<void*>(SSL_get_ex_data_X509_STORE_CTX_idx),
      reinterpret_cast<void*>(SSL_export_keying_material),
      reinterpret_cast<void*>(SSL_get_selected_srtp_profile),
      reinterpret_cast<void*>(DTLS_set_timer_cb),
      reinterpret_cast<void*>(X509_STORE_CTX_get0_cert),
      reinterpret_cast<void*>(X509_STORE_CTX_get_ex_data),
      reinterpret_cast<void*>(X509_STORE_CTX_set_error),
      reinterpret_cast<void*>(X509_digest),
      reinterpret_cast<void*>(d2i_X509),
      reinterpret_cast<void*>(X509_free),
      reinterpret_cast<void*>(d2i_AutoPrivateKey),
      reinterpret_cast<void*>(EVP_PKEY_free),
      reinterpret_cast<void*>(EVP_sha256),
      reinterpret_cast<void*>(EVP_sha384),
      reinterpret_cast<void*>(EVP_sha512),
      reinterpret_cast<void*>(BIO_meth_new),
      reinterpret_cast<void*>(BIO_meth_set_write),
      reinterpret_cast<void*>(BIO_meth_set_read),
      reinterpret_cast<void*>(BIO_meth_set_ctrl),
      reinterpret_cast<void*>(BIO_new),
      reinterpret_cast<void*>(BIO_set_init),
      reinterpret_cast<void*>(BIO_set_data),
      reinterpret_cast<void*>(BIO_get_data),
      reinterpret_cast<void*>(BIO_set_flags),
      reinterpret_cast<void*>(BIO_clear_flags),
      reinterpret_cast<void*>(ERR_clear_error),
      reinterpret_cast<void*>(ERR_get_error),
      reinterpret_cast<void*>(CRYPTO_memcmp),
  };
  for (const void* symbol : needed) {
    if (symbol == nullptr) return false;
  }
  return true;
}

napi_property_descriptor Method(const char* name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

}  // namespace

void DefineDtls(napi_env env, napi_value exports) {
  napi_value context = nullptr;
  napi_value association = nullptr;
  if (HasTls()) {
    const napi_property_descriptor methods[] = {
        Method("expect", Expect),
        Method("expectNobody", ExpectNobody),
        Method("receive", Receive),
        Method("timeout", Timeout),
        Method("elapse", Elapse),
        Method("send", Send),
        Method("takeDatagram", TakeDatagram),
        Method("takeMessage", TakeMessage),
        Method("failure", Failure),
        Method("srtpProfile", SrtpProfile),
        Method("exportSrtp", ExportSrtp),
        Method("close", Close),
    };
    napi_define_class(env, "DtlsContext", NAPI_AUTO_LENGTH, NewContext, nullptr, 0, nullptr, &context);
    napi_define_class(env, "DtlsAssociation", NAPI_AUTO_LENGTH, NewAssociation, nullptr,
                      sizeof methods / sizeof methods[0], methods, &association);
  } else {
    napi_get_null(env, &context);
    napi_get_null(env, &association);
  }
  napi_set_named_property(env, exports, "DtlsContext", context);
  napi_set_named_property(env, exports, "DtlsAssociation", association);
}
