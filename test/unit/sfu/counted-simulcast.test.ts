import { describe, expect, test } from 'vitest';
import type { RtpView } from '../../../src/rtp/packet.ts';
import { Vp9Descriptor } from '../../../src/sfu/vp9.ts';
import { layeredPacket } from './layered-packets.ts';
import { Watched } from './video-packets.ts';

/** Of an L1T2 stream, behind the first three bytes: its structure has a key frame's template, and one of each rate. */
const STRUCTURE = bytesOf(
  // Flags; offset, two decode targets; layers; indications; references; no chains, no resolutions.
  '10000 000000 00001 00 01 11 1010 1010 0001 0 100010 100000 0 0',
);

function bytesOf(bits: string): number[] {
  const digits = bits.replaceAll(' ', '');
  return (digits.padEnd(Math.ceil(digits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map((octet) =>
    Number.parseInt(octet, 2),
  );
}

interface Frame {
  readonly number: number;
  readonly key?: boolean;
  readonly temporal?: number;
  readonly tl0?: number;
}

const makers = {
  av1: ({ key = false, number, temporal = 0 }: Frame) => ({
    payload: Uint8Array.of(key ? 0x18 : 0x10, number & 0xff, 1),
    descriptor: Uint8Array.from([
      0xc0 | (key ? 0 : temporal === 0 ? 1 : 2),
      (number >> 8) & 0xff,
      number & 0xff,
      ...(key ? STRUCTURE : []),
    ]),
  }),
  // RFC 9628 section 4.2, not in flexible mode.
  vp9: ({ key = false, number, temporal = 0, tl0 = 0 }: Frame) => ({
    payload: Uint8Array.of(
      ...[0x80 | (key ? 0 : 0x40) | 0x20 | 0x0c, 0x80 | ((number >> 8) & 0x7f), number & 0xff],
      ...[(temporal << 5) | 0x10, tl0, 1, 2],
    ),
    descriptor: new Uint8Array(0),
  }),
} as const;

/** A track in two sizes with one who watches it, and what became of each frame's counters. */
class Stage {
  readonly watched: Watched;
  readonly #codec: 'av1' | 'vp9';
  #now = 0;
  #sequence = 0;

  constructor(codec: 'av1' | 'vp9') {
    this.#codec = codec;
    this.watched = new Watched({
      codecs: [{ mime: `video/${codec}`, clockRate: 90_000, payloadType: 96, rtx: 97 }],
      extensions: { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0, dependencyDescriptor: 5 },
    });
  }

  push(layer: number, frame: Frame): void {
    this.#now += 33;
    const made = makers[this.#codec](frame);
    const sequence = this.#sequence++ & 0xffff;
    const view: RtpView = layeredPacket({ ...made, sequence, timestamp: this.#now * 90, marker: true });
    view.ssrc = 10 + layer;
    this.watched.forwarder.pushLayer(view, `video/${this.#codec}`, layer, this.#now);
  }

  get now(): number {
    return this.#now;
  }

  /** Frame numbers or picture ids, and TL0PICIDX. */
  get numbers(): (readonly [number, number])[] {
    const found = new Vp9Descriptor();
    return this.watched.seen.map(({ descriptor, payload, payloadType }) => {
      if (this.#codec === 'av1') return [Number.parseInt(descriptor.slice(2, 6), 16), 0] as const;
      found.read(payload, payloadType === 97 ? 2 : 0, payload.length);
      return [found.pictureId, found.tl0] as const;
    });
  }
}

describe.each(['av1', 'vp9'] as const)('%s in streams of their own', (codec) => {
  const top = codec === 'av1' ? 0xffff : 0x7fff;

  test('a size is changed at a key frame alone, and frames go on being counted', () => {
    const stage = new Stage(codec);
    stage.push(0, { number: 9000, key: true });
    stage.push(1, { number: top - 1, key: true, tl0: 200 });
    stage.push(1, { number: top, tl0: 201 });
    stage.push(1, { number: 0, tl0: 202 });
    stage.watched.sender.wantedLayer = 0;
    stage.push(0, { number: 9001, tl0: 7 });
    stage.push(1, { number: 1, tl0: 203 });
    expect(stage.watched.keyframesAsked).toBeGreaterThan(0);
    stage.push(0, { number: 9002, key: true, tl0: 8 });
    stage.push(1, { number: 2, key: true, tl0: 204 });
    stage.push(0, { number: 9003, tl0: 9 });
    stage.watched.sender.wantedLayer = 1;
    stage.push(1, { number: 3, key: true, tl0: 205 });
    expect(stage.numbers.map(([number]) => (number - stage.numbers[0]![0] + top + 1) & top)).toEqual(
      stage.numbers.map((_, i) => i),
    );
    expect(stage.numbers).toHaveLength(8);
  });

  test('what is repeated has the numbers that it had', () => {
    const stage = new Stage(codec);
    stage.push(0, { number: 100, key: true, tl0: 5 });
    stage.watched.sender.wantedLayer = 1;
    stage.push(1, { number: 7000, key: true, tl0: 90 });
    stage.push(1, { number: 7001, tl0: 91 });
    const sequence = stage.watched.seen.at(-1)!.sequence;
    stage.watched.forwarder.resend(stage.watched.sender, [sequence], stage.now + 100);
    expect(stage.numbers).toEqual([
      [100, codec === 'av1' ? 0 : 5],
      [101, codec === 'av1' ? 0 : 6],
      [102, codec === 'av1' ? 0 : 7],
      [102, codec === 'av1' ? 0 : 7],
    ]);
  });

  test('fewer frames are had by leaving out the higher rate', () => {
    const stage = new Stage(codec);
    stage.watched.sender.wish(12, 0);
    for (let i = 0; i < 90; i++) stage.push(0, { number: i, key: i === 0, temporal: i % 2, tl0: i >> 1 });
    const last = stage.numbers.slice(-10).map(([number]) => number % 2);
    expect(last).toEqual(new Array(10).fill(0));
    // Nothing looks lost.
    const sequences = stage.watched.seen.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i));
  });
});

test('a layer whose source begins anew is asked for a key frame', () => {
  const stage = new Stage('vp9');
  stage.push(0, { number: 5, key: true });
  const asked = stage.watched.keyframesAsked;
  for (let i = 0; i < 30; i++) {
    const made = makers.vp9({ number: 900 + i });
    const view = layeredPacket({ ...made, sequence: 500 + i, timestamp: i * 3000, marker: true });
    view.ssrc = 77;
    stage.watched.forwarder.pushLayer(view, 'video/vp9', 0, 1000 + 33 * i);
  }
  expect(stage.watched.seen).toHaveLength(1);
  expect(stage.watched.keyframesAsked).toBe(asked + 2);
});

test('what is named as layers and comes as one stream of all sizes is taken for that', () => {
  const stage = new Stage('vp9');
  const picture = (number: number, spatial: number, key: boolean) => {
    const first = 0x80 | (key ? 0 : 0x40) | 0x20 | 0x10 | 0x0c;
    const layers = 0x10 | (spatial << 1) | (spatial > 0 ? 1 : 0);
    return Uint8Array.of(first, 0x80, number, layers, ...(key ? [] : [2]), spatial);
  };
  let sequence = 0;
  const push = (number: number, key: boolean) => {
    for (let spatial = 0; spatial < 3; spatial++) {
      const payload = picture(number, spatial, key);
      const at = { sequence: sequence++, timestamp: number * 3000, marker: spatial === 2 };
      const view = layeredPacket({ ...at, payload, descriptor: new Uint8Array(0) });
      stage.watched.forwarder.pushLayer(view, 'video/vp9', 0, number * 33);
    }
  };
  const sizes = () => stage.watched.seen.map(({ payload }) => payload.at(-1));
  push(1, true);
  push(2, true);
  push(3, false);
  expect(sizes().slice(-3)).toEqual([0, 1, 2]);
  stage.watched.sender.wantedLayer = 1;
  push(4, false);
  push(5, false);
  expect(sizes().slice(-2)).toEqual([0, 1]);
  expect(stage.watched.seen.at(-1)?.marker).toBe(true);
});
