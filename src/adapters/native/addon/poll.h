#pragma once

// What udp.cc and lane.cc share: the sockets of a thread, and the memory that JavaScript lends.

#include <math.h>
#include <node_api.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <uv.h>

#include <vector>

#include "arrival.h"
#include "srtp.h"
#include "values.h"

// Words of 32 bits that describe a slot: socket, length, family, port, and four of the address.
constexpr uint32_t kWords = 8;
// Above the port: the datagram leaves in one piece or not at all.
constexpr int32_t kWhole = 1 << 16;
// In the outbox stand behind them: the number of the keys that seal it, 0 for none; the length of its header; and the packet's
// index, the lower 32 bits and the 16 above. As in `native-outbox.ts`.
constexpr uint32_t kOutWords = 12;
// Above a family of IPv6 stands the zone of a link-local address (RFC 4007 section 6), the number of its interface.
constexpr uint32_t kScopeShift = 8;
// Packets that a lane counts until it is asked, and the longest one: 20 ms of G.711 with the header. As in
// `base/quiet-lane.ts`.
constexpr uint32_t kHeld = 96;
constexpr uint32_t kHeldBytes = 172;

// What a socket whose leg rests needs: whose packets are counted, and how the leg's own look. See lane.cc.
struct Lane {
  // Family, port and four words of the address, as a slot's words have them.
  int32_t source[6] = {};
  uint8_t payload_type = 0;
  uint8_t ssrc[4] = {};
  // Of the law: each byte's sample, squared. Quiet is what has at most `limit` of it a byte.
  const int32_t* squares = nullptr;
  uint32_t limit = 0;
  sockaddr_storage to = {};
  socklen_t to_length = 0;
  uint8_t header[12] = {};
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  uint32_t step = 0;
  // Under SRTP: keys of either direction, the highest index heard, and that of the packet to be sent next.
  SrtpKeys* opener = nullptr;
  SrtpKeys* sealer = nullptr;
  uint64_t heard = 0;
  uint64_t next = 0;
  uint32_t sent = 0;
  uint32_t held = 0;
  // Datagrams that went on to JavaScript since the lane was asked last.
  uint32_t passed = 0;
  // The `collected` in which one of the source's did: those behind it follow.
  uint32_t passed_in = 0;
  // Too much came that is not counted: its socket wakes the thread, as if no leg rested.
  bool surfaced = false;
  double at[kHeld];
  uint16_t sequences[kHeld];
  uint32_t timestamps[kHeld];

  Lane() = default;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane() {
    SrtpRelease(opener);
    SrtpRelease(sealer);
  }
};

struct Socket {
  int fd = -1;
  int family = 0;
  // Present while its leg rests.
  Lane* lane = nullptr;
  // Round and wake-up in which it was read last, and how many more times several datagrams are asked for at once.
  uint32_t round = 0;
  uint32_t wake = 0;
  uint32_t busy = 0;
  // The kernel tells when its datagrams came; when the last one did, ms of the monotonic clock.
  bool stamped = false;
  // Many speak to it, and not one phone at its own pace.
  bool crowd = true;
  double came = -INFINITY;
  // It wakes nobody, and is read when `collect` is called.
  bool collected = false;
  // What it sends now leaves in one piece or not at all; and how the kernel had it before, -1: not asked yet.
  bool whole = false;
  int discover = -1;
  int discover_v6 = -1;
};

struct Poll {
  napi_env env = nullptr;
  napi_ref on_batch = nullptr;
  napi_ref memory[6] = {};
  napi_async_context context = nullptr;
  napi_async_cleanup_hook_handle cleanup = nullptr;
  uv_poll_t handle;
  int epoll = -1;
  // Of sockets whose legs rest: nobody is woken by them, they are read when `collect` is called.
  int resting = -1;
  uint32_t open = 0;
  bool closing = false;
  std::vector<Socket> sockets;
  std::vector<uint32_t> vacant;
  // Bytes of a slot in either block.
  uint32_t slot = 0;
  uint8_t* inbox = nullptr;
  int32_t* in_words = nullptr;
  uint32_t in_slots = 0;
  uint8_t* outbox = nullptr;
  int32_t* out_words = nullptr;
  uint32_t out_slots = 0;
  // Keys that slots of the outbox are sealed with, by their number less 1; null where a number is free.
  std::vector<SrtpKeys*> keys;
  std::vector<uint32_t> free_keys;
  // The kernel cuts messages into datagrams: see outbox.cc; -1: not asked yet.
  int cuts = -1;
  // Rounds of reading, ever; and when the present one began, ms of the monotonic clock.
  uint32_t round = 0;
  // Wake-ups, ever.
  uint32_t wake = 0;
  double now = 0;
  // What a lane has counted is told here: how many were sent, then age (ms), sequence number and timestamp of each.
  double* report = nullptr;
  // Ages (ms) of the datagrams in the slots; 0 where the kernel was not asked.
  double* ages = nullptr;
  // Sockets that wait for `collect`, and how often that was called.
  uint32_t lanes = 0;
  uint32_t collected = 0;
  // What `collect` finds ready.
  std::vector<epoll_event> ready;
  // Of the kernel's stamps.
  StampClock stamps;
  // Squares of A-law and of µ-law.
  int32_t squares[2][256] = {};
};

// An open socket by its number, or null.
Socket* Find(Poll* poll, napi_env env, napi_value value);
// Writes into a slot's words what was received, and from where.
void Describe(int32_t* words, uint32_t socket, uint32_t length, const sockaddr_storage& from);
// The destination that a slot's words name, for a socket of `family`; its length, or 0 when there is no way to it.
socklen_t Destination(const int32_t* words, int family, sockaddr_storage* to);

// The memory of a typed array, held for as long as the thread lives.
template <typename T>
bool Hold(napi_env env, napi_value value, napi_typedarray_type want, T** data, size_t* length, napi_ref* hold) {
  return Memory(env, value, want, data, length) && napi_create_reference(env, value, 1, hold) == napi_ok;
}
