import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sourceKey } from '../../../src/base/source-key.ts';
import { formatIPv6 } from '../../../src/stun/ip-text.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8:0:7::9', '2001:db8:0:7::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (address, key) => {
  expect(sourceKey(address)).toBe(key);
});

test('addresses count as one exactly when their first 64 bits are the same', () => {
  const half = fc.uint8Array({ minLength: 8, maxLength: 8 });
  // Many zeros, for those are what the text leaves out.
  const sparse = half.map((bytes) => bytes.map((byte) => (byte < 160 ? 0 : byte)));
  fc.assert(
    fc.property(sparse, sparse, sparse, sparse, (a, b, host, other) => {
      const text = (prefix: Uint8Array, rest: Uint8Array) =>
        formatIPv6(Uint8Array.from([...prefix, ...rest]));
      expect(sourceKey(text(a, host))).toBe(sourceKey(text(a, other)));
      const same = a.every((byte, i) => byte === b[i]);
      expect(sourceKey(text(a, host)) === sourceKey(text(b, other))).toBe(same);
    }),
  );
});
