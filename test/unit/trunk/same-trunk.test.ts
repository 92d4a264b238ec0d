import { expect, test } from 'vitest';
import type { Flow } from '../../../src/sip/ports.ts';
import { sameTrunk } from '../../../src/trunk/same-trunk.ts';

const from = (address: string, transport: Flow['transport'] = 'udp'): Flow => ({
  transport,
  local: { address: '192.0.2.1', port: 5060 },
  remote: { address, port: 5060 },
});

test('one trunk must name both: what two trunks name one by one is not enough', () => {
  const trusted = sameTrunk([
    { allowedAddresses: ['192.0.2.0/28'] },
    { allowedAddresses: ['198.51.100.7', '2001:db8::/32'] },
  ]);
  expect(trusted(from('192.0.2.3'), from('192.0.2.9'))).toBe(true);
  expect(trusted(from('2001:db8::1'), from('198.51.100.7'))).toBe(true);
  expect(trusted(from('198.51.100.7'), from('192.0.2.9'))).toBe(false);
  expect(trusted(from('203.0.113.1'), from('192.0.2.9'))).toBe(false);
  expect(trusted(from('192.0.2.3'), from('203.0.113.1'))).toBe(false);
});

test('and for the transport of both', () => {
  const trusted = sameTrunk([
    { allowedAddresses: ['192.0.2.0/28'] },
    { allowedAddresses: ['0.0.0.0/0'], transports: ['ws'] },
  ]);
  // A web phone that changed networks, and its old connection.
  expect(trusted(from('203.0.113.1', 'ws'), from('198.51.100.7', 'wss'))).toBe(true);
  expect(trusted(from('192.0.2.3', 'tcp'), from('192.0.2.9'))).toBe(true);
  expect(trusted(from('192.0.2.3'), from('198.51.100.7', 'ws'))).toBe(false);
  expect(trusted(from('203.0.113.1', 'ws'), from('192.0.2.3'))).toBe(false);
});
