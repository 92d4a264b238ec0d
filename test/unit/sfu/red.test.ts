import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RtpView } from '../../../src/rtp/packet.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import { RED, RedBlocks, RedReader } from '../../../src/sfu/red.ts';
import { type SenderCodec, TrackSender } from '../../../src/sfu/track-sender.ts';
import { packet as madePacket } from '../rtp/streams.ts';

const OPUS = 111;

interface Block {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** RFC 2198 section 3: heads of the older blocks, the primary one's, then all of them. */
function redPayload(older: readonly Block[], primary: Uint8Array, payloadType = OPUS): Uint8Array {
  const heads = older.flatMap(({ bytes, offset }) => [
    0x80 | payloadType,
    offset >> 6,
    ((offset & 0x3f) << 2) | (bytes.length >> 8),
    bytes.length & 0xff,
  ]);
  return Uint8Array.from([...heads, payloadType, ...older.flatMap(({ bytes }) => [...bytes]), ...primary]);
}

function packet(sequence: number, timestamp: number, payload: Uint8Array, ssrc = 7): RtpView {
  const view = madePacket({ sequence, timestamp, payload, ssrc, payloadType: 63 });
  view.level = 30;
  return view;
}

/** What was said in packet `i` of a source. */
const said = (i: number): Uint8Array => Uint8Array.of(i & 0xff, i >> 8, 0x55);

/** Packet `i`, which says those before it once more, as many as `depth`. */
function redPacket(i: number, depth: number, first = 0): RtpView {
  const older = Array.from({ length: depth }, (_, k) => depth - k)
    .filter((back) => i - back >= first)
    .map((back) => ({ offset: 960 * back, bytes: said(i - back) }));
  return packet(i, 960 * i, redPayload(older, said(i)));
}

function taken(
  reader: RedReader,
  view: RtpView,
): { sequence: number; timestamp: number; payload: number[] }[] {
  const all = [];
  expect(reader.read(view, OPUS)).toBe(true);
  for (let one = reader.take(); one !== undefined; one = reader.take()) {
    expect(one).toMatchObject({ payloadType: OPUS, level: 30, ssrc: view.ssrc });
    all.push({ sequence: one.sequence, timestamp: one.timestamp, payload: [...one.payload] });
  }
  return all;
}

describe('RED is taken apart', () => {
  test('one packet at a time, and what was lost comes of the next', () => {
    const reader = new RedReader();
    expect(taken(reader, redPacket(65_534, 2))).toEqual([
      { sequence: 65_534, timestamp: 960 * 65_534, payload: [...said(65_534)] },
    ]);
    expect(taken(reader, redPacket(65_537, 2)).map(({ sequence }) => sequence)).toEqual([65_535, 0, 1]);
    expect(taken(reader, redPacket(65_536, 2)), 'recovered before').toEqual([]);
  });

  test('a packet without RED counts, too', () => {
    const reader = new RedReader();
    taken(reader, redPacket(10, 1));
    expect(reader.plain(packet(11, 11 * 960, said(11)))).toBe(true);
    expect(reader.plain(packet(11, 11 * 960, said(11)))).toBe(false);
    expect(taken(reader, redPacket(12, 1)).map(({ sequence }) => sequence)).toEqual([12]);
    expect(taken(reader, redPacket(14, 1)).map(({ sequence }) => sequence)).toEqual([13, 14]);
    expect(reader.plain(packet(13, 13 * 960, said(13)))).toBe(false);
  });

  test('another source begins anew, without what was before it', () => {
    const reader = new RedReader();
    taken(reader, redPacket(10, 1));
    const view = packet(500, 0, redPayload([{ offset: 960, bytes: said(499) }], said(500)), 8);
    expect(taken(reader, view).map(({ sequence }) => sequence)).toEqual([500]);
  });

  test('whatever is lost, late or doubled: each packet once, as it was, and none missing that came in any', () => {
    const fate = fc.record({ lost: fc.boolean(), late: fc.nat({ max: 4 }), twice: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 2, maxLength: 120 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat({ max: 0xffff }),
        (fates, depth, start) => {
          const sent = fates
            .flatMap(({ late, lost, twice }, k) => {
              const i = start + k;
              const at = k === 0 ? -1 : k + late;
              return lost && k > 0 ? [] : [{ at, i }, ...(twice ? [{ at: at + 1, i }] : [])];
            })
            .sort((a, b) => a.at - b.at);
          const reader = new RedReader();
          const got = sent.flatMap(({ i }) => taken(reader, redPacket(i, depth, start)));
          const expected = new Set(
            sent.flatMap(({ i }) =>
              Array.from({ length: depth + 1 }, (_, back) => i - back).filter((each) => each >= start),
            ),
          );
          expect(got).toHaveLength(expected.size);
          for (const i of expected)
            expect(got).toContainEqual({
              sequence: i & 0xffff,
              timestamp: (960 * i) >>> 0,
              payload: [...said(i)],
            });
        },
      ),
    );
  });

  test('any bytes are read within their bounds, or refused', () => {
    const blocks = new RedBlocks();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 127 }), (bytes, payloadType) => {
        if (!blocks.read(bytes, 0, bytes.length, payloadType)) return;
        expect(blocks.count).toBeGreaterThan(0);
        for (let block = 0; block < blocks.count; block++) {
          expect(blocks.starts[block]!).toBeLessThanOrEqual(blocks.ends[block]!);
          expect(blocks.ends[block]!).toBeLessThanOrEqual(bytes.length);
        }
      }),
    );
    const other = redPayload([{ offset: 960, bytes: said(1) }], said(2), 13);
    expect(blocks.read(other, 0, other.length, OPUS), 'blocks of another format').toBe(false);
  });
});

