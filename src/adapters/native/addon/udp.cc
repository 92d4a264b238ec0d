// UDP for a thread: all its sockets behind one epoll descriptor, which is one handle of the event loop. One
// wake-up takes in what all sockets have, and one call sends what a whole tick has made. Datagrams pass through two
// blocks of memory that JavaScript owns, so that neither side allocates for a packet.
//
// What node:dgram costs besides: a callback, an object and an address string for each datagram, and two system calls to
// receive it. No static state: each worker thread has an instance of its own.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <vector>

#include "udp.h"

#include "fan.h"
#include "lane.h"
#include "outbox.h"
#include "poll.h"

Socket* Find(Poll* poll, napi_env env, napi_value value) {
  uint32_t id = 0;
  if (napi_get_value_uint32(env, value, &id) != napi_ok || id >= poll->sockets.size()) return nullptr;
  Socket* found = &poll->sockets[id];
  return found->fd < 0 ? nullptr : found;
}

socklen_t Destination(const int32_t* words, int family, sockaddr_storage* to) {
  if (family == AF_INET) {
    // The kernel takes nothing for nowhere: four bytes of an address of IPv6 are somebody else's of IPv4.
    if (words[2] != 4) return 0;
    auto* v4 = reinterpret_cast<sockaddr_in*>(to);
    *v4 = {};
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(words[3]));
    v4->sin_addr.s_addr = htonl(static_cast<uint32_t>(words[4]));
    return sizeof *v4;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(to);
  *v6 = {};
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(static_cast<uint16_t>(words[3]));
  uint32_t part[4] = {0, 0, htonl(0xffff), htonl(static_cast<uint32_t>(words[4]))};
  if (words[2] != 4) {
    v6->sin6_scope_id = static_cast<uint32_t>(words[2]) >> kScopeShift;
    for (int k = 0; k < 4; k++) part[k] = htonl(static_cast<uint32_t>(words[4 + k]));
  }
  memcpy(&v6->sin6_addr, part, sizeof part);
  return sizeof *v6;
}

void Describe(int32_t* words, uint32_t socket, uint32_t length, const sockaddr_storage& from) {
  words[0] = static_cast<int32_t>(socket);
  words[1] = static_cast<int32_t>(length);
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    words[2] = 4;
    words[3] = ntohs(v4.sin_port);
    words[4] = static_cast<int32_t>(ntohl(v4.sin_addr.s_addr));
    words[5] = words[6] = words[7] = 0;
    return;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
  words[3] = ntohs(v6.sin6_port);
  uint32_t part[4];
  memcpy(part, &v6.sin6_addr, sizeof part);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    words[2] = 4;
    words[4] = static_cast<int32_t>(ntohl(part[3]));
    words[5] = words[6] = words[7] = 0;
    return;
  }
  words[2] = 6;
  if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) words[2] |= static_cast<int32_t>(v6.sin6_scope_id << kScopeShift);
  for (int i = 0; i < 4; i++) words[4 + i] = static_cast<int32_t>(ntohl(part[i]));
}

