// Lanes: the sockets of legs that rest, as `base/quiet-lane.ts` has it. Nobody is woken by their packets: they lie in the
// kernel until `collect` is called, once a tick for all of them, and are counted here while they are quiet, of the source
// and the stream that the leg knows, and few enough. They are sent what all resting legs of a room are sent by one call,
// each with its own header.

#include "lane.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr uint32_t kHeader = 12;
// Words that describe a lane: family, port and four of the address; payload type and SSRC in, law, limit; payload type out,
// SSRC, sequence, timestamp, ticks of a packet. As in `native-lane.ts`.
constexpr uint32_t kTerms = 15;
// Rounds of one `collect`: what lies there after a stall is worked off by and by, so that no lane has more to tell than it
// can before its leg asks (`media/resting-phones.ts`).
constexpr int kRounds = 3;
// Datagrams from one question of a leg to the next that a lane lets through: a phone's keys and reports are far fewer. What
// comes above is a flood, and no phone shall wait behind it for its turn.
constexpr uint32_t kPassed = 64;
// Readings of two clocks that lie farther apart than this, ms, are of two moments.
constexpr double kSameMoment = 1;

double Ms(const timespec& time) { return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6; }

// Milliseconds of the clock by which the kernel stamps datagrams.
double StampNow() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return Ms(now);
}

double NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Ms(now);
}

bool Quiet(const Lane* lane, const uint8_t* payload, uint32_t length) {
  const int32_t* squares = lane->squares;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < length; i++) sum += static_cast<uint32_t>(squares[payload[i]]);
  return sum <= static_cast<uint64_t>(lane->limit) * length;
}

// RFC 3711 section 3.3.1, given that there was one before.
uint64_t EstimateIndex(uint64_t heard, uint16_t sequence) {
  const uint32_t last = static_cast<uint32_t>(heard & 0xffff);
  uint64_t rollover = heard >> 16;
  if (last < 32768) {
    // A packet from before the stream's beginning is older than any, as it should be.
    if (sequence > last + 32768) return rollover == 0 ? 0 : (rollover - 1) << 16 | sequence;
  } else if (last - 32768 > sequence) {
    rollover++;
  }
  return rollover << 16 | sequence;
}

// Opens a copy of an SRTP packet: the plain one's length, or 0 when it is for JavaScript to judge. What is not newer than
// all that came may be a repetition.
uint32_t OpenCopy(const Lane* lane, const uint8_t* bytes, uint32_t length, uint64_t index, uint8_t* plain) {
  if (index <= lane->heard) return 0;
  memcpy(plain, bytes, length);
  const int32_t opened = SrtpOpenRtp(lane->opener, plain, kHeader, length, index);
  return opened < 0 ? 0 : static_cast<uint32_t>(opened);
}

// Counts a packet of the lane's source, and keeps it back; false when it is for JavaScript.
bool Count(Lane* lane, const uint8_t* bytes, uint32_t length, double at) {
  if (length <= kHeader || length > kHeldBytes + kSrtpOverhead || lane->held == kHeld) return false;
  // No padding, extension or CSRC; the marker says nothing of what is heard.
  if (bytes[0] != 0x80 || (bytes[1] & 0x7f) != lane->payload_type) return false;
  if (memcmp(bytes + 8, lane->ssrc, sizeof lane->ssrc) != 0) return false;
  const uint16_t sequence = static_cast<uint16_t>(bytes[2] << 8 | bytes[3]);
  uint8_t plain[kHeldBytes + kSrtpOverhead];
  const uint8_t* packet = bytes;
  uint64_t index = 0;
  if (lane->opener != nullptr) {
    index = EstimateIndex(lane->heard, sequence);
    length = OpenCopy(lane, bytes, length, index, plain);
    packet = plain;
  }
  if (length <= kHeader || length > kHeldBytes) return false;
  if (!Quiet(lane, packet + kHeader, length - kHeader)) return false;
  lane->heard = index;
  const uint32_t next = lane->held++;
  lane->at[next] = at;
  lane->sequences[next] = sequence;
  lane->timestamps[next] = static_cast<uint32_t>(bytes[4]) << 24 | static_cast<uint32_t>(bytes[5]) << 16 |
                           static_cast<uint32_t>(bytes[6]) << 8 | bytes[7];
  return true;
}

