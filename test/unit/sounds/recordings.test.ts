import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpusCodecs, openOpusEncoder } from '../../../src/adapters/opus/opus-codecs.ts';
import { convertRate } from '../../../src/audio/convert-rate.ts';
import { parseOgg } from '../../../src/audio/ogg.ts';
import { readOggOpus } from '../../../src/audio/ogg-opus.ts';
import { parseWav, writeWav } from '../../../src/audio/wav.ts';
import { tone, toneLevel } from '../../support/tones.ts';
import { oggPages, opusHead } from './ogg.ts';

describe('WAV of any kind', () => {
  it.each([
    [8, 1],
    [8, 2],
    [16, 2],
    [24, 1],
  ])('%i bits, %i channels', (bits, channels) => {
    const sine = tone(1000, 8000, 200);
    const sound = parseWav(wav(sine, bits, channels));
    if (!sound.ok) throw new Error(sound.error);
    expect(sound.value.samples).toHaveLength(sine.length);
    // Of two channels the second is silent: half of the amplitude is left.
    const expected = 20 * Math.log10(8000 / 32768) - (channels === 2 ? 6.02 : 0);
    expect(toneLevel(sound.value.samples, 8000, 1000)).toBeCloseTo(expected, 0);
  });
  it('never throws', () => {
    const good = writeWav({ rate: 8000, samples: tone(500, 1000, 5) }, 'pcma');
    fc.assert(fc.property(damage(good.length), (damaged) => void parseWav(damaged(good))));
  });
});

describe('rate conversion', () => {
  it.each([
    [44_100, 16_000],
    [22_050, 8000],
    [11_025, 16_000],
    [48_000, 8000],
    [8000, 16_000],
  ])('%i to %i Hz keeps what fits, and nothing else', (from, to) => {
    const out = convertRate(tone(1000, 8192, 500, from), from, to);
    expect(Math.abs(out.length - to / 2)).toBeLessThanOrEqual(1);
    const middle = out.subarray(to / 10, (to * 4) / 10);
    expect(toneLevel(middle, to, 1000)).toBeCloseTo(-12.04, 1);
    if (from <= to) return;
    // A tone that the lower rate cannot carry must not come back as another one.
    const high = to * 0.65;
    const folded = convertRate(tone(high, 8192, 500, from), from, to).subarray(to / 10, (to * 4) / 10);
    expect(toneLevel(folded, to, to - high)).toBeLessThan(-60);
  });
});

describe('Ogg Opus', () => {
  it('gives back what was encoded, without pre-skip and padding', async () => {
    const codecs = await OpusCodecs.load(1);
    const encoder = await openOpusEncoder({
      ...{ rate: 48_000, bitrate: 32_000, complexity: 5, lossPercent: 0, dtx: false },
    });
    const sine = tone(1000, 8192, 600, 48_000);
    const packets: Uint8Array[] = [];
    for (let at = 0; at < sine.length; at += 960) {
      const packet = new Uint8Array(1275);
      packets.push(packet.slice(0, encoder.encode(sine.subarray(at, at + 960), packet, 0)));
    }
    const file = oggPages([opusHead(312), new Uint8Array(16), ...packets], 28_000);
    const decoder = codecs.decoder('audio/opus', 16_000)!;
    const sound = readOggOpus(file, decoder, 10_000);
    if (!sound.ok) throw new Error(sound.error);
    expect(sound.value.rate).toBe(16_000);
    expect(sound.value.samples).toHaveLength(Math.round(28_000 / 3) - 104);
    expect(toneLevel(sound.value.samples.subarray(1600, 8000), 16_000, 1000)).toBeCloseTo(-12, 0);
    expect(readOggOpus(file, decoder, 100)).toEqual({ ok: false, error: 'too-long' });
    decoder.free();
    encoder.free();
    codecs.close();
  });
  it('puts packets together that lie on several pages', () => {
    const packets = [new Uint8Array(3), new Uint8Array(255).fill(7), new Uint8Array(1000).fill(9)];
    const stream = parseOgg(oggPages(packets, 960, 2));
    expect(stream).toEqual({ ok: true, value: { packets, granule: 960 } });
  });
  it('never throws, whatever the file', () => {
    const good = oggPages([opusHead(0), new Uint8Array(20), new Uint8Array(300)], 960, 1);
    fc.assert(
      fc.property(damage(good.length), (damaged) => void parseOgg(damaged(good))),
      { numRuns: 500 },
    );
  });
});

/** One byte changed, and the end cut off. */
function damage(length: number): fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> {
  return fc
    .tuple(fc.nat(length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(length))
    .map(([at, byte, end]) => (good) => {
      const bytes = good.slice(0, end);
      if (at < bytes.length) bytes[at] = byte;
      return bytes;
    });
}

/** PCM of any width; of two channels the second is silent. */
function wav(samples: Int16Array, bits: number, channels: number): Uint8Array {
  const width = bits / 8;
  const head = writeWav({ rate: 8000, samples: new Int16Array(0) });
  const bytes = new Uint8Array(44 + samples.length * width * channels);
  bytes.set(head.subarray(0, 44));
  const view = new DataView(bytes.buffer);
  view.setUint16(22, channels, true);
  view.setUint16(32, width * channels, true);
  view.setUint16(34, bits, true);
  view.setUint32(40, bytes.length - 44, true);
  if (bits === 8) bytes.fill(128, 44);
  samples.forEach((sample, i) => {
    const at = 44 + i * width * channels;
    if (bits === 8) bytes[at] = (sample >> 8) + 128;
    else view.setInt16(at + width - 2, sample, true);
  });
  return bytes;
}