namespace {

// Bytes that a slot may have. Longer datagrams are cut, as recvfrom(2) has it, and told by their length.
constexpr uint32_t kMaxSlot = 1 << 16;
// Datagrams that one system call may take from one socket: a burst after a stall.
constexpr uint32_t kBurst = 16;
// A socket that has more than one datagram at a time is asked for many so often.
constexpr uint32_t kBusy = 64;
constexpr int kEvents = 128;
// Rounds of one wake-up; then timers and other handles have their turn, and epoll, being level-triggered, comes again.
constexpr int kRounds = 4;
constexpr int kKernelBuffer = 1 << 21;

// Fills `to`; its length, or 0 when `text` is no address of `family`.
socklen_t ParseAddress(const char* text, int port, int family, sockaddr_storage* to) {
  memset(to, 0, sizeof *to);
  if (family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(to);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(port));
    return inet_pton(AF_INET, text, &v4->sin_addr) == 1 ? sizeof *v4 : 0;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(to);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(static_cast<uint16_t>(port));
  return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1 ? sizeof *v6 : 0;
}

bool ReadText(napi_env env, napi_value value, char* into, size_t size) {
  size_t length = 0;
  return napi_get_value_string_latin1(env, value, into, size, &length) == napi_ok && length + 1 < size;
}

// Takes one datagram of a socket into a slot; how many slots are full then. Phones send one at a time, and one costs half of
// what asking for several does.
uint32_t TakeOne(Poll* poll, uint32_t id, uint32_t filled) {
  Socket& socket = poll->sockets[id];
  uint8_t* slot = poll->inbox + static_cast<size_t>(filled) * poll->slot;
  int32_t* words = poll->in_words + static_cast<size_t>(filled) * kWords;
  sockaddr_storage from;
  socklen_t length = sizeof from;
  const ssize_t got = recvfrom(socket.fd, slot, poll->slot, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
  // An error is the ICMP answer to an earlier send: reading it has cleared it.
  if (got < 0) return filled;
  Describe(words, id, static_cast<uint32_t>(got), from);
  if (poll->ages != nullptr) poll->ages[filled] = 0;
  return filled + 1;
}

// Takes what a socket has into the slots from `filled` on.
uint32_t TakeMany(Poll* poll, uint32_t id, uint32_t filled) {
  Socket& socket = poll->sockets[id];
  mmsghdr messages[kBurst];
  iovec parts[kBurst];
  sockaddr_storage from[kBurst];
  alignas(cmsghdr) char stamps[kBurst][CMSG_SPACE(sizeof(timespec))];
  uint32_t room = poll->in_slots - filled;
  if (room > kBurst) room = kBurst;
  for (uint32_t i = 0; i < room; i++) {
    parts[i] = {poll->inbox + static_cast<size_t>(filled + i) * poll->slot, poll->slot};
    messages[i].msg_hdr = {};
    messages[i].msg_hdr.msg_name = &from[i];
    messages[i].msg_hdr.msg_namelen = sizeof from[i];
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    if (!socket.stamped) continue;
    messages[i].msg_hdr.msg_control = stamps[i];
    messages[i].msg_hdr.msg_controllen = sizeof stamps[i];
  }
  const int got = recvmmsg(socket.fd, messages, room, MSG_DONTWAIT, nullptr);
  if (got > 1) socket.busy = kBusy;
  for (int i = 0; i < got; i++) {
    Describe(poll->in_words + static_cast<size_t>(filled) * kWords, id, messages[i].msg_len, from[i]);
    if (poll->ages != nullptr) {
      poll->ages[filled] = socket.stamped ? AgeOf(&socket, &messages[i].msg_hdr, poll, poll->now) : 0;
    }
    filled++;
  }
  return filled;
}

uint32_t Take(Poll* poll, uint32_t id, uint32_t filled) {
  Socket& socket = poll->sockets[id];
  // It has something in every round: many at once are cheaper. A phone, who is stamped and no
  // crowd, has, when its packets come as often as others': only a burst makes it one of those.
  const bool again = socket.round == poll->round - 1 && (socket.crowd || socket.wake == poll->wake);
  if (again) socket.busy = kBusy;
  socket.round = poll->round;
  socket.wake = poll->wake;
  if (socket.busy == 0) return socket.stamped ? TakeStamped(poll, id, filled, poll->now) : TakeOne(poll, id, filled);
  socket.busy--;
  return TakeMany(poll, id, filled);
}

void Tell(Poll* poll, uint32_t filled) {
  napi_env env = poll->env;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env, &scope);
  napi_value call = nullptr;
  napi_value global = nullptr;
  napi_get_reference_value(env, poll->on_batch, &call);
  napi_get_global(env, &global);
  napi_value count = Number(env, static_cast<int32_t>(filled));
  napi_value ignored = nullptr;
  if (napi_make_callback(env, poll->context, global, call, 1, &count, &ignored) == napi_pending_exception) {
    // As with node:dgram: a bug in a listener is an uncaught exception, and the other sockets go on.
    napi_value error = nullptr;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

void OnReadable(uv_poll_t* handle, int, int) {
  auto* poll = static_cast<Poll*>(handle->data);
  epoll_event events[kEvents];
  poll->wake++;
  for (int round = 0; round < kRounds && !poll->closing && poll->open > 0; round++) {
    const int ready = epoll_wait(poll->epoll, events, kEvents, 0);
    if (ready <= 0) return;
    uint32_t filled = 0;
    poll->round++;
    poll->now = ReadClocks(poll);
    for (int i = 0; i < ready && filled < poll->in_slots; i++) filled = Take(poll, events[i].data.u32, filled);
    if (filled > 0) Tell(poll, filled);
    if (ready < kEvents && filled < poll->in_slots) return;
  }
}

// open(address: string, port: number): the socket's number, or the negative errno.
napi_value Open(napi_env env, napi_callback_info info) {
  napi_value args[2];
  Poll* poll = Receiver<Poll>(env, info, 2, args);
  if (poll == nullptr) return nullptr;
  char address[64];
  int32_t port = 0;
  if (!ReadText(env, args[0], address, sizeof address) || napi_get_value_int32(env, args[1], &port) != napi_ok) {
    return Throw(env, "open takes an address and a port");
  }
  const int family = strchr(address, ':') == nullptr ? AF_INET : AF_INET6;
  sockaddr_storage local;
  const socklen_t length = ParseAddress(address, port, family, &local);
  if (length == 0) return Number(env, -EINVAL);
  const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Number(env, -errno);
  // A kernel that allows less keeps its own sizes.
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kKernelBuffer, sizeof kKernelBuffer);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kKernelBuffer, sizeof kKernelBuffer);
  if (bind(fd, reinterpret_cast<sockaddr*>(&local), length) < 0) {
    const int why = errno;
    close(fd);
    return Number(env, -why);
  }
  uint32_t id;
  if (poll->vacant.empty()) {
    id = static_cast<uint32_t>(poll->sockets.size());
    poll->sockets.emplace_back();
  } else {
    id = poll->vacant.back();
    poll->vacant.pop_back();
  }
  poll->sockets[id] = {};
  poll->sockets[id].fd = fd;
  poll->sockets[id].family = family;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u32 = id;
  if (epoll_ctl(poll->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
    const int why = errno;
    close(fd);
    poll->sockets[id].fd = -1;
    poll->vacant.push_back(id);
    return Number(env, -why);
  }
  if (poll->open++ == 0) uv_poll_start(&poll->handle, UV_READABLE, OnReadable);
  return Number(env, static_cast<int32_t>(id));
}

// port(socket: number): the port that it is bound to; 0 when it is closed.
napi_value Port(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  Socket* found = Find(poll, env, args[0]);
  sockaddr_storage local = {};
  socklen_t length = sizeof local;
  if (found == nullptr || getsockname(found->fd, reinterpret_cast<sockaddr*>(&local), &length) < 0) {
    return Number(env, 0);
  }
  const uint16_t port = local.ss_family == AF_INET ? reinterpret_cast<sockaddr_in&>(local).sin_port
                                                   : reinterpret_cast<sockaddr_in6&>(local).sin6_port;
  return Number(env, ntohs(port));
}

// mark(socket: number, dscp: number): 1 when what it sends bears that code point from now on (RFC 2474), else 0.
napi_value Mark(napi_env env, napi_callback_info info) {
  napi_value args[2];
  Poll* poll = Receiver<Poll>(env, info, 2, args);
  if (poll == nullptr) return nullptr;
  Socket* found = Find(poll, env, args[0]);
  int32_t dscp = 0;
  if (found == nullptr || napi_get_value_int32(env, args[1], &dscp) != napi_ok || dscp < 0 || dscp > 63) {
    return Throw(env, "mark takes an open socket and 0 to 63");
  }
  // The two lowest bits are ECN's (RFC 3168).
  const int value = dscp << 2;
  // A socket on `::` has IPv4 peers too.
  const bool v4 = setsockopt(found->fd, IPPROTO_IP, IP_TOS, &value, sizeof value) == 0;
  if (found->family == AF_INET) return Number(env, v4 ? 1 : 0);
  return Number(env, setsockopt(found->fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value) == 0 ? 1 : 0);
}

// whole(socket: number): 1 when its datagrams can be sent in one piece or not at all, else 0.
napi_value Whole(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  Socket* found = Find(poll, env, args[0]);
  return Number(env, found != nullptr && SetWhole(found, true) && SetWhole(found, false) ? 1 : 0);
}

// close(socket: number)
napi_value Close(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  Socket* found = Find(poll, env, args[0]);
  if (found == nullptr) return nullptr;
  // Closing takes the descriptor out of epoll too.
  close(found->fd);
  if (found->collected) poll->lanes--;
  delete found->lane;
  *found = {};
  poll->vacant.push_back(static_cast<uint32_t>(found - poll->sockets.data()));
  if (--poll->open == 0) uv_poll_stop(&poll->handle);
  return nullptr;
}

void Free(uv_handle_t* handle) {
  auto* poll = static_cast<Poll*>(handle->data);
  if (poll->epoll >= 0) close(poll->epoll);
  if (poll->resting >= 0) close(poll->resting);
  if (poll->cleanup != nullptr) napi_remove_async_cleanup_hook(poll->cleanup);
  for (SrtpKeys* keys : poll->keys) SrtpRelease(keys);
  delete poll;
}

// The thread ends: what is open is closed, and the handle leaves the loop before the loop goes.
void OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  auto* poll = static_cast<Poll*>(data);
  if (poll->closing) return;
  poll->closing = true;
  for (Socket& socket : poll->sockets) {
    if (socket.fd >= 0) close(socket.fd);
    delete socket.lane;
  }
  poll->sockets.clear();
  uv_poll_stop(&poll->handle);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll->handle), Free);
}

