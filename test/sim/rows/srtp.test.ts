/** Rows 25 and 29: SRTP by keys in SDP, towards a carrier that writes everything by hand. */
import { describe, expect, test } from 'vitest';
import { MarkedOpener, MarkedSealer } from '../../../src/rtp/srtp/mki.ts';
import { rtpHeaderLength } from '../../../src/rtp/srtp/session.ts';
import { CRYPTO_SUITES, type CryptoLine, type CryptoSuite, writeCrypto } from '../../../src/sdp/crypto.ts';
import { readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { type RawCarrier, rowWorld } from './raw-carrier.ts';

const REQUIRED = { trunk: { mediaEncryption: 'required' } } as const;

function keyLine(suite: CryptoSuite, fill: number, tag = 1): CryptoLine {
  const { key, salt } = CRYPTO_SUITES[suite];
  return { tag, suite, key: new Uint8Array(key).fill(fill), salt: new Uint8Array(salt).fill(fill) };
}

/** The key that the gateway's last SDP names. */
function answeredKey(carrier: RawCarrier): CryptoLine {
  const text = carrier.last('SIP/2.0 200');
  const described = readPhoneSdp(text.slice(text.indexOf('\r\n\r\n') + 4));
  const line = described.ok
    ? described.value.lines.find(({ audio }) => audio?.crypto.length === 1)
    : undefined;
  if (line === undefined) throw new Error(text);
  return line.audio!.crypto[0]!;
}

/** Under `ours` the carrier sends from now on, under `theirs` it hears. */
function protect(carrier: RawCarrier, ours: CryptoLine, theirs: CryptoLine) {
  const sealer = new MarkedSealer(ours.suite, ours, ours.mki);
  const opener = new MarkedOpener(theirs.suite, theirs, theirs.mki);
  const faults: string[] = [];
  carrier.seal = (packet) => {
    const bytes = new Uint8Array(packet.length + 40);
    bytes.set(packet);
    const length = sealer.sealRtp(bytes, rtpHeaderLength(packet, packet.length), packet.length);
    if (typeof length === 'string') throw new Error(length);
    return bytes.subarray(0, length);
  };
  carrier.open = (packet) => {
    const bytes = packet.slice();
    const length = opener.openRtp(bytes, bytes.length);
    if (typeof length === 'number') return bytes.subarray(0, length);
    faults.push(length);
    return undefined;
  };
  return { faults, opener };
}

const offerOf = (carrier: RawCarrier, key: CryptoLine, ...more: string[]) =>
  carrier.sdp(['m=audio 4000 RTP/SAVP 8', writeCrypto(key), ...more]);

/** A call under SRTP. */
function secured(suite: CryptoSuite = 'AES_CM_128_HMAC_SHA1_80', first = 100) {
  const world = rowWorld(REQUIRED);
  const { carrier, pass } = world;
  const ours = keyLine(suite, 7);
  carrier.stream.sequence = first;
  carrier.send('INVITE', { sdp: offerOf(carrier, ours) });
  pass(200);
  expect(carrier.finals('INVITE')).toEqual([200]);
  const theirs = answeredKey(carrier);
  const protection = protect(carrier, ours, theirs);
  carrier.send('ACK', { cseq: 1 });
  carrier.talk = { frameMs: 20, law: 'pcma' };
  pass(400);
  return { ...world, ours, theirs, ...protection };
}

describe('row 29: a trunk that requires SRTP', () => {
  test.each(Object.keys(CRYPTO_SUITES) as CryptoSuite[])('has a call both ways by %s', (suite) => {
    const { carrier, theirs, ours, faults, heardFor, finish } = secured(suite);
    expect(theirs.suite).toBe(suite);
    expect(theirs.key).not.toEqual(ours.key);
    expect(heardFor(500)).toBeGreaterThan(-18);
    // What came before our keys were known to the carrier does not count.
    const before = { heard: carrier.rtp.length, faults: faults.length };
    heardFor(500);
    expect(carrier.rtp.length - before.heard).toBeGreaterThanOrEqual(24);
    expect(faults.length).toBe(before.faults);
    expect(carrier.rtp.at(-1)).toMatchObject({ payloadType: 8, bytes: 160 });
    finish();
  });

  test.each(['AES_CM_128_HMAC_SHA1_32', 'AES_256_CM_HMAC_SHA1_80', 'AEAD_AES_128_GCM'] as const)(
    'marks packets by their key where the far end does, by %s, until it changes key and mark',
    (suite) => {
      const { carrier, pass, heardFor, finish } = rowWorld(REQUIRED);
      const first = { ...keyLine(suite, 7), mki: Uint8Array.of(0, 0, 0, 1) };
      carrier.send('INVITE', { sdp: offerOf(carrier, first) });
      pass(200);
      const theirs = answeredKey(carrier);
      expect(theirs.mki).toEqual(first.mki);
      const { faults } = protect(carrier, first, theirs);
      carrier.send('ACK', { cseq: 1 });
      carrier.talk = { frameMs: 20, law: 'pcma' };
      pass(400);
      expect(heardFor(500)).toBeGreaterThan(-18);
      const before = { heard: carrier.rtp.length, faults: faults.length };
      pass(6000);
      expect(carrier.rtp.length - before.heard).toBeGreaterThanOrEqual(299);
      expect(faults.length).toBe(before.faults);
      const next = { ...keyLine(suite, 9), mki: Uint8Array.of(0, 0, 0, 2) };
      carrier.send('INVITE', { cseq: 2, sdp: offerOf(carrier, next) });
      // Still under the first key and its mark.
      expect(heardFor(300)).toBeGreaterThan(-18);
      expect(answeredKey(carrier).mki).toEqual(next.mki);
      protect(carrier, next, answeredKey(carrier));
      carrier.send('ACK', { cseq: 2 });
      pass(300);
      expect(heardFor(500)).toBeGreaterThan(-18);
      finish();
    },
  );

  test('refuses an offer in the clear', () => {
    const { carrier, pass, finish } = rowWorld(REQUIRED);
    carrier.send('INVITE', { branch: 'one', sdp: carrier.sdp() });
    pass(100);
    expect(carrier.finals('INVITE')).toEqual([488]);
    expect(carrier.last('SIP/2.0 488')).toContain('Reason: Q.850;cause=65;text="encryption-required');
    carrier.send('ACK', { branch: 'one', cseq: 1 });
    finish();
  });

  test('does not let a call be taken into the clear', () => {
    const { carrier, pass, heardFor, finish } = secured();
    carrier.send('INVITE', { branch: 'clear', cseq: 2, sdp: carrier.sdp() });
    pass(100);
    expect(carrier.finals('INVITE')).toEqual([200, 488]);
    carrier.send('ACK', { branch: 'clear', cseq: 2 });
    pass(100);
    expect(heardFor(500)).toBeGreaterThan(-18);
    finish();
  });

  test('hears nothing in the clear, from wherever it comes, and no garbage ends the call', () => {
    const { net, carrier, gateway, pass, heardFor, finish } = secured();
    const { seal } = carrier;
    const attacker = net.open('10.0.6.6', 4000);
    carrier.seal = (packet) => packet;
    pass(200);
    expect(heardFor(1000), 'plain RTP of the carrier itself').toBeLessThan(-60);
    let heard = 0;
    attacker.onDatagram = () => void heard++;
    carrier.talk = { frameMs: 20, law: 'pcma', from: attacker };
    expect(heardFor(500), 'plain RTP of somebody').toBeLessThan(-60);
    for (let i = 0; i < 10_000; i++) {
      const garbage = net.random.bytes(182);
      garbage.set([0x80, 8]);
      (i % 2 === 0 ? attacker : carrier.media).send(garbage, carrier.port, '10.0.0.1');
      if (i % 100 === 0) pass(10);
    }
    expect(heard).toBe(0);
    carrier.seal = seal;
    carrier.talk = { frameMs: 20, law: 'pcma' };
    pass(500);
    expect(heardFor(500)).toBeGreaterThan(-18);
    expect(carrier.requests).toEqual([]);
    expect(gateway.rooms.find('lobby')?.participants.size).toBe(2);
    finish();
  });

  test('keeps the roll-over counter over a hold with the same key', () => {
    const { carrier, ours, theirs, pass, heardFor, finish } = secured(undefined, 65_520);
    expect(carrier.stream.sequence).toBeGreaterThan(65_536);
    expect(heardFor(500)).toBeGreaterThan(-18);
    carrier.send('INVITE', { cseq: 2, sdp: offerOf(carrier, ours, 'a=sendonly') });
    pass(100);
    expect(answeredKey(carrier).key).toEqual(theirs.key);
    carrier.send('ACK', { cseq: 2 });
    pass(1000);
    carrier.send('INVITE', { cseq: 3, sdp: offerOf(carrier, ours) });
    pass(100);
    expect(answeredKey(carrier).key).toEqual(theirs.key);
    carrier.send('ACK', { cseq: 3 });
    pass(500);
    const before = carrier.rtp.length;
    expect(heardFor(500)).toBeGreaterThan(-18);
    expect(carrier.rtp.length - before).toBeGreaterThanOrEqual(24);
    finish();
  });

  test('changes keys by re-INVITE, ours too; what was under way is heard', () => {
    const { carrier, theirs, pass, heardFor, finish } = secured(undefined, 65_520);
    const next = keyLine('AEAD_AES_256_GCM', 9, 3);
    carrier.send('INVITE', { cseq: 2, sdp: offerOf(carrier, next) });
    // The carrier goes on under its old key until the answer is there, and a little longer.
    const talked = heardFor(300);
    expect(talked).toBeGreaterThan(-18);
    const ours = answeredKey(carrier);
    expect(ours).toMatchObject({ suite: 'AEAD_AES_256_GCM', tag: 3 });
    expect(ours.key).not.toEqual(theirs.key);
    protect(carrier, next, ours);
    carrier.send('ACK', { cseq: 2 });
    pass(300);
    const before = carrier.rtp.length;
    expect(heardFor(500)).toBeGreaterThan(-18);
    expect(carrier.rtp.length - before).toBeGreaterThanOrEqual(24);
    finish();
  });

  test('tells RTCP under SRTCP only', () => {
    const { carrier, net, opener, pass, finish } = secured();
    const reports: (number | string)[] = [];
    const port = net.open('10.0.1.9', 4101);
    port.onDatagram = (bytes) => void reports.push(opener.openRtcp(bytes.slice(), bytes.length));
    const key = keyLine('AES_CM_128_HMAC_SHA1_80', 7);
    carrier.send('INVITE', { cseq: 2, sdp: offerOf(carrier, key, 'a=rtcp:4101') });
    pass(100);
    carrier.send('ACK', { cseq: 2 });
    pass(20_000);
    expect(reports.length).toBeGreaterThanOrEqual(2);
    expect(reports.every((length) => typeof length === 'number')).toBe(true);
    finish();
  });

  test('row 5: offers SRTP alone to who offers nothing', () => {
    const { carrier, pass, heardFor, finish } = rowWorld(REQUIRED);
    carrier.send('INVITE');
    pass(200);
    const text = carrier.last('SIP/2.0 200');
    expect(text).toMatch(/^m=audio \d+ RTP\/SAVP 8 0 101\r$/m);
    expect(text).not.toContain('RTP/AVP');
    const offered = readPhoneSdp(text.slice(text.indexOf('\r\n\r\n') + 4));
    const theirs = offered.ok ? offered.value.lines[0]!.audio!.crypto[1]! : undefined;
    expect(theirs?.suite).toBe('AES_256_CM_HMAC_SHA1_80');
    const ours = keyLine('AES_256_CM_HMAC_SHA1_80', 3, theirs!.tag);
    protect(carrier, ours, theirs!);
    carrier.send('ACK', { cseq: 1, sdp: offerOf(carrier, ours) });
    carrier.talk = { frameMs: 20, law: 'pcma' };
    pass(500);
    expect(heardFor(500)).toBeGreaterThan(-18);
    finish();
  });
});

test('row 25: where SRTP is allowed, of a twin the line with keys is taken', () => {
  const { carrier, pass, heardFor, finish } = rowWorld({ trunk: { mediaEncryption: 'allowed' } });
  const ours = keyLine('AES_CM_128_HMAC_SHA1_80', 7);
  const twin = ['m=audio 4000 RTP/AVP 8', 'm=audio 4000 RTP/SAVP 8', writeCrypto(ours)];
  carrier.send('INVITE', { sdp: carrier.sdp(twin) });
  pass(200);
  expect(carrier.last('SIP/2.0 200')).toMatch(/^m=audio 0 RTP\/AVP 8\r\nm=audio [1-9]\d* RTP\/SAVP 8\r$/m);
  protect(carrier, ours, answeredKey(carrier));
  carrier.send('ACK', { cseq: 1 });
  carrier.talk = { frameMs: 20, law: 'pcma' };
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});
