#pragma once

#include <node_api.h>

#include "poll.h"

// Keeps a packet back whose leg rests; false when it is for JavaScript. `words` describe where it came from.
bool Hold(Lane* lane, const uint8_t* bytes, uint32_t length, const int32_t* words, double now);
double NowMs();

// Methods of `UdpPoll`: see lane.cc.
napi_value Lanes(napi_env env, napi_callback_info info);
napi_value Rest(napi_env env, napi_callback_info info);
napi_value Wake(napi_env env, napi_callback_info info);
napi_value Drain(napi_env env, napi_callback_info info);
napi_value Fan(napi_env env, napi_callback_info info);
