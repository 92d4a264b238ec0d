// The addon: what JavaScript sees of it. A worker thread that loads it gets instances of its own.

#include <node_api.h>

#include "dtls.h"
#include "srtp.h"
#include "udp.h"

NAPI_MODULE_INIT() {
  napi_set_named_property(env, exports, "UdpPoll", DefineUdpPoll(env));
  napi_set_named_property(env, exports, "SrtpTransform", DefineSrtpTransform(env));
  DefineDtls(env, exports);
  napi_value revision = nullptr;
  // Changes with what `addon.ts` says of the exports: an older build beside newer code is not used.
  napi_create_int32(env, 14, &revision);
  napi_set_named_property(env, exports, "revision", revision);
  return exports;
}
