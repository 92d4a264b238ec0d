#pragma once

#include <node_api.h>

#include "poll.h"

// Reads the monotonic clock, ms, and how the kernel's stamps stand to it.
double ReadClocks(Poll* poll);
// Takes one datagram of a socket whose datagrams are stamped: into its lane, or into a slot with its age; how many slots are
// full then. `now` is what `ReadClocks` said.
uint32_t TakeStamped(Poll* poll, uint32_t id, uint32_t filled, double now);
// How long ago a datagram of a stamped socket came, ms, and notes it: to be asked in the order in which they came.
double AgeOf(Socket* socket, msghdr* message, const Poll* poll, double now);
// Has a socket wake the thread, or be `collected`; errno, and it stays as it is, when the kernel watches no more.
int Watch(Poll* poll, uint32_t id, bool collected);

// Methods of `UdpPoll`: see lane.cc.
napi_value Timed(napi_env env, napi_callback_info info);
napi_value Lanes(napi_env env, napi_callback_info info);
napi_value Rest(napi_env env, napi_callback_info info);
napi_value Wake(napi_env env, napi_callback_info info);
napi_value Collect(napi_env env, napi_callback_info info);
napi_value Drain(napi_env env, napi_callback_info info);
napi_value Fan(napi_env env, napi_callback_info info);
