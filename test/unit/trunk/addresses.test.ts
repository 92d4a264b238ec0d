import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressSet, addressScope, parseNetwork } from '../../../src/trunk/addresses.ts';
import { admission } from '../../../src/trunk/admission.ts';
import { trunk } from './trunks.ts';

const flow = (address: string) => ({
  transport: 'udp' as const,
  local: { address: '192.0.2.1', port: 5060 },
  remote: { address, port: 5060 },
});

describe('address sets', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.0/24', '::ffff:192.0.2.9', true],
    ['::ffff:192.0.2.0/120', '192.0.2.9', true],
    ['::ffff:192.0.2.0/120', '192.0.3.9', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/32', '192.0.2.1', false],
    ['10.0.0.0/8', 'not an address', false],
    ['10.0.0.0/8', '10.1', false],
    ['10.0.0.0/8', '012.0.0.1', false],
  ])('%s has %s: %s', (network, address, inside) => {
    expect(new AddressSet([network]).has(address)).toBe(inside);
  });

  test('an empty set, or one of nonsense, has nobody', () => {
    for (const set of [new AddressSet([]), new AddressSet(['example.com', '1.2.3.4/33', ''])]) {
      expect(set.has('192.0.2.1')).toBe(false);
      expect(set.has('example.com')).toBe(false);
    }
  });

  test('any IPv4 network has exactly the addresses that share its first bits', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const value = (bytes: readonly number[]) => bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (network, address, bits) => {
        const size = 2 ** (32 - bits);
        const expected = Math.floor(value(network) / size) === Math.floor(value(address) / size);
        expect(new AddressSet([`${network.join('.')}/${bits}`]).has(address.join('.'))).toBe(expected);
      }),
    );
  });

  test('nothing makes it throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseNetwork(text);
        addressScope(text);
        new AddressSet([text]).has(text);
      }),
    );
  });

  test.each([
    ['8.8.8.8', 'public'],
    ['10.0.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['255.255.255.255', 'reserved'],
    ['phone.example.com', 'invalid'],
    ['0x7f.1', 'invalid'],
  ])('%s is %s', (address, scope) => {
    expect(addressScope(address)).toBe(scope);
  });
});

describe('admission', () => {
  test('whom a trunk names is admitted, everybody else is ignored', () => {
    const admit = admission([
      trunk({ allowedAddresses: ['192.0.2.0/24'] }),
      trunk({ allowedAddresses: ['198.51.100.7'] }),
    ]);
    expect(admit(flow('192.0.2.99'))).toBe('admit');
    expect(admit(flow('198.51.100.7'))).toBe('admit');
    expect(admit(flow('198.51.100.8'))).toBe('ignore');
    expect(admit(flow('198.51.100.8'))).toBe('ignore');
    expect(admit(flow('nonsense'))).toBe('ignore');
  });

  test('for a transport that the trunk takes: WebSockets only when it says so', () => {
    const admit = admission([
      trunk({ allowedAddresses: ['192.0.2.0/24'] }),
      trunk({ allowedAddresses: ['0.0.0.0/0'], transports: ['ws'] }),
    ]);
    const by = (transport: 'udp' | 'tls' | 'ws' | 'wss', address: string) =>
      admit({ ...flow(address), transport });
    expect([by('udp', '192.0.2.1'), by('tls', '192.0.2.1')]).toEqual(['admit', 'admit']);
    expect([by('ws', '203.0.113.9'), by('wss', '203.0.113.9')]).toEqual(['admit', 'admit']);
    expect([by('udp', '203.0.113.9'), by('tls', '203.0.113.9')]).toEqual(['ignore', 'ignore']);
    const plain = admission([trunk({ allowedAddresses: ['192.0.2.0/24'] })]);
    expect(plain({ ...flow('192.0.2.1'), transport: 'ws' })).toBe('ignore');
  });

  test('without trunks nobody is', () => {
    expect(admission([])(flow('127.0.0.1'))).toBe('ignore');
  });

  test('a spray of sources turns the memory over and changes no verdict', () => {
    const admit = admission([trunk()]);
    for (let i = 0; i < 20_000; i++) {
      const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
      expect(admit(flow(address))).toBe('ignore');
      if (i % 500 === 0) expect(admit(flow('192.0.2.5'))).toBe('admit');
    }
  });
});
