import { expect, test } from 'vitest';
import { allowedMediaSources, isVouchedFor, mediaAddressFault } from '../../../src/trunk/media-address.ts';
import { MediaPolicy } from '../../../src/trunk/media-policy.ts';

const open = { mediaAddresses: [] };
const closed = { mediaAddresses: ['203.0.113.32/28'] };
const CARRIER = '8.8.4.4';

test.each([
  [open, '8.8.8.8', CARRIER, undefined],
  [open, '10.0.0.1', CARRIER, undefined],
  [open, '0.0.0.0', CARRIER, undefined],
  [open, '127.0.0.1', CARRIER, 'loopback'],
  [open, '::ffff:127.0.0.1', CARRIER, 'loopback'],
  [open, '169.254.169.254', CARRIER, 'link-local'],
  [open, '255.255.255.255', CARRIER, 'reserved'],
  [open, '224.0.0.1', CARRIER, 'multicast'],
  [open, 'phone.example.com', CARRIER, 'invalid'],
  [open, '127.0.0.1', '127.0.0.1', undefined],
  [open, '169.254.1.1', '127.0.0.1', 'link-local'],
  [open, '224.0.0.1', '224.0.0.1', 'multicast'],
  [closed, '203.0.113.33', CARRIER, undefined],
  [closed, '203.0.113.64', CARRIER, 'outside-media-addresses'],
  [closed, '8.8.8.8', CARRIER, 'outside-media-addresses'],
  [closed, '127.0.0.1', '127.0.0.1', 'outside-media-addresses'],
])('%j: %s out of %s is %s', (trunk, address, source, fault) => {
  expect(mediaAddressFault(trunk, { address, port: 4000 }, source)).toBe(fault);
});

test('RTP may come from the media addresses alone, or else from SDP and signaling source', () => {
  expect(allowedMediaSources(closed, '8.8.8.8', '203.0.113.10')).toEqual(['203.0.113.32/28']);
  expect(allowedMediaSources(open, '8.8.8.8', '203.0.113.10')).toEqual(['8.8.8.8', '203.0.113.10']);
  expect(allowedMediaSources(open, '203.0.113.10', '203.0.113.10')).toEqual(['203.0.113.10']);
  expect(allowedMediaSources(open, '0.0.0.0', '203.0.113.10')).toEqual(['203.0.113.10']);
});

test.each([
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'reserved'],
  ['0.1.2.3', 'unspecified'],
] as const)('in production nothing goes to %s, though the signaling comes from there', (address, fault) => {
  const policy = new MediaPolicy({ mode: 'production', addresses: [], ports: [] });
  const remote = { address, port: 4000 };
  // What is unspecified is a hold, to which nothing is sent anyway.
  expect(mediaAddressFault(open, remote, address, policy)).toBe(fault === 'unspecified' ? undefined : fault);
  expect(mediaAddressFault(closed, remote, address, policy)).not.toBe(null);
});

test('a trunk that names loopback itself has a neighbour there, in production too', () => {
  const policy = new MediaPolicy({ mode: 'production', addresses: [], ports: [] });
  const neighbour = { mediaAddresses: ['127.0.0.1'] };
  expect(mediaAddressFault(neighbour, { address: '127.0.0.1', port: 4000 }, '127.0.0.1', policy)).toBe(
    undefined,
  );
});

test('our own ports are no place for media, in whatever way they are written', () => {
  for (const mode of ['development', 'production'] as const) {
    const policy = new MediaPolicy({ mode, addresses: ['203.0.113.5', '2001:db8::5'], ports: [7882, 5060] });
    policy.opened(10_000);
    const fault = (address: string, port: number) =>
      mediaAddressFault(
        { mediaAddresses: ['203.0.113.0/24', '2001:db8::/32', '127.0.0.0/8'] },
        { address, port },
        CARRIER,
        policy,
      );
    for (const port of [7882, 5060, 10_000, 10_001])
      for (const address of ['203.0.113.5', '::ffff:203.0.113.5', '2001:db8::5', '127.0.0.1', '127.1.2.3'])
        expect(fault(address, port), `${address} ${port}`).toBe('our-own-port');
    expect(fault('203.0.113.5', 10_002)).toBe(undefined);
    expect(fault('203.0.113.6', 10_000)).toBe(undefined);
    policy.closed(10_000);
    expect(fault('203.0.113.5', 10_000)).toBe(undefined);
  }
});

test('the signaling source and the lists of a trunk vouch for an address, the SDP alone does not', () => {
  const trunk = { mediaAddresses: ['203.0.113.32/28'], allowedAddresses: ['198.51.100.0/24'] };
  const vouched = (address: string) => isVouchedFor(trunk, address, CARRIER);
  expect(['203.0.113.33', '198.51.100.9', CARRIER, '0.0.0.0'].map(vouched)).toEqual([true, true, true, true]);
  expect(['8.8.8.8', '10.0.0.1', '203.0.113.1'].map(vouched)).toEqual([false, false, false]);
});
