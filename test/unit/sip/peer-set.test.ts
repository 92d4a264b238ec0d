import { expect, test } from 'vitest';
import { PeerSet } from '../../../src/sip/peer-set.ts';

test('an address is let in while it is held, and for the linger time after the last hold', () => {
  let now = 0;
  const peers = new PeerSet({ now: () => now }, 1000);
  const first = peers.hold('192.0.2.1');
  const second = peers.hold('192.0.2.1');
  first();
  first();
  now = 5000;
  expect(peers.has('192.0.2.1')).toBe(true);
  second();
  now = 5999;
  expect(peers.has('192.0.2.1')).toBe(true);
  now = 6000;
  expect(peers.has('192.0.2.1')).toBe(false);
  expect(peers.has('192.0.2.2')).toBe(false);
});

test('a hold that is taken up again counts', () => {
  let now = 0;
  const peers = new PeerSet({ now: () => now }, 1000);
  // Enough others that the old ones are swept out.
  for (let i = 0; i < 300; i++) peers.hold(`10.0.${i >> 8}.${i & 255}`)();
  now = 2000;
  peers.hold('10.0.0.1');
  now = 9000;
  expect(peers.has('10.0.0.1')).toBe(true);
  expect(peers.has('10.0.0.2')).toBe(false);
});
