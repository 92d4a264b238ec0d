// Lanes: the sockets of legs that rest, as `base/quiet-lane.ts` has it. Their packets wait here, unread by JavaScript, while
// they are quiet, of the source that the leg has latched, and few enough; and they are sent what all resting legs of a room
// are sent by one call, each with its own header.

#include "lane.h"

#include <errno.h>
#include <time.h>

namespace {

constexpr uint32_t kHeader = 12;
// Words that describe a lane: family, port and four of the address; payload type in, law, limit; payload type out, SSRC,
// sequence, timestamp, ticks of a packet. As in `native-lane.ts`.
constexpr uint32_t kTerms = 14;

bool Quiet(const Lane* lane, const uint8_t* payload, uint32_t length) {
  const int32_t* squares = lane->squares;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < length; i++) sum += static_cast<uint32_t>(squares[payload[i]]);
  return sum <= static_cast<uint64_t>(lane->limit) * length;
}

void Stamp(Lane* lane, uint8_t* packet) {
  memcpy(packet, lane->header, kHeader);
  packet[2] = static_cast<uint8_t>(lane->sequence >> 8);
  packet[3] = static_cast<uint8_t>(lane->sequence);
  const uint32_t timestamp = lane->timestamp;
  for (int i = 0; i < 4; i++) packet[4 + i] = static_cast<uint8_t>(timestamp >> (24 - 8 * i));
  lane->sequence++;
  lane->timestamp += lane->step;
  lane->sent++;
}

}  // namespace

double NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

bool Hold(Lane* lane, const uint8_t* bytes, uint32_t length, const int32_t* words, double now) {
  if (length <= kHeader || length > kHeldBytes || lane->held == kHeld) return false;
  // No padding, extension or CSRC; the marker says nothing of what is heard.
  if (bytes[0] != 0x80 || (bytes[1] & 0x7f) != lane->payload_type) return false;
  if (memcmp(words + 2, lane->source, sizeof lane->source) != 0) return false;
  if (!Quiet(lane, bytes + kHeader, length - kHeader)) return false;
  const uint32_t next = lane->held++;
  lane->at[next] = now;
  lane->length[next] = static_cast<uint16_t>(length);
  memcpy(lane->bytes[next], bytes, length);
  return true;
}

// lanes(held: Uint8Array, report: Float64Array, squares: Int32Array): the memory that lanes need. Once, before any rests.
napi_value Lanes(napi_env env, napi_callback_info info) {
  napi_value args[3];
  Poll* poll = Self(env, info, 3, args);
  if (poll == nullptr) return nullptr;
  uint32_t bytes = 0, numbers = 0, count = 0;
  int32_t* squares = nullptr;
  if (poll->held != nullptr ||
      !Memory(env, args[0], napi_uint8_array, &poll->held, &bytes, &poll->memory[4]) ||
      !Memory(env, args[1], napi_float64_array, &poll->report, &numbers, &poll->memory[5]) ||
      !Memory(env, args[2], napi_int32_array, &squares, &count, nullptr) || bytes < kHeld * kHeldBytes ||
      numbers < 1 + 2 * kHeld || count != 512) {
    return Throw(env, "no lanes can be made of this");
  }
  memcpy(poll->squares, squares, sizeof poll->squares);
  return nullptr;
}