describe('one who sends RED', () => {
  /** A receiver that takes these codecs; what it was sent, by payload type and payload. */
  function listener(codecs: readonly SenderCodec[], into: Forwarder): { type: number; payload: number[] }[] {
    const got: { type: number; payload: number[] }[] = [];
    const scratch = new Uint8Array(2048);
    const sender = new TrackSender({
      kind: 'audio',
      ssrc: 99,
      cname: 'c',
      mid: '1',
      codecs,
      extensions: { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 },
      random: { bytes: (length) => new Uint8Array(length), u32: () => 1000 },
      output: {
        sendRtp: (bytes, headerEnd, length) => {
          got.push({ type: bytes[1]! & 0x7f, payload: [...bytes.subarray(headerEnd, length)] });
          return length;
        },
        resend: () => {},
        lend: () => scratch,
        isMeasured: true,
        nextTransportSequence: 0,
        passage: () => undefined,
        used: () => {},
      },
    });
    into.add(sender, 0);
    return got;
  }

  test('is heard whole by those who take RED, with their own payload types, and as Opus by all others', () => {
    const refused: string[] = [];
    const forwarder = new Forwarder({ keyframeNeeded: () => {}, refused: (reason) => refused.push(reason) });
    const opus = { mime: 'audio/opus', clockRate: 48_000, payloadType: 109 };
    const whole = listener([{ mime: RED, clockRate: 48_000, payloadType: 64 }, opus], forwarder);
    const apart = listener([opus], forwarder);
    const reader = new RedReader();
    for (const i of [1, 2, 4]) {
      const view = redPacket(i, 1, 1);
      reader.read(view, OPUS);
      forwarder.pushRed(view, 20 * i);
      for (let one = reader.take(); one !== undefined; one = reader.take())
        forwarder.pushUnwrapped(one, 'audio/opus', 20 * i);
    }
    expect(apart).toEqual([1, 2, 3, 4].map((i) => ({ type: 109, payload: [...said(i)] })));
    expect(whole).toHaveLength(3);
    expect(whole[1]).toEqual({
      type: 64,
      payload: [...redPayload([{ offset: 960, bytes: said(1) }], said(2), 109)],
    });
    // A packet that comes as Opus goes to both as it is.
    forwarder.push(packet(5, 4800, said(5)), 'audio/opus', 100);
    expect([whole.at(-1), apart.at(-1)]).toEqual([
      { type: 109, payload: [...said(5)] },
      { type: 109, payload: [...said(5)] },
    ]);
    expect(refused).toEqual([]);
  });
});
