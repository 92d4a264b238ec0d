#pragma once

#include <node_api.h>
#include <stdint.h>

// Session keys of one direction, of RTP or of RTCP: see srtp.cc.
struct SrtpKeys;

// Bytes that sealing appends at most; they must be free behind a packet.
constexpr uint32_t kSrtpOverhead = 20;

// Seals the RTP packet of `length` bytes, whose header is `header_end` long, in place (RFC 3711 section 3.1); `index`
// is its 48-bit index, which must be used once. The new length, or 0 when the cipher failed.
uint32_t SrtpSealRtp(SrtpKeys* keys, uint8_t* packet, uint32_t header_end, uint32_t length, uint64_t index);

// Opens such a packet of `length` bytes in place: the length without the tag, or -1 and unchanged bytes when it is not
// authentic.
int32_t SrtpOpenRtp(SrtpKeys* keys, uint8_t* packet, uint32_t header_end, uint32_t length, uint64_t index);

// Keys live while anybody uses them: their JavaScript object, and who retains them on the same thread.
void SrtpRetain(SrtpKeys* keys);
void SrtpRelease(SrtpKeys* keys);

// The keys of a JavaScript `SrtpTransform`; null when `value` is none.
SrtpKeys* SrtpKeysOf(napi_env env, napi_value value);

// The class `SrtpTransform`; null where this Node lacks what it is made of.
napi_value DefineSrtpTransform(napi_env env);
