import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Vp9Descriptor } from '../../../src/sfu/vp9.ts';
import { BACK, type LayerFrame, packets, pictures } from './layered-packets.ts';
import { type Seen, Watched } from './video-packets.ts';

const codecs = {
  vp9: { mime: 'video/vp9', clockRate: 90_000, payloadType: 98, rtx: 97 },
  av1: { mime: 'video/av1', clockRate: 90_000, payloadType: 45, rtx: 97 },
} as const;

/** One receiver of a stream in three sizes and three rates, two packets a frame. */
class Stage {
  readonly watched: Watched;
  readonly #codec: 'vp9' | 'av1';
  #now = 0;

  constructor(codec: 'vp9' | 'av1') {
    this.#codec = codec;
    this.watched = new Watched({
      codecs: [codecs[codec]],
      extensions: { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0, dependencyDescriptor: 5 },
    });
  }

  /** Sends the frames; answers which were seen, `picture:size`, each once. */
  send(frames: readonly LayerFrame[], sequence: number, ssrc = 7): string[] {
    const { forwarder, seen } = this.watched;
    const before = seen.length;
    for (const { view } of packets(frames, this.#codec, sequence)) {
      this.#now += 5;
      view.ssrc = ssrc;
      forwarder.push(view, codecs[this.#codec].mime, this.#now);
    }
    return [...new Set(seen.slice(before).map(nameOf))];
  }
}

/** Both codecs' test payloads end with the picture, the size and, of VP9, the rate. */
function nameOf({ payload, payloadType }: Seen): string {
  const from = payloadType === 45 ? 1 : payload.length - 3;
  return `${payload[from]}:${payload[from + 1]}`;
}

function expectContinuous(seen: readonly Seen[]): void {
  for (let i = 1; i < seen.length; i++) expect(seen[i]!.sequence).toBe((seen[i - 1]!.sequence + 1) & 0xffff);
}

/** The last packet of each picture alone is marked. */
function expectMarked(seen: readonly Seen[]): void {
  for (const [i, { marker, timestamp }] of seen.entries())
    expect(marker, `packet ${i}`).toBe(seen[i + 1]?.timestamp !== timestamp);
}

describe.each(['vp9', 'av1'] as const)('%s in layers', (codec) => {
  const larger = (name: string) => name.endsWith(':2');

  test('one who wants all gets the largest size, from a key frame on', () => {
    const stage = new Stage(codec);
    const seen = stage.send(pictures(12), 0);
    expect(seen.filter(larger)).toHaveLength(12);
    // Of AV1 the smaller sizes are needed at the key frame alone; VP9's receiver has them all.
    expect(seen).toHaveLength(codec === 'vp9' ? 36 : 14);
    expectContinuous(stage.watched.seen);
    expectMarked(stage.watched.seen);
  });

  test('a smaller size, and back at a key frame that is asked for', () => {
    const stage = new Stage(codec);
    stage.send(pictures(20), 0);
    stage.watched.sender.wantedLayer = 0;
    stage.watched.keyframesAsked = 0;
    const lower = stage.send(pictures(8, [22], 20), 120);
    expect(lower.filter((name) => Number.parseInt(name, 10) >= 22)).toEqual(
      [22, 23, 24, 25, 26, 27].map((picture) => `${picture}:0`),
    );
    if (codec === 'vp9') expect(lower.filter((name) => !name.endsWith(':0'))).toEqual([]);
    else expect(stage.watched.keyframesAsked).toBe(1);
    stage.watched.sender.wantedLayer = 2;
    stage.watched.keyframesAsked = 0;
    const waiting = stage.send(pictures(20, [], 28), 168);
    expect(waiting.every((name) => name.endsWith(':0'))).toBe(true);
    // Twice a second at most: 20 pictures are 660 ms.
    expect(stage.watched.keyframesAsked).toBeGreaterThanOrEqual(1);
    expect(stage.watched.keyframesAsked).toBeLessThanOrEqual(2);
    expect(stage.send(pictures(4, [48], 48), 288).filter(larger)).toHaveLength(4);
    expectContinuous(stage.watched.seen);
    expectMarked(stage.watched.seen);
  });

  test('fewer frames at once, and more where the stream allows', () => {
    const stage = new Stage(codec);
    const { sender } = stage.watched;
    stage.send(pictures(8), 0);
    sender.temporal.wanted = 0;
    const few = stage.send(pictures(8, [], 8), 48).filter(larger);
    // AV1's lower rate begins where a frame of it says that it can; VP9's with the next picture.
    expect(few).toEqual(['8:2', '12:2']);
    sender.temporal.wanted = 1;
    expect(stage.send(pictures(8, [], 16), 96).filter(larger)).toEqual(['16:2', '18:2', '20:2', '22:2']);
    sender.temporal.wanted = 3;
    expect(stage.send(pictures(8, [], 24), 144).filter(larger)).toHaveLength(8);
    expectContinuous(stage.watched.seen);
  });

  test('after a pause it goes on at a key frame', () => {
    const stage = new Stage(codec);
    const { sender } = stage.watched;
    stage.send(pictures(4), 0);
    sender.muted = true;
    expect(stage.send(pictures(4, [], 4), 24)).toEqual([]);
    sender.muted = false;
    expect(stage.send(pictures(4, [], 8), 48)).toEqual([]);
    expect(stage.send(pictures(2, [12], 12), 72).filter(larger)).toEqual(['12:2', '13:2']);
    expectContinuous(stage.watched.seen);
  });

  test.each([
    { what: 'another source', ssrc: 8, from: 9000 },
    { what: 'a source that counts anew', ssrc: 7, from: 1000 },
  ])('$what goes on at a key frame, and its sizes can be chosen', ({ from, ssrc }) => {
    const stage = new Stage(codec);
    stage.send(pictures(8, [5000], 5000), 0);
    const next = stage.send(pictures(8, [from], from), 10_000, ssrc);
    expect(next.filter(larger)).toHaveLength(8);
    stage.watched.sender.wantedLayer = 0;
    const small = stage.send(pictures(4, [from + 8], from + 8), 10_048, ssrc);
    expect(small).toEqual([8, 9, 10, 11].map((i) => `${(from + i) & 0xff}:0`));
    expectContinuous(stage.watched.seen);
  });

  test('what is lost is sent again as it was, with its descriptor and marker', () => {
    const stage = new Stage(codec);
    stage.watched.sender.wantedLayer = 0;
    stage.send(pictures(4), 0);
    const { forwarder, seen, sender } = stage.watched;
    const originals = seen.slice();
    expect(
      forwarder.resend(
        sender,
        originals.map(({ sequence }) => sequence),
        10_000,
      ),
    ).toBe(8);
    for (const [i, again] of seen.slice(8).entries()) {
      const original = originals[i]!;
      expect(again.payloadType).toBe(97);
      expect([...again.payload.subarray(2)]).toEqual([...original.payload]);
      expect({ marker: again.marker, descriptor: again.descriptor }).toEqual({
        marker: original.marker,
        descriptor: original.descriptor,
      });
    }
    if (codec === 'av1') expect(originals[0]?.descriptor.length).toBeGreaterThan(100);
  });

  test('what layers cost: a size with what it needs', () => {
    const stage = new Stage(codec);
    for (let round = 0; round < 20; round++) stage.send(pictures(8, [0], 8 * round), 48 * round);
    const { layers } = stage.watched.forwarder;
    const now = 8 * 20 * 33;
    const [small, middle, large] = [0, 1, 2].map((layer) => layers.bitrate(layer, now)) as [
      number,
      number,
      number,
    ];
    expect(small).toBeGreaterThan(0);
    const ratio = codec === 'vp9' ? [2, 3] : [1, 1];
    expect(middle / small).toBeCloseTo(ratio[0]!, 0);
    expect(large / small).toBeCloseTo(ratio[1]!, 0);
    expect(layers.bitrate(3, now)).toBe(0);
    expect(layers.temporalFor(2, 8)).toBe(0);
    expect(layers.temporalFor(2, 15)).toBe(1);
    expect(layers.temporalFor(2, 30)).toBe(2);
  });

  test('whatever is lost, comes late or is wished for: a number is used once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ lost: fc.boolean(), late: fc.nat({ max: 3 }), wish: fc.nat({ max: 40 }) }), {
          minLength: 30,
          maxLength: 160,
        }),
        (fates) => {
          const stage = new Stage(codec);
          const { forwarder, seen, sender } = stage.watched;
          const all = packets(pictures(40, [0, 13, 29]), codec, 65_500);
          const order = all
            .map((packet, i) => ({ packet, at: i + (fates[i % fates.length]!.late === 3 ? 5 : 0), i }))
            .filter(({ i }) => i === 0 || !(fates[i % fates.length]!.lost && i % 7 === 0))
            .sort((a, b) => a.at - b.at || a.i - b.i);
          for (const { i, packet } of order) {
            const { wish } = fates[i % fates.length]!;
            if (wish < 3) sender.wantedLayer = wish;
            else if (wish < 6) sender.temporal.wanted = wish - 3;
            forwarder.push(packet.view, codecs[codec].mime, i * 5);
          }
          const numbers = seen.map(({ sequence }) => sequence);
          expect(new Set(numbers).size).toBe(numbers.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test.each(['vp9', 'av1'] as const)(
  '%s: whatever is wished for, no frame goes without what it needs',
  (codec) => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 12 }), { minLength: 40, maxLength: 40 }), (wishes) => {
        const stage = new Stage(codec);
        const { sender } = stage.watched;
        const seen = new Set<string>();
        const keys = [0, 12, 28];
        for (const [picture, wish] of wishes.entries()) {
          if (wish < 3) sender.wantedLayer = wish;
          else if (wish < 6) sender.temporal.wanted = wish - 3;
          const since = keys.findLast((key) => key <= picture)!;
          const whole = pictures(picture - since + 1, [since], since).slice(-3);
          for (const name of stage.send(whole, 6 * picture)) seen.add(name);
        }
        for (const name of seen) {
          const [picture, size] = name.split(':').map(Number) as [number, number];
          const since = keys.findLast((key) => key <= picture)!;
          const place = picture - since;
          const needed = place === 0 ? `${picture}:${size - 1}` : `${picture - BACK[place % 4]!}:${size}`;
          if (place > 0 || size > 0) expect([...seen], `for ${name}`).toContain(needed);
        }
      }),
    );
  },
);

