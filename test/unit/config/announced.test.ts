import { expect, test } from 'vitest';
import { announcedAddresses, selectedAddresses } from '../../../src/app/config/announced.ts';
import type { LocalAddress } from '../../../src/app/local-addresses.ts';

const locals: LocalAddress[] = [
  local('2001:db8::5', 'eth0'),
  local('192.0.2.5', 'eth0'),
  local('127.0.0.1', 'lo'),
  local('::1', 'lo'),
];

function local(address: string, name: string): LocalAddress {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  return { address, cidr: `${address}/24`, family, interface: name, internal: name === 'lo' };
}

test('what is configured is announced, as the kernel writes it', () => {
  expect(announcedAddresses(['198.51.100.5'], locals, 'development')).toEqual(['198.51.100.5']);
  expect(announcedAddresses(['2001:DB8:0:0::0:7'], locals, 'development')).toEqual(['2001:db8::7']);
});

test('else this machine\u2019s, IPv4 first, and loopback in development or for want of anything else', () => {
  expect(announcedAddresses([], locals, 'production')).toEqual(['192.0.2.5', '2001:db8::5']);
  expect(announcedAddresses([], locals, 'development')).toEqual(['192.0.2.5', '2001:db8::5', '127.0.0.1']);
  expect(announcedAddresses([], [], 'production')).toEqual(['127.0.0.1']);
});

test('a machine without IPv4 announces IPv6 alone', () => {
  const v6 = locals.filter(({ family }) => family === 'IPv6');
  expect(announcedAddresses([], v6, 'production')).toEqual(['2001:db8::5']);
});

test('what STUN has discovered stands first, once', () => {
  expect(announcedAddresses([], locals, 'production', ['203.0.113.7', '2001:db8::5', '203.0.113.7'])).toEqual(
    ['203.0.113.7', '2001:db8::5', '192.0.2.5'],
  );
});

test.each<[string[], string[], string[]]>([
  [[], [], ['192.0.2.5', '10.1.0.5', '172.17.0.1', '2001:db8::5']],
  [['eth*'], [], ['192.0.2.5', '10.1.0.5', '2001:db8::5']],
  [['eth0', '172.16.0.0/12'], [], ['192.0.2.5', '172.17.0.1', '2001:db8::5']],
  [[], ['docker*', '10.0.0.0/8'], ['192.0.2.5', '2001:db8::5']],
  [['eth*'], ['2000::/3'], ['192.0.2.5', '10.1.0.5']],
  [['eth'], [], []],
  [['et.0'], [], []],
])('included %j, excluded %j', (include, exclude, expected) => {
  const all = [
    local('192.0.2.5', 'eth0'),
    local('10.1.0.5', 'eth1'),
    local('172.17.0.1', 'docker0'),
    local('2001:db8::5', 'eth0'),
  ];
  expect(selectedAddresses(all, { include, exclude }).map(({ address }) => address)).toEqual(expected);
});
