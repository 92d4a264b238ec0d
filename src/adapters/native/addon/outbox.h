#pragma once

#include "poll.h"

// What the socket sends from now on leaves in one piece or not at all, or as usual. False when the kernel does not have it so.
bool SetWhole(Socket* socket, bool whole);

// Methods of UdpPoll; see outbox.cc.
napi_value Flush(napi_env env, napi_callback_info info);
napi_value Keep(napi_env env, napi_callback_info info);
napi_value Release(napi_env env, napi_callback_info info);
