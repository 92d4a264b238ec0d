import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitReader } from '../../../src/sfu/bit-reader.ts';
import { DependencyDescriptor } from '../../../src/sfu/dependency-descriptor.ts';
import { STRUCTURE } from './layered-packets.ts';

const keyFrame = (frame: number): Uint8Array =>
  Uint8Array.from([0xc0, frame >> 8, frame & 0xff, ...STRUCTURE]);
const read = (descriptor: DependencyDescriptor, bytes: Uint8Array) => descriptor.read(bytes, 0, bytes.length);
const indications = ({ indications: all }: { indications: Uint8Array }, count = 9) =>
  [...all.subarray(0, count)].map((value) => '-DSR'[value]).join('');

describe('the Dependency Descriptor', () => {
  test('of a key frame from Chromium says what the stream is made of', () => {
    const found = new DependencyDescriptor();
    expect(read(found, keyFrame(1))).toBe(true);
    expect(found).toMatchObject({ frameStart: true, frameEnd: true, frame: 1, spatial: 0, temporal: 0 });
    expect(found).toMatchObject({ keyFrame: true, active: 511, referenceCount: 0 });
    expect(indications(found)).toBe('SSSSSSSSS');
    const { structure } = found;
    expect(structure?.targets.map(({ spatial, temporal }) => `${spatial}${temporal}`).join(' ')).toBe(
      '00 01 02 10 11 12 20 21 22',
    );
    expect(structure).toMatchObject({ offset: 0, chains: 3, wholes: [2, 5, 8] });
    expect(structure?.templates.map((template) => indications(template))).toEqual([
      'SSSSSSSSS',
      'SSS------',
      '-DS------',
      '--D------',
      '--D------',
      '---SSSSSS',
      '---SSS---',
      '----DS---',
      '-----D---',
      '-----D---',
      '------SSS',
      '------SSS',
      '-------DS',
      '--------D',
      '--------D',
    ]);
    expect(structure?.templates.map(({ references }) => [...references].join())).toEqual(
      ['', 12, 6, 3, 3, 1, 12, 6, 3, 3, 1, 12, 6, 3, 3].map(String),
    );
  });

  test('of other frames names a template', () => {
    const found = new DependencyDescriptor();
    expect(read(found, Uint8Array.of(0x8c, 0, 9)), 'nothing is known yet').toBe(false);
    read(found, keyFrame(1));
    expect(read(found, Uint8Array.of(0x8c, 0, 9))).toBe(true);
    expect(found).toMatchObject({ frameStart: true, frameEnd: false, frame: 9, spatial: 2, temporal: 1 });
    expect(found).toMatchObject({ keyFrame: false, referenceCount: 1 });
    expect(found.references[0]).toBe(6);
    expect(read(found, Uint8Array.of(0x8f, 0, 10)), 'a template that there is not').toBe(false);
  });

  test('of its own has other needs, and says what is made now', () => {
    const found = new DependencyDescriptor();
    read(found, keyFrame(1));
    // Active targets, own indications (all required), own references 300 and 2 back, own chains.
    const bits =
      '10000001' +
      '0000000000000010' +
      '01111' +
      '000000111' +
      '11'.repeat(9) +
      '11' +
      '000100101011' +
      '01' +
      '0001' +
      '00' +
      '00000001'.repeat(3);
    const bytes = Uint8Array.from(
      (bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map((byte) =>
        Number.parseInt(byte, 2),
      ),
    );
    expect(read(found, bytes)).toBe(true);
    expect(found).toMatchObject({ active: 7, referenceCount: 2 });
    expect([...found.references.subarray(0, 2)]).toEqual([300, 2]);
    expect(indications(found)).toBe('RRRRRRRRR');
    expect(read(found, bytes.subarray(0, bytes.length - 3)), 'cut').toBe(false);
    read(found, Uint8Array.of(0x8c, 0, 9));
    expect(found.active, 'until it is said anew').toBe(7);
    read(found, keyFrame(20));
    expect(found.active).toBe(511);
  });

  test('an old structure that comes late does not replace a newer one', () => {
    const found = new DependencyDescriptor();
    read(found, keyFrame(0xfff0));
    read(found, keyFrame(5));
    const newest = found.structure;
    expect(read(found, keyFrame(0xfff0))).toBe(false);
    expect(found.structure).toBe(newest);
  });

  test('any bytes: no exception, and nothing beyond its bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 255 }), { maxLength: 6 }),
        fc.boolean(),
        (all, known) => {
          const found = new DependencyDescriptor();
          if (known) read(found, keyFrame(1));
          for (const bytes of all) {
            const took = read(found, bytes);
            expect(found.referenceCount).toBeLessThanOrEqual(32);
            expect(found.structure?.templates.length ?? 0).toBeLessThanOrEqual(64);
            expect(found.structure?.targets.length ?? 0).toBeLessThanOrEqual(32);
            if (took) expect(bytes.length).toBeGreaterThanOrEqual(3);
          }
        },
      ),
    );
  });

  test('a key frame with a bit turned is read or refused', () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 * (STRUCTURE.length + 3) - 1 }), (bit) => {
        const bytes = keyFrame(1);
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (0x80 >> (bit & 7));
        const found = new DependencyDescriptor();
        if (read(found, bytes)) expect(found.spatial).toBeLessThan(64);
      }),
    );
  });
});

test('ns(n) as the AV1 specification has it in section 4.10.7: 5 values take 2 or 3 bits', () => {
  const values = (text: string, count: number): number => {
    const bits = new BitReader();
    bits.open(Uint8Array.of(Number.parseInt(text.padEnd(8, '0'), 2)), 0, 1);
    return bits.readNonSymmetric(count);
  };
  expect(['00', '01', '10', '110', '111'].map((text) => values(text, 5))).toEqual([0, 1, 2, 3, 4]);
  expect(values('', 1)).toBe(0);
  expect(['0', '1'].map((text) => values(text, 2))).toEqual([0, 1]);
});
