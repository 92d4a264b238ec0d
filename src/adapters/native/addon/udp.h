#pragma once

#include <node_api.h>

// The class `UdpPoll`: see udp.cc.
napi_value DefineUdpPoll(napi_env env);