void WriteHeader(Lane* lane, uint8_t* packet) {
  memcpy(packet, lane->header, kHeader);
  packet[2] = static_cast<uint8_t>(lane->sequence >> 8);
  packet[3] = static_cast<uint8_t>(lane->sequence);
  const uint32_t timestamp = lane->timestamp;
  for (int i = 0; i < 4; i++) packet[4 + i] = static_cast<uint8_t>(timestamp >> (24 - 8 * i));
  lane->sequence++;
  lane->timestamp += lane->step;
  lane->sent++;
}

// What the kernel's clock showed when a datagram came; NaN: it does not say.
double Stamp(msghdr* message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec at;
    memcpy(&at, CMSG_DATA(part), sizeof at);
    return Ms(at);
  }
  return NAN;
}

// The kernel says from now on when each datagram came; one that does not makes them a little younger than they are.
void AskForStamps(Socket* socket) {
  const int on = 1;
  if (socket->stamped) return;
  setsockopt(socket->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  socket->stamped = true;
  socket->crowd = false;
}

// The socket wakes the thread again; one that the kernel does not let do so is collected on, and tried again at its next
// datagram.
bool Surface(Poll* poll, uint32_t id) {
  Socket& socket = poll->sockets[id];
  const bool watched = Watch(poll, id, false) == 0;
  if (socket.lane != nullptr) socket.lane->surfaced = watched;
  return watched;
}

// Whether a lane keeps a datagram back. One behind another that JavaScript gets is for it as well: a voice that begins is
// heard in its order.
bool Keeps(Poll* poll, uint32_t id, const uint8_t* bytes, uint32_t length, const int32_t* words, double at) {
  Lane* lane = poll->sockets[id].lane;
  if (lane == nullptr || lane->surfaced) return false;
  const bool of_source = memcmp(words + 2, lane->source, sizeof lane->source) == 0;
  if (of_source && lane->passed_in != poll->collected && Count(lane, bytes, length, at)) return true;
  if (of_source) lane->passed_in = poll->collected;
  if (++lane->passed > kPassed) Surface(poll, id);
  return false;
}

}  // namespace

// Reads both clocks; what the kernel's shows may have been set (by NTP, or by hand) since the last time.
double ReadClocks(Poll* poll) {
  double now = NowMs();
  double stamp_now = StampNow();
  for (int i = 0; i < 3 && NowMs() - now > kSameMoment; i++) {
    now = NowMs();
    stamp_now = StampNow();
  }
  poll->stamps.Read(now, stamp_now);
  return now;
}

int Watch(Poll* poll, uint32_t id, bool collected) {
  Socket& socket = poll->sockets[id];
  if (socket.collected == collected) return 0;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u32 = id;
  // It leaves the one place when it is sure of the other: a socket that nobody watches is never heard.
  if (epoll_ctl(collected ? poll->resting : poll->epoll, EPOLL_CTL_ADD, socket.fd, &event) < 0) return errno;
  epoll_ctl(collected ? poll->epoll : poll->resting, EPOLL_CTL_DEL, socket.fd, &event);
  socket.collected = collected;
  if (collected) {
    poll->lanes++;
  } else {
    poll->lanes--;
  }
  return 0;
}

double AgeOf(Socket* socket, msghdr* message, const Poll* poll, double now) {
  socket->came = poll->stamps.Came(Stamp(message), now, socket->came);
  return now - socket->came;
}

// Takes one datagram of a socket: into its lane, or into a slot; how many slots are full then.
uint32_t TakeStamped(Poll* poll, uint32_t id, uint32_t filled, double now) {
  uint8_t* slot = poll->inbox + static_cast<size_t>(filled) * poll->slot;
  int32_t* words = poll->in_words + static_cast<size_t>(filled) * kWords;
  sockaddr_storage from;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  iovec part = {slot, poll->slot};
  msghdr message = {};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  Socket& socket = poll->sockets[id];
  // What should wake the thread by itself, and may not: perhaps it does now.
  if (socket.collected && socket.lane == nullptr) Surface(poll, id);
  const ssize_t got = recvmsg(socket.fd, &message, MSG_DONTWAIT);
  // An error is the ICMP answer to an earlier send: reading it has cleared it.
  if (got < 0) return filled;
  const double age = AgeOf(&socket, &message, poll, now);
  Describe(words, id, static_cast<uint32_t>(got), from);
  if (Keeps(poll, id, slot, static_cast<uint32_t>(got), words, now - age)) return filled;
  poll->ages[filled] = age;
  return filled + 1;
}

