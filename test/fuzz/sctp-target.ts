import { Buffer } from 'node:buffer';
import { isSoundSctp } from '../../src/adapters/dtls-werift/sctp-guard.ts';
import { DataSender } from '../../src/sctp/data-sender.ts';
import { InboundStream } from '../../src/sctp/inbound-stream.ts';
import { ReceivedTsns } from '../../src/sctp/received-tsns.ts';
import type { SeededRandom } from '../support/lossy-net.ts';
import { sackOf } from '../support/sctp-packets.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { mutate, pick } from './mutate.ts';
import { must, type Target } from './target.ts';

/** Of both halves' first chunk: the numbers wrap soon. */
const FIRST = 0xffff_fffa;

function packet(...chunks: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([0x13, 0x88, 0x13, 0x88, 0, 0, 0, 7, 0, 0, 0, 0, ...chunks.flat()]);
}
const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];
const data = (offset: number, flags: number, sequence: number, ...body: number[]): number[] => [
  ...[0, flags, 0, 16 + body.length, ...u32(FIRST + offset), 0, 1, 0, sequence, 0, 0, 0, 53],
  ...[...body, 0, 0, 0].slice(0, (body.length + 3) & ~3),
];
const sack = (offset: number, ...gaps: number[]): number[] => [
  ...[3, 0, 0, 16 + 2 * gaps.length, ...u32(FIRST + offset), 0, 1, 0, 0, 0, gaps.length / 2, 0, 0],
  ...gaps.flatMap((edge) => [edge >> 8, edge & 255]),
];

/** Messages whole and in parts, in order and not, across the wrap; what is given up; acknowledgments; several in one. */
const SCTP: readonly Uint8Array[] = [
  ...Array.from({ length: 12 }, (_, i) => packet(data(i, 3, i, i))),
  packet(data(2, 2, 2, 1, 2, 3), data(3, 0, 2, 4), data(4, 1, 2, 5, 6)),
  packet(data(5, 6, 0, 1), data(7, 5, 0, 3)),
  packet([192, 0, 0, 12, ...u32(FIRST + 6), 0, 1, 0, 5]),
  ...[0, 3, 8, 20].map((offset) => packet(sack(offset))),
  packet(sack(-1, 2, 4, 6, 9), data(6, 3, 6, 9)),
  packet([1, 0, 0, 20, ...u32(9), 0, 1, 0, 0, 0, 8, 0, 8, ...u32(1)]),
  packet([130, 0, 0, 16, 0, 13, 0, 12, ...u32(1), ...u32(2)]),
];

/** What the guard lets through, into the halves of our own: the ledger, a stream, and a sender with much to send. */
export const sctp: Target = {
  name: 'sctp',
  make: (random: SeededRandom) =>
    Array.from({ length: 1 + (random.u32() % 40) }, () =>
      random.u32() % 3 === 0 ? pick(random, SCTP) : mutate(random, pick(random, SCTP), SCTP),
    ),
  check(inputs) {
    const time = new VirtualTime();
    const received = new ReceivedTsns();
    received.begin((FIRST - 1) >>> 0);
    const stream = new InboundStream();
    let sent = 0;
    const sender = new DataSender({
      ...time,
      firstTsn: FIRST,
      send: (chunks) => {
        must(chunks.length <= 1180 && chunks.length % 4 === 0, 'a packet that fits nowhere');
        must(++sent < 20_000, 'more is sent than there is');
      },
      nextSequence: () => 0,
    });
    sender.start({ window: 100_000, partialReliability: 'supported' });
    let came = 0;
    let delivered = 0;
    for (const [at, bytes] of inputs.entries()) {
      const message = { stream: 1, protocol: 53, bytes: new Uint8Array(3000), maxRetransmits: at % 2 };
      if (sender.hasRoom('lossy', 3000))
        sender.push({ ...message, order: 'ordered', expiresAt: Number.POSITIVE_INFINITY });
      if (isSoundSctp(Buffer.from(bytes))) {
        came += takeChunks(bytes, received, stream, sender);
        for (const whole of stream.take()) delivered += whole.bytes.length;
      }
      must(delivered <= came, 'more was delivered than came');
      must(stream.size <= 40 * inputs.length, 'more is held than came');
      mustBeSound(received);
      time.pass(100);
    }
    sender.close();
  },
};

/** Gives how many bytes of messages were new. */
function takeChunks(
  bytes: Uint8Array,
  received: ReceivedTsns,
  stream: InboundStream,
  sender: DataSender,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let came = 0;
  for (let at = 12; at < bytes.length; ) {
    const length = view.getUint16(at + 2);
    if (bytes[at] === 0 && received.take(view.getUint32(at + 4)) === 'new') {
      const userData = bytes.subarray(at + 16, at + length);
      came += userData.length;
      const numbers = { tsn: view.getUint32(at + 4), streamSeqNum: view.getUint16(at + 10) };
      stream.add({ ...numbers, flags: bytes[at + 1]!, protocol: view.getUint32(at + 12), userData });
    } else if (bytes[at] === 192 && received.forward(view.getUint32(at + 4))) {
      if (length >= 12) stream.next = (view.getUint16(at + 10) + 1) & 0xffff;
      stream.forget(view.getUint32(at + 4));
    } else if (bytes[at] === 3) {
      const { cumulative, gaps } = sackOf(Buffer.concat([Buffer.alloc(12), bytes.subarray(at, at + length)]));
      sender.acknowledge({ cumulativeTsn: cumulative, advertisedWindow: view.getUint32(at + 8), gaps });
    }
    at += (length + 3) & ~3;
  }
  return came;
}

function mustBeSound(received: ReceivedTsns): void {
  const { cumulative, gaps } = sackOf(Buffer.concat([Buffer.alloc(12), received.sack(0)]));
  must(cumulative === received.cumulative, 'a SACK of something else');
  let end = 0;
  for (const [first = 0, last = 0] of gaps) {
    must(first > end + 1 && last >= first, 'gaps that touch, or fall');
    end = last;
  }
}
