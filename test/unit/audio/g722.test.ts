import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { G722Decoder, G722Encoder } from '../../../src/audio/g722.ts';
import { SineSource } from '../../../src/audio/tones.ts';
import { toneLevel } from '../../support/tones.ts';

/** Two seconds by integers alone: triangles of two pitches, noise, loud and soft by quarters of a second, and clipping. */
function vectorInput(): Int16Array {
  const samples = new Int16Array(32_000);
  let noise = 1;
  for (let i = 0; i < samples.length; i++) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) & 0x7fffffff;
    const slow = Math.abs((i % 70) - 35) * 600 - 10_500;
    const quick = Math.abs((i % 6) - 3) * 3000 - 4500;
    const loud = [1, 8, 3, 40][(i >> 12) & 3]!;
    const value = ((slow + quick + (noise >> 17) - 8192) * loud) >> 4;
    samples[i] = Math.max(-32_768, Math.min(32_767, value));
  }
  return samples;
}

function encode(samples: Int16Array): Uint8Array {
  const codes = new Uint8Array(samples.length >> 1);
  new G722Encoder().encode(samples, 0, samples.length, codes, 0);
  return codes;
}

function decode(codes: Uint8Array): Int16Array {
  const samples = new Int16Array(2 * codes.length);
  new G722Decoder().decode(codes, 0, codes.length, samples, 0);
  return samples;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function sine(frequency: number, amplitude: number, milliseconds: number): Int16Array {
  const samples = new Int16Array(16 * milliseconds);
  new SineSource(frequency, amplitude, 16_000).fill(samples);
  return samples;
}

/** Directory of the test data of ITU-T's software tool library, if somebody has it. */
const G191 = process.env['TRUNKROOM_G191'];

const VECTOR_HEAD =
  'de3490228820a22c2a3417b6333b703712de9e11775d1156d2943a559e377454b5bdfd76ee3e6e74316ddf7fb3795aff';
const VECTOR_CODES = '2bb2ed5d0ae748f44dec0226e349480d85ba36d2e113de7d5eb3b9396c531005';
const VECTOR_SAMPLES = 'd20a6257fdac6c2af771bafc4dc220357c32c21b35d249211e0ec1ea85584394';

describe('G.722', () => {
  // Made with FFmpeg 5.1: `ffmpeg -f s16le -ar 16000 -ac 1 -i in.raw -c:a g722 -f g722 out`, and its decoder.
  it('encodes to the very bytes of another implementation', () => {
    const codes = encode(vectorInput());
    expect(Buffer.from(codes.subarray(0, 48)).toString('hex')).toBe(VECTOR_HEAD);
    expect(sha256(codes)).toBe(VECTOR_CODES);
  });

  // ITU-T's licence keeps its files out of this repository: docs/AUDIO.md says where they are.
  it.skipIf(G191 === undefined)('codes the speech of ITU-T G.191 as its library does', () => {
    const words = (name: string) => {
      const bytes = readFileSync(`${G191}/${name}`);
      return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
    };
    const speech = words('inpsp.bin');
    // Words of two codes, the later one in the lower byte.
    const codes = new Uint8Array(readFileSync(`${G191}/codsp.cod`).swap16());
    expect(encode(speech)).toEqual(codes);
    expect(decode(codes)).toEqual(words('outsp1.bin'));
  });

  it('decodes to the very samples of another implementation', () => {
    expect(sha256(new Uint8Array(decode(encode(vectorInput())).buffer))).toBe(VECTOR_SAMPLES);
  });

  it.each([
    [440, 1],
    [1000, 1],
    [3000, 1],
    [5000, 1],
    [6500, 1.5],
  ])('a tone of %i Hz comes back at its level', (frequency, within) => {
    const sent = sine(frequency, 6000, 1000);
    const level = toneLevel(decode(encode(sent)).subarray(8000), 16_000, frequency);
    expect(Math.abs(level - toneLevel(sent.subarray(8000), 16_000, frequency))).toBeLessThan(within);
  });

  it('loses at most 1/60 of the amplitude to noise in its lower band', () => {
    const sent = sine(1000, 8000, 1000);
    const heard = decode(encode(sent));
    let best = 0;
    for (let lag = 20; lag < 26; lag++) {
      let signal = 0;
      let noise = 0;
      for (let i = 4000; i < 15_000; i++) {
        signal += sent[i]! ** 2;
        noise += (heard[i + lag]! - sent[i]!) ** 2;
      }
      best = Math.max(best, 10 * Math.log10(signal / noise));
    }
    expect(best).toBeGreaterThan(35);
  });

  it('an encoder that adopts another goes on as that one would', () => {
    const samples = vectorInput();
    const first = new G722Encoder();
    first.encode(samples, 0, 16_000, new Uint8Array(8000), 0);
    const second = new G722Encoder();
    second.adopt(first);
    const [a, b] = [new Uint8Array(8000), new Uint8Array(8000)];
    first.encode(samples, 16_000, 32_000, a, 0);
    second.encode(samples, 16_000, 32_000, b, 0);
    expect(b).toEqual(a);
  });

  it('does not care how the stream is cut into frames', () => {
    const samples = vectorInput().subarray(0, 9600);
    const whole = encode(samples);
    const pieces = new Uint8Array(whole.length);
    const encoder = new G722Encoder();
    for (let at = 0; at < samples.length; at += 320) encoder.encode(samples, at, at + 320, pieces, at / 2);
    expect(pieces).toEqual(whole);
  });

  it('never writes beyond what is there, and never leaves 16 bits, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(700), (bytes, room) => {
        const out = new Int16Array(room);
        const written = new G722Decoder().decode(bytes, 0, bytes.length, out, 0);
        return written === 2 * Math.min(bytes.length, room >> 1);
      }),
    );
  });
});
