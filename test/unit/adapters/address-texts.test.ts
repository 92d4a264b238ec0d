import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressTexts, takeApart } from '../../../src/adapters/native/address-words.ts';

test('each address has its own text, however many there are', () => {
  const texts = new AddressTexts();
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6().map((text) => new URL(`http://[${text}]/`).hostname.slice(1, -1)),
  );
  fc.assert(
    fc.property(fc.array(address, { minLength: 1, maxLength: 50 }), (list) => {
      for (const one of [...list, ...list]) {
        const parts = takeApart(one)!;
        // As the addon describes a slot: socket, length, family, port, and four of the address.
        const words = Int32Array.of(7, 7, 3, 40, parts[0]!, 5060, parts[1]!, parts[2]!, parts[3]!, parts[4]!);
        expect(texts.of(words, 2)).toBe(one);
      }
    }),
    { numRuns: 300 },
  );
  for (let i = 0; i < 20_000; i++) {
    const words = Int32Array.of(0, 0, 4, 0, Math.imul(i, 40_503), 0, 0, 0);
    const word = words[4]! >>> 0;
    expect(texts.of(words, 0)).toBe(
      [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255].join('.'),
    );
  }
});
