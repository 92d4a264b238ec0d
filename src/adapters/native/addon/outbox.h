#pragma once

#include "poll.h"

// Sends the first `count` slots of the outbox: how many datagrams the kernel did not take. See outbox.cc.
int32_t SendOutbox(Poll* poll, uint32_t count);
