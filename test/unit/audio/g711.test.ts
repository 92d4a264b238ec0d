import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeG711,
  encodeG711,
  energyG711,
  G711_SILENCE,
  type G711Law,
  lawOf,
} from '../../../src/audio/g711.ts';
import { energyOf } from '../../../src/audio/level.ts';

const laws: readonly G711Law[] = ['pcma', 'pcmu'];

describe.each(laws)('%s', (law) => {
  const decodeOne = (byte: number) => {
    const out = new Int16Array(1);
    decodeG711(law, Uint8Array.of(byte), 0, 1, out, 0);
    return out[0]!;
  };
  const encodeOne = (sample: number) => {
    const out = new Uint8Array(1);
    encodeG711(law, Int16Array.of(sample), 0, 1, out, 0);
    return out[0]!;
  };

  it('gives every code back that it decodes', () => {
    for (let byte = 0; byte < 256; byte++) {
      const again = encodeOne(decodeOne(byte));
      // µ-law alone has two codes for zero.
      expect(decodeOne(again)).toBe(decodeOne(byte));
      if (decodeOne(byte) !== 0) expect(again).toBe(byte);
    }
  });

  it('stays within half a step of the sample', () => {
    // µ-law adds a bias before it looks for the segment (ITU-T G.711 table 2a), so its steps are those of a larger magnitude.
    const bias = law === 'pcmu' ? 132 : 0;
    for (let sample = -32_768; sample <= 32_767; sample++) {
      const error = Math.abs(decodeOne(encodeOne(sample)) - sample);
      const magnitude = Math.abs(sample);
      // Steps are 1/16 of their segment: half of it is 1/32 of the magnitude, and 8 in the smallest; the top is cut.
      const bound = Math.max(8, (magnitude + bias) / 32, magnitude - 32_124 + 2);
      if (error > bound) expect(error, `${sample}`).toBeLessThanOrEqual(bound);
    }
  });

  it('has its silence code nearest to zero', () => {
    expect(encodeOne(0)).toBe(G711_SILENCE[law]);
  });

  it('measures energy without decoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const out = new Int16Array(bytes.length);
        decodeG711(law, bytes, 0, bytes.length, out, 0);
        expect(energyG711(law, bytes, 0, bytes.length)).toBe(energyOf(out, 0, out.length));
      }),
    );
  });

  it('writes no more than fits', () => {
    expect(decodeG711(law, new Uint8Array(100), 0, 100, new Int16Array(10), 4)).toBe(6);
    expect(encodeG711(law, new Int16Array(100), 0, 100, new Uint8Array(10), 12)).toBe(0);
  });
});

describe('known values of ITU-T G.711', () => {
  const table = {
    pcma: [
      [0xd5, 8],
      [0x55, -8],
      [0xaa, 32256],
      [0x2a, -32256],
    ],
    pcmu: [
      [0xff, 0],
      [0x80, 32124],
      [0x00, -32124],
    ],
  } as const;
  it.each(laws)('%s', (law) => {
    for (const [byte, sample] of table[law]) {
      const out = new Int16Array(1);
      decodeG711(law, Uint8Array.of(byte), 0, 1, out, 0);
      expect(out[0]).toBe(sample);
    }
  });
  it('is named by its MIME type', () => {
    expect([lawOf('audio/pcma'), lawOf('audio/pcmu'), lawOf('audio/opus')]).toEqual([
      'pcma',
      'pcmu',
      undefined,
    ]);
  });
});
