import { expect, test } from 'vitest';
import { allowedMediaSources, mediaAddressFault } from '../../../src/trunk/media-address.ts';

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
  expect(mediaAddressFault(trunk, address, source)).toBe(fault);
});

test('RTP may come from the media addresses alone, or else from SDP and signaling source', () => {
  expect(allowedMediaSources(closed, '8.8.8.8', '203.0.113.10')).toEqual(['203.0.113.32/28']);
  expect(allowedMediaSources(open, '8.8.8.8', '203.0.113.10')).toEqual(['8.8.8.8', '203.0.113.10']);
  expect(allowedMediaSources(open, '203.0.113.10', '203.0.113.10')).toEqual(['203.0.113.10']);
  expect(allowedMediaSources(open, '0.0.0.0', '203.0.113.10')).toEqual(['203.0.113.10']);
});