test('AV1: a size that is no longer made is left for the next key frame', () => {
  const stage = new Stage('av1');
  stage.send(pictures(20), 0);
  expect(stage.watched.sender.shownLayer).toBe(2);
  // Active targets 0 … 2 alone: the smallest size.
  const [packet] = packets(pictures(1, [], 20), 'av1', 120);
  const view = packet!.view;
  const at = view.descriptor >> 8;
  const bytes = new Uint8Array(view.bytes.length + 2);
  bytes.set(view.bytes.subarray(0, at + 3));
  // Byte 3: active targets present (5 flags), then nine bits.
  bytes.set([0b01000_000, 0b000111_00], at + 3);
  view.bytes = bytes;
  view.descriptor = (at << 8) | 5;
  stage.watched.keyframesAsked = 0;
  stage.watched.forwarder.push(view, 'video/av1', 1000);
  expect(stage.watched.keyframesAsked).toBe(1);
  expect(stage.watched.sender.lacksSize).toBe(true);
});

test('VP9 descriptors: any bytes are read or refused', () => {
  const found = new Vp9Descriptor();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      if (!found.read(bytes, 0, bytes.length)) return;
      expect(found.spatial).toBeLessThan(8);
      expect(found.temporal).toBeLessThan(8);
    }),
  );
  // From Chromium: the middle size of a key picture, its first packet; and the last of a picture of the highest rate.
  const middle = Buffer.from('b8b2ab138702020004fe02cf', 'hex');
  expect(found.read(middle, 0, middle.length)).toBe(true);
  expect(found).toMatchObject({
    spatial: 1,
    temporal: 0,
    interLayer: true,
    interPicture: false,
    frameStart: true,
  });
  expect(found).toMatchObject({ keyFrame: false, frameEnd: false, switchUp: true });
  const last = Buffer.from('f5b2ac540209a8dd1aa17928', 'hex');
  expect(found.read(last, 0, last.length)).toBe(true);
  expect(found).toMatchObject({
    spatial: 2,
    temporal: 2,
    interLayer: false,
    interPicture: true,
    frameEnd: true,
  });
});
