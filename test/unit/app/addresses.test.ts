import { expect, test } from 'vitest';
import { announcer } from '../../../src/app/addresses.ts';
import { isLinkLocalV6, type LocalAddress, unstableAddresses } from '../../../src/app/local-addresses.ts';
import { relayPlaces } from '../../../src/app/relay-sockets.ts';

function local(cidr: string): LocalAddress {
  const [address = ''] = cidr.split('/');
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  const internal = address === '127.0.0.1' || address === '::1';
  return { address, cidr, family, interface: internal ? 'lo' : 'eth0', internal };
}

const locals = ['192.0.2.5/24', '2001:db8::5/64', 'fd00::5/64', '127.0.0.1/8', '::1/128'].map(local);

function told(announced: readonly string[], remote: string): string {
  return announcer(announced, locals)({ address: remote });
}

test.each([
  ['its network, IPv4', '192.0.2.9', '192.0.2.5'],
  ['its network, IPv6', 'fd00::9', 'fd00::5'],
  ['loopback', '127.0.0.1', '127.0.0.1'],
  ['loopback of IPv6', '::1', '::1'],
  ['far, IPv4', '198.51.100.1', '192.0.2.5'],
  ['far, IPv6', '2001:db8:1::1', '2001:db8::5'],
])('%s: a remote is told an address of its own family that it reaches', (_, remote, expected) => {
  expect(told(['192.0.2.5', '2001:db8::5', 'fd00::5'], remote)).toBe(expected);
});

test('behind a 1:1 NAT the public address is told to who is far, of either family', () => {
  expect(told(['203.0.113.7'], '198.51.100.1')).toBe('203.0.113.7');
  // No public IPv6 is configured: what we have is better than an address that IPv6 cannot be told.
  expect(told(['203.0.113.7'], '2001:db8:1::1')).toBe('2001:db8::5');
  expect(told(['2001:db8:f::7'], '198.51.100.1')).toBe('192.0.2.5');
  expect(told(['203.0.113.7'], '192.0.2.9')).toBe('203.0.113.7');
});

test.each([
  ['fe80::1', true],
  ['FEBF::1', true],
  ['fec0::1', false],
  ['fd00::1', false],
  ['2001:db8::fe80', false],
])('%s is of a link only: %s', (address, expected) => {
  expect(isLinkLocalV6(address)).toBe(expected);
});

test('temporary, tentative and deprecated addresses are known by the kernel\u2019s flags', () => {
  const table = [
    '20010db8000000000000000000000005 02 40 00 80     eth0',
    '20010db8000000000000000000000006 02 40 00 01     eth0',
    '20010db8000000000000000000000007 02 40 00 40     eth0',
    '20010db8000000000000000000000008 02 40 00 a0     eth1',
    '',
  ].join('\n');
  expect(unstableAddresses(table)).toEqual([
    '20010db8000000000000000000000006 eth0',
    '20010db8000000000000000000000007 eth0',
    '20010db8000000000000000000000008 eth1',
  ]);
  expect(unstableAddresses('')).toEqual([]);
});

test('relays of a family stand at its first announced address, and are bound there or, behind a NAT, on any', () => {
  const bound: string[] = [];
  const sockets = {
    sendsWhole: true,
    open({ address }: { address: string }): Promise<never> {
      bound.push(address);
      return Promise.reject(new Error('the test opens nothing'));
    },
  };
  const { addresses, opener } = relayPlaces(['203.0.113.7', '2001:db8::5', 'fd00::5'], locals, sockets);
  expect(addresses).toEqual({ ipv4: '203.0.113.7', ipv6: '2001:db8::5' });
  opener.open('ipv4', 30_000, () => {});
  opener.open('ipv6', 30_000, () => {});
  expect(bound).toEqual(['0.0.0.0', '2001:db8::5']);
  expect(opener.sendsWhole).toBe(true);
  expect(relayPlaces(['203.0.113.7'], locals, sockets).addresses).toEqual({ ipv4: '203.0.113.7' });
});