// lanes(report: Float64Array, ages: Float64Array, squares: Int32Array): the memory that lanes need. Once, before any rests.
napi_value Lanes(napi_env env, napi_callback_info info) {
  napi_value args[3];
  Poll* poll = Receiver<Poll>(env, info, 3, args);
  if (poll == nullptr) return nullptr;
  size_t numbers = 0, slots = 0, count = 0;
  int32_t* squares = nullptr;
  if (poll->report != nullptr ||
      !Hold(env, args[0], napi_float64_array, &poll->report, &numbers, &poll->memory[4]) ||
      !Hold(env, args[1], napi_float64_array, &poll->ages, &slots, &poll->memory[5]) ||
      !Memory(env, args[2], napi_int32_array, &squares, &count) || numbers < 1 + 3 * kHeld ||
      slots < poll->in_slots || count != 512 || (poll->resting = epoll_create1(EPOLL_CLOEXEC)) < 0) {
    return Throw(env, "no lanes can be made of this");
  }
  memcpy(poll->squares, squares, sizeof poll->squares);
  return nullptr;
}

// Takes one direction's keys for a lane; false when `value` is neither undefined nor keys.
bool TakeKeys(napi_env env, napi_value value, SrtpKeys** keys) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  SrtpKeys* given = type == napi_undefined ? nullptr : SrtpKeysOf(env, value);
  if (given == nullptr && type != napi_undefined) return false;
  if (given != nullptr) SrtpRetain(given);
  SrtpRelease(*keys);
  *keys = given;
  return true;
}

// rest(socket: number, terms: Int32Array, opener?: SrtpTransform, sealer?: SrtpTransform, heard: number, next: number):
// 1 when its packets are counted from now on; 0 when its keys are not ours, and the negative errno when the kernel watches no more
// sockets: then nothing changes.
napi_value Rest(napi_env env, napi_callback_info info) {
  napi_value args[6];
  Poll* poll = Receiver<Poll>(env, info, 6, args);
  if (poll == nullptr) return nullptr;
  Socket* socket = Find(poll, env, args[0]);
  int32_t* terms = nullptr;
  size_t count = 0;
  int64_t heard = 0, next = 0;
  if (!Memory(env, args[1], napi_int32_array, &terms, &count) || count < kTerms || poll->resting < 0 ||
      napi_get_value_int64(env, args[4], &heard) != napi_ok || napi_get_value_int64(env, args[5], &next) != napi_ok ||
      heard < 0 || next < 0) {
    return Throw(env, "rest takes a socket and its terms");
  }
  if (socket == nullptr) return Number(env, 0);
  auto* made = new Lane();
  if (!TakeKeys(env, args[2], &made->opener) || !TakeKeys(env, args[3], &made->sealer)) {
    delete made;
    return Number(env, 0);
  }
  made->heard = static_cast<uint64_t>(heard);
  made->next = static_cast<uint64_t>(next);
  const int refused = Watch(poll, static_cast<uint32_t>(socket - poll->sockets.data()), true);
  if (refused != 0) {
    delete made;
    return Number(env, -refused);
  }
  AskForStamps(socket);
  delete socket->lane;
  socket->lane = made;
  Lane* lane = made;
  memcpy(lane->source, terms, sizeof lane->source);
  lane->payload_type = static_cast<uint8_t>(terms[6]);
  const uint32_t source = static_cast<uint32_t>(terms[7]);
  for (int i = 0; i < 4; i++) lane->ssrc[i] = static_cast<uint8_t>(source >> (24 - 8 * i));
  lane->squares = poll->squares[terms[8] == 0 ? 0 : 1];
  lane->limit = static_cast<uint32_t>(terms[9]);
  // A slot's words have the socket and the length before the address.
  int32_t words[kWords] = {};
  memcpy(words + 2, terms, sizeof lane->source);
  lane->to_length = Destination(words, socket->family, &lane->to);
  lane->header[0] = 0x80;
  lane->header[1] = static_cast<uint8_t>(terms[10] & 0x7f);
  const uint32_t ssrc = static_cast<uint32_t>(terms[11]);
  for (int i = 0; i < 4; i++) lane->header[8 + i] = static_cast<uint8_t>(ssrc >> (24 - 8 * i));
  lane->sequence = static_cast<uint16_t>(terms[12]);
  lane->timestamp = static_cast<uint32_t>(terms[13]);
  lane->step = static_cast<uint32_t>(terms[14]);
  return Number(env, 1);
}

