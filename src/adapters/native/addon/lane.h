#pragma once

#include <node_api.h>

#include "poll.h"

// Reads the monotonic clock, ms, and how the kernel's stamps stand to it.
double ReadClocks(Poll* poll);
// Takes one datagram of a socket whose datagrams are stamped: into its lane, or into a slot with its age; how many slots are
// full then. `now` is what `ReadClocks` said.
uint32_t TakeStamped(Poll* poll, uint32_t id, uint32_t filled, double now);

// Methods of `UdpPoll`: see lane.cc.
napi_value Timed(napi_env env, napi_callback_info info);
napi_value Lanes(napi_env env, napi_callback_info info);
napi_value Rest(napi_env env, napi_callback_info info);
napi_value Wake(napi_env env, napi_callback_info info);
napi_value Collect(napi_env env, napi_callback_info info);
napi_value Drain(napi_env env, napi_callback_info info);
napi_value Fan(napi_env env, napi_callback_info info);
