#pragma once

#include "poll.h"

// Sends the first `count` slots of the outbox: how many datagrams the kernel did not take. See outbox.cc.
int32_t SendOutbox(Poll* poll, uint32_t count);
// What the socket sends from now on leaves in one piece or not at all, or as usual. False when the kernel does not have it so.
bool SetWhole(Socket* socket, bool whole);
