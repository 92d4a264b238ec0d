import { expect, test } from 'vitest';
import { announcedAddresses } from '../../../src/app/config/announced.ts';
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