// timed(socket: number, speakers: number): its datagrams are told with their ages from now on; so many speak to it.
napi_value Timed(napi_env env, napi_callback_info info) {
  napi_value args[2];
  Poll* poll = Receiver<Poll>(env, info, 2, args);
  if (poll == nullptr) return nullptr;
  Socket* socket = Find(poll, env, args[0]);
  uint32_t speakers = 0;
  if (socket == nullptr || poll->ages == nullptr || napi_get_value_uint32(env, args[1], &speakers) != napi_ok) return nullptr;
  AskForStamps(socket);
  socket->crowd = speakers > 1;
  return nullptr;
}

// wake(socket: number): its packets are JavaScript's again; what was counted is forgotten. The negative errno when the kernel does
// not let it wake the thread: it is collected on.
napi_value Wake(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  Socket* socket = Find(poll, env, args[0]);
  if (socket == nullptr || socket->lane == nullptr) return Number(env, 0);
  delete socket->lane;
  socket->lane = nullptr;
  return Number(env, -Watch(poll, static_cast<uint32_t>(socket - poll->sockets.data()), false));
}

// collect(): reads the sockets that rest; how many datagrams are in the slots, for none that rests may keep them. As many as
// there are slots: call again.
napi_value Collect(napi_env env, napi_callback_info info) {
  Poll* poll = Receiver<Poll>(env, info, 0, nullptr);
  if (poll == nullptr) return nullptr;
  uint32_t filled = 0;
  if (poll->lanes > 0 && !poll->closing) {
    const double now = ReadClocks(poll);
    poll->collected++;
    poll->ready.resize(poll->lanes);
    // A round takes one of each socket; sockets that have no more leave the list of those that are ready.
    for (int round = 0, ready = 1; round < kRounds && ready > 0 && filled < poll->in_slots; round++) {
      ready = epoll_wait(poll->resting, poll->ready.data(), static_cast<int>(poll->ready.size()), 0);
      for (int i = 0; i < ready && filled < poll->in_slots; i++) {
        filled = TakeStamped(poll, poll->ready[static_cast<size_t>(i)].data.u32, filled, now);
      }
    }
  }
  return Number(env, static_cast<int32_t>(filled));
}

// drain(socket: number): how many packets were counted; they and how many were sent are in the report of `lanes`.
napi_value Drain(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  Socket* socket = Find(poll, env, args[0]);
  if (socket == nullptr || socket->lane == nullptr) return Number(env, -1);
  Lane* lane = socket->lane;
  const double now = NowMs();
  poll->report[0] = lane->sent;
  double* next = poll->report + 1;
  for (uint32_t i = 0; i < lane->held; i++) {
    *next++ = now - lane->at[i];
    *next++ = lane->sequences[i];
    *next++ = lane->timestamps[i];
  }
  const uint32_t count = lane->held;
  lane->sent = lane->held = lane->passed = 0;
  return Number(env, static_cast<int32_t>(count));
}

// fan(sockets: Int32Array, count: number, payload: Uint8Array): sends each resting one of the first `count` sockets a packet
// of `payload`; how many the kernel did not take.
napi_value Fan(napi_env env, napi_callback_info info) {
  napi_value args[3];
  Poll* poll = Receiver<Poll>(env, info, 3, args);
  if (poll == nullptr) return nullptr;
  int32_t* ids = nullptr;
  uint8_t* payload = nullptr;
  size_t many = 0, length = 0;
  uint32_t count = 0;
  if (!Memory(env, args[0], napi_int32_array, &ids, &many) ||
      napi_get_value_uint32(env, args[1], &count) != napi_ok ||
      !Memory(env, args[2], napi_uint8_array, &payload, &length) || length > kHeldBytes - kHeader) {
    return Throw(env, "fan takes sockets, their number and a payload");
  }
  if (count > many) count = static_cast<uint32_t>(many);
  uint8_t packet[kHeldBytes + kSrtpOverhead];
  int32_t failed = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t id = static_cast<uint32_t>(ids[i]);
    if (id >= poll->sockets.size() || poll->sockets[id].fd < 0 || poll->sockets[id].lane == nullptr) continue;
    const Socket& socket = poll->sockets[id];
    Lane* lane = socket.lane;
    WriteHeader(lane, packet);
    // The one before may have been sealed in the same place.
    memcpy(packet + kHeader, payload, length);
    uint32_t size = kHeader + static_cast<uint32_t>(length);
    if (lane->sealer != nullptr) size = SrtpSealRtp(lane->sealer, packet, kHeader, size, lane->next++);
    const auto* to = reinterpret_cast<const sockaddr*>(&lane->to);
    if (size == 0 || sendto(socket.fd, packet, size, MSG_DONTWAIT, to, lane->to_length) < 0) failed++;
  }
  return Number(env, failed);
}
