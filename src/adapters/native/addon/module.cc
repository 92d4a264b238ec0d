// The addon: what JavaScript sees of it. A worker thread that loads it gets instances of its own.

#include <node_api.h>

#include "udp.h"

NAPI_MODULE_INIT() {
  napi_set_named_property(env, exports, "UdpPoll", DefineUdpPoll(env));
  return exports;
}
