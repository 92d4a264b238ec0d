// One packet for many: a copy goes into a slot of the outbox for each receiver, with the fields that are its own. Who they are
// stands in rows that JavaScript keeps; sealed and sent is all of it with the rest (outbox.cc).

#include "fan.h"

#include <string.h>

#include "poll.h"
#include "values.h"

namespace {

// Words of a row, as in `native-fan.ts`: socket, family, port, four of the address, keys, SSRC, what is added to the timestamp, the
// index of advance 0 in two parts, and the MID.
constexpr uint32_t kRowWords = 16;
constexpr uint32_t kKeys = 7;
constexpr uint32_t kSsrc = 8;
constexpr uint32_t kTimestamp = 9;
constexpr uint32_t kIndex = 10;
constexpr uint32_t kMid = 12;
constexpr uint32_t kMidBytes = 16;
constexpr uint32_t kHeader = 12;

// What all copies have in common.
struct Shape {
  uint32_t length;
  uint32_t header_end;
  uint32_t timestamp;
  uint32_t advance;
  uint32_t mid_at;
  uint32_t mid_length;
};
constexpr size_t kShapeWords = sizeof(Shape) / sizeof(int32_t);

void WriteWord(uint8_t* to, uint32_t word) {
  to[0] = static_cast<uint8_t>(word >> 24);
  to[1] = static_cast<uint8_t>(word >> 16);
  to[2] = static_cast<uint8_t>(word >> 8);
  to[3] = static_cast<uint8_t>(word);
}

void Fill(Poll* poll, uint32_t slot, const int32_t* row, const uint8_t* packet, const Shape& shape) {
  const int64_t begin = static_cast<int64_t>(row[kIndex + 1]) * (int64_t{1} << 32) + static_cast<uint32_t>(row[kIndex]);
  const uint64_t index = static_cast<uint64_t>(begin + shape.advance);
  uint8_t* bytes = poll->outbox + static_cast<size_t>(slot) * poll->slot;
  memcpy(bytes, packet, shape.length);
  bytes[2] = static_cast<uint8_t>(index >> 8);
  bytes[3] = static_cast<uint8_t>(index);
  WriteWord(bytes + 4, shape.timestamp + static_cast<uint32_t>(row[kTimestamp]));
  WriteWord(bytes + 8, static_cast<uint32_t>(row[kSsrc]));
  memcpy(bytes + shape.mid_at, row + kMid, shape.mid_length);
  int32_t* words = poll->out_words + static_cast<size_t>(slot) * kOutWords;
  words[0] = row[0];
  words[1] = static_cast<int32_t>(shape.length);
  memcpy(words + 2, row + 1, 6 * sizeof *words);
  words[8] = row[kKeys];
  words[9] = static_cast<int32_t>(shape.header_end);
  words[10] = static_cast<int32_t>(static_cast<uint32_t>(index));
  words[11] = static_cast<int32_t>(static_cast<uint32_t>(index >> 32));
}

}  // namespace

// spread(slot: number, rows: Int32Array, from: number, count: number, packet: Uint8Array, shape: Int32Array)
napi_value Spread(napi_env env, napi_callback_info info) {
  napi_value args[6];
  Poll* poll = Receiver<Poll>(env, info, 6, args);
  if (poll == nullptr) return nullptr;
  uint32_t slot = 0, from = 0, count = 0;
  int32_t* rows = nullptr;
  int32_t* words = nullptr;
  uint8_t* packet = nullptr;
  size_t rows_length = 0, packet_length = 0, words_length = 0;
  Shape shape;
  const bool ok = napi_get_value_uint32(env, args[0], &slot) == napi_ok &&
                  Memory(env, args[1], napi_int32_array, &rows, &rows_length) &&
                  napi_get_value_uint32(env, args[2], &from) == napi_ok &&
                  napi_get_value_uint32(env, args[3], &count) == napi_ok && Bytes(env, args[4], &packet, &packet_length) &&
                  Memory(env, args[5], napi_int32_array, &words, &words_length) && words_length == kShapeWords;
  if (ok) memcpy(&shape, words, sizeof shape);
  if (!ok || slot > poll->out_slots || count > poll->out_slots - slot || from > rows_length / kRowWords ||
      count > rows_length / kRowWords - from || shape.length > packet_length || poll->slot < kSrtpOverhead ||
      shape.length > poll->slot - kSrtpOverhead || shape.header_end < kHeader || shape.header_end > shape.length ||
      shape.mid_length > kMidBytes || shape.mid_at > shape.header_end || shape.mid_length > shape.header_end - shape.mid_at) {
    return Throw(env, "no packet, or no room for it");
  }
  for (uint32_t i = 0; i < count; i++) {
    Fill(poll, slot + i, rows + static_cast<size_t>(from + i) * kRowWords, packet, shape);
  }
  return nullptr;
}