// new UdpPoll(inbox: Uint8Array, inWords: Int32Array, outbox: Uint8Array, outWords: Int32Array, onBatch: (count) => void,
//             slot: number)
napi_value New(napi_env env, napi_callback_info info) {
  napi_value args[6];
  napi_value self = nullptr;
  size_t count = 6;
  napi_get_cb_info(env, info, &count, args, &self, nullptr);
  auto* poll = new Poll();
  poll->env = env;
  size_t in_bytes = 0, in_words = 0, out_bytes = 0, out_words = 0;
  uv_loop_t* loop = nullptr;
  const bool ok = count == 6 &&
                  Hold(env, args[0], napi_uint8_array, &poll->inbox, &in_bytes, &poll->memory[0]) &&
                  Hold(env, args[1], napi_int32_array, &poll->in_words, &in_words, &poll->memory[1]) &&
                  Hold(env, args[2], napi_uint8_array, &poll->outbox, &out_bytes, &poll->memory[2]) &&
                  Hold(env, args[3], napi_int32_array, &poll->out_words, &out_words, &poll->memory[3]) &&
                  napi_create_reference(env, args[4], 1, &poll->on_batch) == napi_ok &&
                  napi_get_value_uint32(env, args[5], &poll->slot) == napi_ok && poll->slot > 0 &&
                  poll->slot <= kMaxSlot && napi_get_uv_event_loop(env, &loop) == napi_ok;
  if (!ok || (poll->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
      uv_poll_init(loop, &poll->handle, poll->epoll) != 0) {
    if (poll->epoll >= 0) close(poll->epoll);
    delete poll;
    return Throw(env, "no UdpPoll can be made of this");
  }
  poll->handle.data = poll;
  // Not more slots than either of the two descriptions has.
  const uint32_t slot = poll->slot;
  poll->in_slots = static_cast<uint32_t>(std::min(in_bytes / slot, in_words / kWords));
  poll->out_slots = static_cast<uint32_t>(std::min(out_bytes / slot, out_words / kOutWords));
  napi_value name = nullptr;
  napi_create_string_utf8(env, "trunkroom:udp", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, self, name, &poll->context);
  napi_add_async_cleanup_hook(env, OnCleanup, poll, &poll->cleanup);
  // Lives as long as its thread: there is one for each.
  napi_wrap(env, self, poll, nullptr, nullptr, nullptr);
  return self;
}

}  // namespace

napi_value DefineUdpPoll(napi_env env) {
  const napi_property_descriptor methods[] = {
      {"open", nullptr, Open, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"port", nullptr, Port, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"mark", nullptr, Mark, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"whole", nullptr, Whole, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"close", nullptr, Close, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"flush", nullptr, Flush, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"spread", nullptr, Spread, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"keep", nullptr, Keep, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"release", nullptr, Release, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"lanes", nullptr, Lanes, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"rest", nullptr, Rest, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"wake", nullptr, Wake, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"timed", nullptr, Timed, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"collect", nullptr, Collect, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"drain", nullptr, Drain, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"fan", nullptr, Fan, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  napi_value constructor = nullptr;
  napi_define_class(env, "UdpPoll", NAPI_AUTO_LENGTH, New, nullptr, sizeof methods / sizeof *methods, methods, &constructor);
  return constructor;
}
