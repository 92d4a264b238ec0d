import { expect, test } from 'vitest';
import { announcedAddresses } from '../../../src/app/config/announced.ts';

const interfaces = [
  { address: '127.0.0.1', family: 'IPv4', internal: true },
  { address: '192.0.2.5', family: 'IPv4', internal: false },
  { address: '2001:db8::5', family: 'IPv6', internal: false },
  undefined,
];

test('what is configured is announced', () => {
  expect(announcedAddresses(['198.51.100.5'], interfaces, 'development')).toEqual(['198.51.100.5']);
});

test('else this machine\u2019s IPv4, and loopback in development or for want of anything else', () => {
  expect(announcedAddresses([], interfaces, 'production')).toEqual(['192.0.2.5']);
  expect(announcedAddresses([], interfaces, 'development')).toEqual(['192.0.2.5', '127.0.0.1']);
  expect(announcedAddresses([], [], 'production')).toEqual(['127.0.0.1']);
});
