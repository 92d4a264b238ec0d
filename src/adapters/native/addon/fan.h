#pragma once

#include <node_api.h>

// A method of UdpPoll; see fan.cc.
napi_value Spread(napi_env env, napi_callback_info info);
