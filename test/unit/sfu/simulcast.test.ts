import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import { beginsKeyFrame } from '../../../src/sfu/key-frame.ts';
import { Layers } from '../../../src/sfu/layers.ts';
import { NO_LAYER, TrackSender } from '../../../src/sfu/track-sender.ts';
import { Vp8Descriptor, writeVp8Counters } from '../../../src/sfu/vp8.ts';
import { Vp8Continuity } from '../../../src/sfu/vp8-continuity.ts';

/** A VP8 payload with 15-bit picture id, TL0PICIDX and KEYIDX (RFC 7741 section 4.2). */
function vp8(frame: {
  key: boolean;
  picture: number;
  tl0: number;
  keyIndex: number;
  first?: boolean;
}): Uint8Array {
  const { first = true, key, keyIndex, picture, tl0 } = frame;
  return Uint8Array.of(
    0x80 | (first ? 0x10 : 0),
    0xf0,
    0x80 | (picture >> 8),
    picture & 0xff,
    tl0,
    keyIndex,
    key ? 0x10 : 0x11,
    0,
  );
}

function packet(ssrc: number, sequence: number, payload: Uint8Array): RtpView {
  const bytes = new Uint8Array(12 + payload.length);
  writeRtpHeader(bytes, 0, {
    payloadType: 96,
    marker: true,
    sequence,
    timestamp: sequence * 3000,
    ssrc,
    extension: 'none',
  });
  bytes.set(payload, 12);
  const view = new RtpView();
  parseRtp(bytes, bytes.length, view);
  return view;
}

/** A room's track in three sizes, and one who watches it. */
class Stage {
  now = 0;
  readonly asked: number[] = [];
  readonly seen: { sequence: number; picture: number; tl0: number; keyIndex: number; from: number }[] = [];
  readonly forwarder = new Forwarder({
    keyframeNeeded: (layer) => this.asked.push(layer),
    refused: () => {},
  });
  readonly sender: TrackSender;
  readonly #pictures = [100, 20_000, 32_760];
  #from = 0;

