import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test, vi } from 'vitest';
import { localAddresses } from '../../../src/app/local-addresses.ts';

const one = (
  address: string,
  cidr: string | null,
  kind: { family: 'IPv4' | 'IPv6'; internal?: true },
): NetworkInterfaceInfo => {
  const rest = { address, cidr, netmask: '', mac: '', internal: kind.internal === true };
  return kind.family === 'IPv6' ? { ...rest, family: 'IPv6', scopeid: 0 } : { ...rest, family: 'IPv4' };
};

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  networkInterfaces: () => ({
    lo: [
      one('127.0.0.1', '127.0.0.1/8', { family: 'IPv4', internal: true }),
      one('::1', '::1/128', { family: 'IPv6', internal: true }),
    ],
    eth0: [
      one('192.0.2.5', '192.0.2.5/24', { family: 'IPv4' }),
      one('2001:db8::5', '2001:db8::5/64', { family: 'IPv6' }),
      one('fe80::5', 'fe80::5/64', { family: 'IPv6' }),
      one('febf::5', 'febf::5/64', { family: 'IPv6' }),
    ],
    // Without a network nobody could be told by it.
    tun0: [one('198.51.100.5', null, { family: 'IPv4' })],
  }),
}));

test('addresses of a link only are nothing to tell, and loopback stands last', () => {
  expect(localAddresses().map(({ address, interface: name }) => `${address} ${name}`)).toEqual([
    '192.0.2.5 eth0',
    '2001:db8::5 eth0',
    '127.0.0.1 lo',
    '::1 lo',
  ]);
});
