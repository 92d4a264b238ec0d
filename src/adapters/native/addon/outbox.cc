// What a tick or a wake-up has made is sent here. Packets that lie in plain are sealed first, where they lie: so one call from
// JavaScript does for all peers what would be two for each of them. Neighbours of one socket share a system call, and datagrams of one length
// for one receiver are one message that the kernel cuts (UDP_SEGMENT, since Linux 4.18), which then walks its path once
// for all of them. A picture's packets to one who watches are such; the last of a message may be shorter.

#include "outbox.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

namespace {

// Slots that are looked at together.
constexpr uint32_t kWindow = 512;
// A power of two, twice the window.
constexpr uint32_t kBuckets = 1024;
// Datagrams of one message, and bytes of one that are cut: as many as the kernel takes, and no more than any path carries
// whole. What does not fit the path's MTU after all is sent one by one.
constexpr uint32_t kSegments = 44;
constexpr uint32_t kLongestSegment = 1400;
// Of an RTP header without CSRCs.
constexpr uint32_t kHeader = 12;
// A length that no slot has: of a packet that is not to be sent.
constexpr int32_t kUnsendable = -1;

// Datagrams for one receiver that leave as one message.
struct Group {
  uint16_t first;
  uint16_t last;
  uint16_t count;
  uint16_t segment;
  // Another datagram may follow.
  bool open;
};

struct Control {
  alignas(cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
};

int32_t* WordsOf(const Poll* poll, uint32_t slot) { return poll->out_words + static_cast<size_t>(slot) * kOutWords; }

uint8_t* BytesOf(const Poll* poll, uint32_t slot) { return poll->outbox + static_cast<size_t>(slot) * poll->slot; }

// Seals a slot's packet in place, if it is to be sealed; its words have the new length then.
void Seal(Poll* poll, uint32_t slot) {
  int32_t* words = WordsOf(poll, slot);
  const uint32_t keys = static_cast<uint32_t>(words[8]);
  if (keys == 0) return;
  const uint32_t length = static_cast<uint32_t>(words[1]);
  const uint32_t header_end = static_cast<uint32_t>(words[9]);
  const uint64_t index = static_cast<uint64_t>(words[11] & 0xffff) << 32 | static_cast<uint32_t>(words[10]);
  words[1] = kUnsendable;
  // Sealed or not, it is not sealed again: an index is used once.
  words[8] = 0;
  if (keys > poll->keys.size() || poll->keys[keys - 1] == nullptr || poll->slot < kSrtpOverhead ||
      length > poll->slot - kSrtpOverhead || header_end < kHeader || header_end > length) {
    return;
  }
  const uint32_t sealed = SrtpSealRtp(poll->keys[keys - 1], BytesOf(poll, slot), header_end, length, index);
  if (sealed != 0) words[1] = static_cast<int32_t>(sealed);
}

// The socket and all that names the receiver.
bool SameWay(const int32_t* a, const int32_t* b) {
  return a[0] == b[0] && memcmp(a + 2, b + 2, (kWords - 2) * sizeof *a) == 0;
}

uint32_t Bucket(const int32_t* words) {
  uint32_t hash = static_cast<uint32_t>(words[0]);
  for (uint32_t i = 2; i < kWords; i++) hash = (hash ^ static_cast<uint32_t>(words[i])) * 0x9e3779b1u;
  return hash >> 22;
}

// Whether this kernel cuts messages: one that does not would send a single long datagram.
bool CanCut(Poll* poll, int fd) {
  if (poll->cuts < 0) {
    int value = 0;
    socklen_t length = sizeof value;
    poll->cuts = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &length) == 0 ? 1 : 0;
  }
  return poll->cuts == 1;
}

void Cut(msghdr* message, Control* control, uint16_t segment) {
  message->msg_control = control->bytes;
  message->msg_controllen = sizeof control->bytes;
  cmsghdr* head = CMSG_FIRSTHDR(message);
  head->cmsg_level = IPPROTO_UDP;
  head->cmsg_type = UDP_SEGMENT;
  head->cmsg_len = CMSG_LEN(sizeof segment);
  memcpy(CMSG_DATA(head), &segment, sizeof segment);
}

// A message that was refused whole: its datagrams one by one. How many are not taken.
int32_t SendApart(int fd, const msghdr& whole) {
  int32_t failed = 0;
  for (size_t i = 0; i < whole.msg_iovlen; i++) {
    msghdr one = {};
    one.msg_name = whole.msg_name;
    one.msg_namelen = whole.msg_namelen;
    one.msg_iov = whole.msg_iov + i;
    one.msg_iovlen = 1;
    if (sendmsg(fd, &one, MSG_DONTWAIT) < 0) failed++;
  }
  return failed;
}

bool IsWhole(const int32_t* words) { return (words[3] & kWhole) != 0; }

int32_t SendWindow(Poll* poll, uint32_t from, uint32_t count) {
  Group groups[kWindow];
  // Of each receiver the latest group, and 1.
  uint16_t buckets[kBuckets] = {};
  // Within a group, each slot's next, counted from `from`.
  uint16_t behind[kWindow];
  uint32_t made = 0;
  int32_t failed = 0;
  for (uint32_t i = 0; i < count; i++) {
    Seal(poll, from + i);
    const int32_t* words = WordsOf(poll, from + i);
    const uint32_t id = static_cast<uint32_t>(words[0]);
    const uint32_t length = static_cast<uint32_t>(words[1]);
    // A socket that was closed after its last words sends them no more.
    if (id >= poll->sockets.size() || poll->sockets[id].fd < 0 || length > poll->slot) {
      failed++;
      continue;
    }
    uint32_t bucket = Bucket(words);
    while (buckets[bucket] != 0 && !SameWay(words, WordsOf(poll, from + groups[buckets[bucket] - 1].first))) {
      bucket = (bucket + 1) % kBuckets;
    }
    if (buckets[bucket] != 0) {
      Group* group = &groups[buckets[bucket] - 1];
      if (group->open && length > 0 && length <= group->segment && group->count < kSegments) {
        behind[group->last] = static_cast<uint16_t>(i);
        group->last = static_cast<uint16_t>(i);
        group->count++;
        group->open = length == group->segment;
        continue;
      }
    }
    const bool open = length > 0 && length <= kLongestSegment && CanCut(poll, poll->sockets[id].fd);
    const uint16_t slot = static_cast<uint16_t>(i);
    groups[made++] = {slot, slot, 1, static_cast<uint16_t>(length > kLongestSegment ? 0 : length), open};
    buckets[bucket] = static_cast<uint16_t>(made);
  }
  mmsghdr messages[kWindow];
  sockaddr_storage to[kWindow];
  Control controls[kWindow];
  iovec parts[kWindow];
  uint32_t next_part = 0;
  for (uint32_t g = 0; g < made; g++) {
    const Group& group = groups[g];
    const int32_t* words = WordsOf(poll, from + group.first);
    msghdr* message = &messages[g].msg_hdr;
    *message = {};
    message->msg_name = &to[g];
    message->msg_namelen = Destination(words, poll->sockets[static_cast<uint32_t>(words[0])].family, &to[g]);
    message->msg_iov = &parts[next_part];
    message->msg_iovlen = group.count;
    uint32_t slot = group.first;
    for (uint32_t i = 0; i < group.count; i++) {
      const uint32_t length = static_cast<uint32_t>(WordsOf(poll, from + slot)[1]);
      parts[next_part++] = {BytesOf(poll, from + slot), length};
      if (i + 1 < group.count) slot = behind[slot];
    }
    if (group.count > 1) Cut(message, &controls[g], group.segment);
  }
  for (uint32_t next = 0; next < made;) {
    const int32_t* words = WordsOf(poll, from + groups[next].first);
    const bool whole = IsWhole(words);
    const auto same = [&](const int32_t* other) { return other[0] == words[0] && IsWhole(other) == whole; };
    uint32_t run = 1;
    while (next + run < made && same(WordsOf(poll, from + groups[next + run].first))) run++;
    Socket* socket = &poll->sockets[static_cast<uint32_t>(words[0])];
    if (socket->whole != whole && !SetWhole(socket, whole)) {
      for (; run > 0; run--) failed += groups[next++].count;
      continue;
    }
    const int fd = socket->fd;
    const int sent = sendmmsg(fd, messages + next, run, MSG_DONTWAIT);
    if (sent > 0) {
      // Behind what was sent may stand one that was not: the next call tells.
      next += static_cast<uint32_t>(sent);
      continue;
    }
    const msghdr& refused = messages[next].msg_hdr;
    // A device that cannot sum up what is cut says so: no others are cut, then.
    if (refused.msg_iovlen > 1 && errno == EIO) poll->cuts = 0;
    failed += refused.msg_iovlen > 1 && errno != EAGAIN ? SendApart(fd, refused) : static_cast<int32_t>(refused.msg_iovlen);
    next++;
  }
  return failed;
}

bool Discover(int fd, int level, int option, int probe, int* before, bool whole) {
  socklen_t length = sizeof *before;
  if (*before < 0 && getsockopt(fd, level, option, before, &length) != 0) return false;
  const int value = whole ? probe : *before;
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

}  // namespace

// By probing: with DF set whatever was told of the path, for that may be anybody's lie, and is the sender's to find out.
bool SetWhole(Socket* socket, bool whole) {
  const int fd = socket->fd;
  const bool v4 = Discover(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, &socket->discover, whole);
  if (socket->family == AF_INET6) {
    const int value = whole ? 1 : 0;
    if (!Discover(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE, &socket->discover_v6, whole)) return false;
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &value, sizeof value) != 0) return false;
  } else if (!v4) {
    return false;
  }
  socket->whole = whole;
  return true;
}