  constructor() {
    this.sender = new TrackSender({
      kind: 'video',
      ssrc: 99,
      cname: 'c',
      mid: '1',
      codecs: [{ mime: 'video/vp8', clockRate: 90_000, payloadType: 96 }],
      extensions: { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 },
      random: { bytes: (length) => new Uint8Array(length), u32: () => 1000 },
      output: {
        sendRtp: (bytes, headerEnd, length) => {
          const found = new Vp8Descriptor();
          found.read(bytes, headerEnd, length);
          const sequence = (bytes[2]! << 8) | bytes[3]!;
          const { keyIndex, pictureId, tl0 } = found;
          this.seen.push({ sequence, picture: pictureId, tl0, keyIndex, from: this.#from });
          return length;
        },
        resend: () => {},
        lend: () => undefined,
        isMeasured: true,
        nextTransportSequence: 0,
        passage: () => undefined,
        used: () => {},
      },
    });
    this.forwarder.add(this.sender, 0);
  }

  /** One frame of each of `layers`, of which those in `keys` are key frames. */
  frame(layers: readonly number[], keys: readonly number[] = []): void {
    this.now += 33;
    for (const layer of layers) {
      const picture = this.#pictures[layer]!++ & 0x7fff;
      this.#from = layer;
      const payload = vp8({ key: keys.includes(layer), picture, tl0: picture & 0xff, keyIndex: layer });
      this.forwarder.pushLayer(packet(1000 + layer, picture, payload), 'video/vp8', layer, this.now);
    }
  }
}

describe('one of several sizes', () => {
  test('begins with the first key frame and climbs to the largest at a key frame of that', () => {
    const stage = new Stage();
    stage.frame([0, 1, 2]);
    expect(stage.seen).toEqual([]);
    stage.frame([0, 1, 2], [0]);
    stage.frame([0, 1, 2]);
    expect(stage.seen.map(({ from }) => from)).toEqual([0, 0]);
    stage.frame([0, 1, 2], [2]);
    stage.frame([0, 1, 2]);
    expect(stage.seen.map(({ from }) => from)).toEqual([0, 0, 0, 2, 2]);
  });

  test('numbers go on across every switch', () => {
    const stage = new Stage();
    stage.frame([0], [0]);
    stage.frame([0]);
    stage.frame([0, 1, 2]);
    for (const [wanted, keys] of [
      [2, [2]],
      [0, [0]],
      [1, [0, 1, 2]],
      [2, [2]],
    ] as const) {
      stage.sender.wantedLayer = wanted;
      stage.frame([0, 1, 2]);
      stage.frame([0, 1, 2], keys);
      stage.frame([0, 1, 2]);
    }
    expect(new Set(stage.seen.map(({ from }) => from))).toEqual(new Set([0, 1, 2]));
    for (let i = 1; i < stage.seen.length; i++) {
      const [before, after] = [stage.seen[i - 1]!, stage.seen[i]!];
      expect(after.sequence).toBe((before.sequence + 1) & 0xffff);
      expect(after.picture).toBe((before.picture + 1) & 0x7fff);
      expect(after.tl0).toBe((before.tl0 + 1) & 0xff);
      expect(after.keyIndex).toBe(
        after.from === before.from ? before.keyIndex : (before.keyIndex + 1) & 0x1f,
      );
    }
  });

  test('a key frame is asked for of the layer that is waited for, twice a second at most', () => {
    const stage = new Stage();
    stage.frame([0], [0]);
    stage.asked.length = 0;
    for (let i = 0; i < 30; i++) stage.frame([0, 1, 2]);
    expect(stage.asked.filter((layer) => layer === 2)).toEqual([2, 2]);
    expect(stage.asked.filter((layer) => layer === 0)).toEqual([]);
    expect(stage.seen).toHaveLength(31);
  });

  test('a layer that falls silent is left for the next smaller one', () => {
    const stage = new Stage();
    stage.frame([0, 1, 2], [0, 1, 2]);
    stage.frame([0, 1, 2], [2]);
    for (let i = 0; i < 50; i++) stage.frame([0, 1], [1]);
    expect(stage.seen.at(-1)?.from).toBe(1);
  });

  test('who does not want it now gets nothing, and begins at a key frame again', () => {
    const stage = new Stage();
    stage.frame([0], [0]);
    stage.sender.muted = true;
    stage.frame([0], [0]);
    stage.sender.muted = false;
    stage.frame([0]);
    expect(stage.seen).toHaveLength(1);
    stage.frame([0], [0]);
    expect(stage.seen).toHaveLength(2);
    expect(stage.sender.layer).toBe(0);
  });
});

test('the best layer: the largest not above the wish, else the smallest above it', () => {
  const layers = new Layers();
  expect(layers.best(2, 0)).toBe(NO_LAYER);
  layers.heard(1, 100, 0);
  expect([layers.best(0, 10), layers.best(1, 10), layers.best(Number.POSITIVE_INFINITY, 10)]).toEqual([
    1, 1, 1,
  ]);
  expect(layers.best(1, 1500)).toBe(NO_LAYER);
});

describe('key frames', () => {
  test.each([
    ['video/vp8', vp8({ key: true, picture: 1, tl0: 1, keyIndex: 1 }), true],
    ['video/vp8', vp8({ key: true, picture: 1, tl0: 1, keyIndex: 1, first: false }), false],
    ['video/vp8', vp8({ key: false, picture: 1, tl0: 1, keyIndex: 1 }), false],
    ['video/vp8', Uint8Array.of(0x10, 0x10), true],
    ['video/vp9', Uint8Array.of(0x8c, 1, 2), true],
    ['video/vp9', Uint8Array.of(0xcc, 1, 2), false],
    ['video/h264', Uint8Array.of(0x67, 1), true],
    ['video/h264', Uint8Array.of(0x61, 1), false],
    ['video/h264', Uint8Array.of(0x78, 0, 2, 0x67, 1, 0, 1, 0x65), true],
    ['video/h264', Uint8Array.of(0x7c, 0x85, 1), true],
    ['video/h264', Uint8Array.of(0x7c, 0x05, 1), false],
    ['video/vp8', new Uint8Array(0), false],
  ])('%s %j', (mime, bytes, begins) => {
    expect(beginsKeyFrame(mime, bytes, 0, bytes.length)).toBe(begins);
  });

  test('whatever bytes: no exception, and nothing beyond the payload is touched', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (payload, switched) => {
        for (const mime of ['video/vp8', 'video/vp9', 'video/h264'])
          beginsKeyFrame(mime, payload, 0, payload.length);
        const bytes = Uint8Array.of(1, 2, ...payload, 3, 4);
        const vp8State = new Vp8Continuity();
        const found = new Vp8Descriptor();
        for (const moment of ['going-on', switched ? 'switched' : 'going-on'] as const) {
          if (!found.read(bytes, 2, 2 + payload.length)) continue;
          vp8State.skip(found);
          writeVp8Counters(bytes, found, vp8State.map(found, moment));
        }
        expect([...bytes.subarray(0, 2), ...bytes.subarray(2 + payload.length)]).toEqual([1, 2, 3, 4]);
      }),
    );
  });
});
