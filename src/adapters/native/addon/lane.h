#pragma once

#include <node_api.h>

#include "poll.h"

// Methods of `UdpPoll`: see lane.cc.
napi_value Lanes(napi_env env, napi_callback_info info);
napi_value Rest(napi_env env, napi_callback_info info);
napi_value Wake(napi_env env, napi_callback_info info);
napi_value Collect(napi_env env, napi_callback_info info);
napi_value Drain(napi_env env, napi_callback_info info);
napi_value Fan(napi_env env, napi_callback_info info);