// flush(count: number): seals and sends the first `count` slots of the outbox; how many did not leave.
napi_value Flush(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  uint32_t count = 0;
  napi_get_value_uint32(env, args[0], &count);
  if (count > poll->out_slots) count = poll->out_slots;
  int32_t failed = 0;
  for (uint32_t from = 0; from < count; from += kWindow) {
    failed += SendWindow(poll, from, count - from < kWindow ? count - from : kWindow);
  }
  return Number(env, failed);
}

// keep(sealer: object): a number for the keys of an SrtpTransform, from 1 on; 0 when it is none.
napi_value Keep(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  SrtpKeys* keys = SrtpKeysOf(env, args[0]);
  if (keys == nullptr) return Number(env, 0);
  SrtpRetain(keys);
  uint32_t at = static_cast<uint32_t>(poll->keys.size());
  if (poll->free_keys.empty()) {
    poll->keys.push_back(keys);
  } else {
    at = poll->free_keys.back();
    poll->free_keys.pop_back();
    poll->keys[at] = keys;
  }
  return Number(env, static_cast<int32_t>(at + 1));
}

// release(keys: number)
napi_value Release(napi_env env, napi_callback_info info) {
  napi_value args[1];
  Poll* poll = Receiver<Poll>(env, info, 1, args);
  if (poll == nullptr) return nullptr;
  uint32_t number = 0;
  napi_get_value_uint32(env, args[0], &number);
  if (number == 0 || number > poll->keys.size() || poll->keys[number - 1] == nullptr) return nullptr;
  SrtpRelease(poll->keys[number - 1]);
  poll->keys[number - 1] = nullptr;
  poll->free_keys.push_back(number - 1);
  return nullptr;
}
