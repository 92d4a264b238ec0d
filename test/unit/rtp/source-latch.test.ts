import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inRange, parseAddress, parseRange } from '../../../src/rtp/address-range.ts';
import { SourceLatch } from '../../../src/rtp/source-latch.ts';

const PHONE = { address: '192.0.2.10', port: 4000 };

function latched(allowed: readonly string[] = ['192.0.2.0/24']): SourceLatch {
  const latch = new SourceLatch();
  latch.expect(PHONE, allowed, 0);
  return latch;
}

describe('source latch', () => {
  it('lets nothing in before any SDP', () => {
    expect(new SourceLatch().admit('192.0.2.10', 4000, 0)).toBe('source-not-allowed');
  });

  it('believes the SDP first, and then nobody else', () => {
    const latch = latched();
    expect(latch.admit(PHONE.address, PHONE.port, 0)).toBe('ok');
    expect(latch.admit('192.0.2.11', 4000, 1)).toBe('source-not-latched');
    expect(latch.admit(PHONE.address, 4002, 2)).toBe('source-not-latched');
    expect(latch.destination).toEqual(PHONE);
  });

  it('learns another port of the phone once, and sends there', () => {
    const latch = latched([]);
    expect(latch.admit(PHONE.address, 61_000, 0)).toBe('ok');
    expect(latch.destination).toEqual({ address: PHONE.address, port: 61_000 });
    expect(latch.admit(PHONE.address, 61_002, 1)).toBe('source-not-latched');
    expect(latch.admit(PHONE.address, 61_000, 2)).toBe('ok');
  });

  it('an attacker from elsewhere gets nothing, however early and often', () => {
    const latch = latched();
    for (let i = 0; i < 100; i++) expect(latch.admit('203.0.113.66', 4000 + i, i)).toBe('source-not-allowed');
    expect(latch.destination).toEqual(PHONE);
    expect(latch.admit(PHONE.address, PHONE.port, 200)).toBe('ok');
  });

  it('an attacker from an allowed address who was first loses to the source that the SDP names', () => {
    const latch = latched();
    expect(latch.admit('192.0.2.66', 5000, 0)).toBe('ok');
    expect(latch.admit(PHONE.address, PHONE.port, 20)).toBe('ok');
    expect(latch.admit('192.0.2.66', 5000, 40)).toBe('source-not-latched');
    expect(latch.destination).toEqual(PHONE);
  });

  it('relearns after a re-INVITE only, and only for a while', () => {
    const latch = latched();
    latch.admit(PHONE.address, 61_000, 0);
    latch.expect(PHONE, ['192.0.2.0/24'], 1000);
    expect(latch.admit(PHONE.address, 61_000, 1001)).toBe('ok');
    expect(latch.admit(PHONE.address, 61_500, 1002)).toBe('ok');
    expect(latch.admit(PHONE.address, 61_000, 1003)).toBe('source-not-latched');
    latch.expect(PHONE, ['192.0.2.0/24'], 10_000);
    expect(latch.admit(PHONE.address, 62_000, 16_000)).toBe('source-not-latched');
    expect(latch.admit(PHONE.address, 61_500, 16_001)).toBe('ok');
  });

  it('after a re-INVITE to elsewhere, what is still under way from the old place is not learned', () => {
    const latch = latched();
    latch.admit(PHONE.address, PHONE.port, 0);
    latch.expect({ address: '192.0.2.20', port: 6000 }, ['192.0.2.0/24'], 1000);
    expect(latch.destination).toEqual({ address: '192.0.2.20', port: 6000 });
    expect(latch.admit(PHONE.address, PHONE.port, 1010)).toBe('source-not-latched');
    expect(latch.admit('192.0.2.20', 6000, 1020)).toBe('ok');
  });

  it('RTCP is taken from the known address and moves nothing', () => {
    const latch = latched();
    expect(latch.admitRtcp('192.0.2.66')).toBe('source-not-allowed');
    expect(latch.admitRtcp(PHONE.address)).toBe('ok');
    expect(latch.destination).toEqual(PHONE);
  });
});

describe('address ranges', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/25', '192.0.2.128', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['2001:db8::/32', '2001:db8:1::5', true],
    ['2001:db8::/32', '2001:db9::5', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '2001:db8::', false],
    ['fe80::/10', 'fe80::1%eth0', true],
  ])('%s holds %s: %s', (range, address, expected) => {
    expect(inRange(parseAddress(address)!, parseRange(range)!)).toBe(expected);
  });
  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/-1',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
  ])('refuses %s', (text) => expect(parseRange(text)).toBeUndefined());
  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseRange(text)));
    fc.assert(fc.property(fc.ipV4(), (text) => parseAddress(text)?.length === 4));
    fc.assert(fc.property(fc.ipV6(), (text) => parseAddress(text) !== undefined));
  });
});