// rest(socket: number, terms: Int32Array): whether its packets are held from now on.
napi_value Rest(napi_env env, napi_callback_info info) {
  napi_value args[2];
  Poll* poll = Self(env, info, 2, args);
  if (poll == nullptr) return nullptr;
  Socket* socket = Find(poll, env, args[0]);
  int32_t* terms = nullptr;
  uint32_t count = 0;
  if (!Memory(env, args[1], napi_int32_array, &terms, &count, nullptr) || count < kTerms || poll->held == nullptr) {
    return Throw(env, "rest takes a socket and its terms");
  }
  if (socket == nullptr) return Number(env, 0);
  if (socket->lane == nullptr) socket->lane = new Lane();
  Lane* lane = socket->lane;
  memcpy(lane->source, terms, sizeof lane->source);
  lane->payload_type = static_cast<uint8_t>(terms[6]);
  lane->squares = poll->squares[terms[7] == 0 ? 0 : 1];
  lane->limit = static_cast<uint32_t>(terms[8]);
  // A slot's words have the socket and the length before the address.
  int32_t words[kWords] = {};
  memcpy(words + 2, terms, sizeof lane->source);
  lane->to_length = Destination(words, socket->family, &lane->to);
  lane->header[0] = 0x80;
  lane->header[1] = static_cast<uint8_t>(terms[9] & 0x7f);
  const uint32_t ssrc = static_cast<uint32_t>(terms[10]);
  for (int i = 0; i < 4; i++) lane->header[8 + i] = static_cast<uint8_t>(ssrc >> (24 - 8 * i));
  lane->sequence = static_cast<uint16_t>(terms[11]);
  lane->timestamp = static_cast<uint32_t>(terms[12]);
  lane->step = static_cast<uint32_t>(terms[13]);
  lane->sent = lane->held = 0;
  return Number(env, 1);
}

// wake(socket: number): its packets are JavaScript's again; what is held is forgotten.
napi_value Wake(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Self(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  Socket* socket = Find(poll, env, args[0]);
  if (socket == nullptr) return nullptr;
  delete socket->lane;
  socket->lane = nullptr;
  return nullptr;
}

// drain(socket: number): how many packets were held; they and the report are in the memory of `lanes`.
napi_value Drain(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Self(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  Socket* socket = Find(poll, env, args[0]);
  if (socket == nullptr || socket->lane == nullptr) return Number(env, -1);
  Lane* lane = socket->lane;
  const double now = NowMs();
  poll->report[0] = lane->sent;
  for (uint32_t i = 0; i < lane->held; i++) {
    poll->report[1 + 2 * i] = now - lane->at[i];
    poll->report[2 + 2 * i] = lane->length[i];
    memcpy(poll->held + i * kHeldBytes, lane->bytes[i], lane->length[i]);
  }
  const uint32_t count = lane->held;
  lane->sent = lane->held = 0;
  return Number(env, static_cast<int32_t>(count));
}

// fan(sockets: Int32Array, count: number, payload: Uint8Array): sends each resting one of the first `count` sockets a packet
// of `payload`; how many the kernel did not take.
napi_value Fan(napi_env env, napi_callback_info info) {
  napi_value args[3];
  Poll* poll = Self(env, info, 3, args);
  if (poll == nullptr) return nullptr;
  int32_t* ids = nullptr;
  uint8_t* payload = nullptr;
  uint32_t many = 0, count = 0, length = 0;
  if (!Memory(env, args[0], napi_int32_array, &ids, &many, nullptr) ||
      napi_get_value_uint32(env, args[1], &count) != napi_ok ||
      !Memory(env, args[2], napi_uint8_array, &payload, &length, nullptr) || length > kHeldBytes - kHeader) {
    return Throw(env, "fan takes sockets, their number and a payload");
  }
  if (count > many) count = many;
  uint8_t packet[kHeldBytes];
  memcpy(packet + kHeader, payload, length);
  int32_t failed = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t id = static_cast<uint32_t>(ids[i]);
    if (id >= poll->sockets.size() || poll->sockets[id].fd < 0 || poll->sockets[id].lane == nullptr) continue;
    const Socket& socket = poll->sockets[id];
    Lane* lane = socket.lane;
    Stamp(lane, packet);
    const auto* to = reinterpret_cast<const sockaddr*>(&lane->to);
    if (sendto(socket.fd, packet, kHeader + length, MSG_DONTWAIT, to, lane->to_length) < 0) failed++;
  }
  return Number(env, failed);
}
