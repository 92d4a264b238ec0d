import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { peerRule } from '../../../src/turn/peer-rule.ts';
import { isDisguised, isNeverPeer } from '../../../src/turn/refused-peers.ts';

const OWN = ['192.0.2.20', '2001:db8::20', '127.0.0.1', '::1', '10.9.9.9'];
const MEDIA = { addresses: ['192.0.2.20', '2001:db8::20'], ports: [7882, 7883] };

/** Never peers, though networks that hold them all are allowed. */
const NEVER = [
  ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.0.1', '169.254.0.1', '169.254.169.254', '168.63.129.16'],
  ...['100.100.100.200', '192.0.0.192', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::127.0.0.1', '::8.8.8.8', '64:ff9b::808:808'],
  ...[
    '64:ff9b:1::808:808',
    '100::1',
    '2002:808:808::1',
    '2001:0:808:808::1',
    'fe80::1',
    'febf::1',
    'fec0::1',
  ],
  ...['feff::1', 'ff02::1', 'ff0e::1', 'fd00:ec2::254', 'fd20:ce::254', '4000::1', 'not an address', ''],
  // Credentials of a pod in EKS, and the metadata services of Oracle and of Scaleway.
  ...['fd00:ec2::23', 'fd00:ec2::253', 'fd00:c1::a9fe:a9fe', 'fd00:42::42'],
  // ISATAP (RFC 5214): an address of IPv4 behind any prefix.
  ...['2001:db8::5efe:7f00:1', '2001:db8::200:5efe:a9fe:a9fe', 'fd12::5efe:10.0.0.1'],
];

describe('by default', () => {
  const allowed = peerRule({ media: MEDIA, own: OWN, networks: [] });

  it('media of ours on its ports, and nothing else', () => {
    for (const address of MEDIA.addresses) {
      expect([7882, 7883].map((port) => allowed(address, port))).toEqual([true, true]);
      expect([0, 22, 3478, 5060, 7880, 7881].some((port) => allowed(address, port))).toBe(false);
    }
    for (const address of ['127.0.0.1', '::1', '10.9.9.9', '8.8.8.8', '192.168.1.1', ...NEVER])
      expect(allowed(address, 7882), address).toBe(false);
  });

  it('no disguise of it', () => {
    for (const address of ['::ffff:192.0.2.20', '::192.0.2.20', '64:ff9b::c000:214', '2002:c000:214::'])
      expect([isDisguised(address), allowed(address, 7882)], address).toEqual([true, false]);
    // Not even when somebody announces it.
    const media = { addresses: ['::ffff:192.0.2.20'], ports: [7882] };
    expect(peerRule({ media, own: OWN, networks: [] })('::ffff:192.0.2.20', 7882)).toBe(false);
  });

  it('loopback is no disguise, but whatever carries an address of IPv4 is', () => {
    expect(['::', '::1', '2001:db8::1', '1::', 'fe80::1'].some(isDisguised)).toBe(false);
    for (const address of [
      '::2',
      '::7f00:1',
      '::ffff:0:7f00:1',
      '::ffff:7f00:1',
      '64:ff9b::1',
      '2001::1',
      '2002::1',
    ])
      expect(isDisguised(address), address).toBe(true);
  });

  it('media on loopback, where that is announced (--dev)', () => {
    const dev = peerRule({ media: { ...MEDIA, addresses: ['127.0.0.1'] }, own: OWN, networks: [] });
    expect([dev('127.0.0.1', 7882), dev('127.0.0.1', 22), dev('127.0.0.2', 7882)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('with networks that are allowed', () => {
  const everything = ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'];
  const allowed = peerRule({ media: MEDIA, own: OWN, networks: everything });

  it.each(NEVER)('%j is refused all the same', (address) => {
    expect(isNeverPeer(address)).toBe(true);
    expect(allowed(address, 80)).toBe(false);
    expect(allowed(address, 7882)).toBe(false);
  });

  it('what is named may be talked to, private or not, but not this machine beside its media', () => {
    const some = peerRule({ media: MEDIA, own: OWN, networks: ['10.0.0.0/8', 'fd12::/16', '203.0.113.7'] });
    for (const address of ['10.1.2.3', 'fd12::1', 'fd12::100:5efe:a00:1', '203.0.113.7'])
      expect(some(address, 4000), address).toBe(true);
    for (const address of ['11.1.2.3', 'fd13::1', '203.0.113.8', '10.9.9.9', '192.0.2.20'])
      expect(some(address, 4000), address).toBe(false);
    expect(some('10.1.2.3', 0)).toBe(false);
    expect(some('192.0.2.20', 7882)).toBe(true);
  });

  it('takes any text without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), fc.nat(65_535), (address, port) => {
        allowed(address, port);
      }),
    );
  });
});
