import { expect, test } from 'vitest';
import { allowedMediaSources, mediaAddressFault } from '../../../src/trunk/media-address.ts';

const open = { allowedAddresses: ['203.0.113.10'], mediaAddresses: [] };
const closed = { allowedAddresses: ['203.0.113.10'], mediaAddresses: ['203.0.113.32/28'] };
const local = { allowedAddresses: ['127.0.0.0/8', '10.0.0.0/8'], mediaAddresses: [] };

test.each([
  // TEST-NET belongs to nobody.
  [open, '198.51.100.1', 'reserved'],
  [open, '203.0.113.10', undefined],
  [open, '8.8.8.8', undefined],
  [open, '10.0.0.1', undefined],
  [open, '127.0.0.1', 'loopback'],
  [open, '::ffff:127.0.0.1', 'loopback'],
  [open, '169.254.169.254', 'link-local'],
  [open, '224.0.0.1', 'multicast'],
  [open, '255.255.255.255', 'reserved'],
  [open, 'phone.example.com', 'invalid'],
  [open, '0.0.0.0', undefined],
  [closed, '203.0.113.33', undefined],
  [closed, '203.0.113.64', 'outside-media-addresses'],
  [closed, '10.0.0.1', 'outside-media-addresses'],
  [local, '127.0.0.1', undefined],
  [local, '224.0.0.1', 'multicast'],
])('%j: %s is %s', (trunk, address, fault) => {
  expect(mediaAddressFault(trunk, address)).toBe(fault);
});

test('RTP may come from the media addresses alone, or else from SDP and signaling source', () => {
  expect(allowedMediaSources(closed, '8.8.8.8', '203.0.113.10')).toEqual(['203.0.113.32/28']);
  expect(allowedMediaSources(open, '8.8.8.8', '203.0.113.10')).toEqual(['8.8.8.8', '203.0.113.10']);
  expect(allowedMediaSources(open, '203.0.113.10', '203.0.113.10')).toEqual(['203.0.113.10']);
  expect(allowedMediaSources(open, '0.0.0.0', '203.0.113.10')).toEqual(['203.0.113.10']);
});
