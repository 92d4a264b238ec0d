import { setTimeout as sleep } from 'node:timers/promises';
import { SipClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { Gateway } from '../support/gateway.ts';
import { SipRewriter } from '../support/sip-rewriter.ts';
import { toneLevel } from '../support/tones.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});

afterAll(async () => {
  await gateway?.stop();
});

/** How loud a tone is in the last second of what a phone heard, dBFS. */
function heardAtTheEnd(phone: Baresip, hz: number): number {
  const { samples, sampleRate } = phone.heard();
  return toneLevel(samples.subarray(samples.length - sampleRate), sampleRate, hz);
}

test.each(['srtp-mand', 'srtp', 'dtls_srtp'] as const)(
  'a softphone with mediaenc=%s and one in the clear hear each other',
  async (encryption) => {
    const secret = await Baresip.start({
      user: '60377777001',
      tone: { hz: 440, amplitude: 8192 },
      encryption,
    });
    const open = await Baresip.start({ user: '60377777002', tone: { hz: 880, amplitude: 8192 } });
    try {
      await open.dial(`sip:srtp-${encryption}@127.0.0.1:${gateway.ports.sip}`);
      await secret.dial(`sip:srtp-${encryption}@127.0.0.1:${gateway.ports.sip}`);
      await sleep(4000);
      secret.hangUp();
      await secret.closed();
      // Before the other one hears how it is to be alone.
      open.hangUp();
      await open.closed();
      expect(heardAtTheEnd(secret, 880)).toBeGreaterThan(-20);
      expect(heardAtTheEnd(open, 440)).toBeGreaterThan(-20);
      if (encryption === 'srtp-mand')
        expect(secret.output).toMatch(/AES_CM_128_HMAC_SHA1|AEAD_AES|AES_256_CM/);
    } finally {
      await secret.stop();
      await open.stop();
    }
  },
);

test('a softphone that calls and waits for our handshake (setup:passive) and one in the clear hear each other', async () => {
  // No softphone offers that by itself; told that we begin, it waits.
  const between = await SipRewriter.start(gateway.ports.sip, (line) =>
    line === 'a=setup:actpass' ? 'a=setup:passive' : line,
  );
  const secret = await Baresip.start({
    ...{ user: '60377777005', tone: { hz: 440, amplitude: 8192 }, encryption: 'dtls_srtp' },
  });
  const open = await Baresip.start({ user: '60377777006', tone: { hz: 880, amplitude: 8192 } });
  try {
    await open.dial(`sip:dtls-waits@127.0.0.1:${gateway.ports.sip}`);
    await secret.dial(`sip:dtls-waits@127.0.0.1:${between.port}`);
    await sleep(4000);
    secret.hangUp();
    await secret.closed();
    open.hangUp();
    await open.closed();
    expect(heardAtTheEnd(secret, 880)).toBeGreaterThan(-20);
    expect(heardAtTheEnd(open, 440)).toBeGreaterThan(-20);
  } finally {
    await secret.stop();
    await open.stop();
    between.stop();
  }
});

test.each(['begins', 'waits'])(
  'a softphone that is called with DTLS-SRTP, and %s, and one that calls hear each other',
  async (what) => {
    const secret = await Baresip.start({
      ...{
        user: '+60377777003',
        tone: { hz: 440, amplitude: 8192 },
        encryption: 'dtls_srtp',
        answer: 'auto',
      },
    });
    // Told that we begin, which no offer may say, it waits; and answers that it begins, which it says whatever it does.
    const between = await SipRewriter.start(secret.sipPort, (line, from) => {
      if (what === 'begins' || !line.startsWith('a=setup:')) return line;
      return from === 'caller' ? 'a=setup:active' : 'a=setup:passive';
    });
    const trunks = [
      { id: 'pbx', address: `127.0.0.1:${between.port}`, country: 'MY', media_encryption: 'dtls' },
    ];
    const caller = await Gateway.start({ TRUNKROOM_OUTBOUND_TRUNKS: JSON.stringify(trunks) });
    const open = await Baresip.start({ user: '60377777004', tone: { hz: 880, amplitude: 8192 } });
    try {
      await open.dial(`sip:dtls-out@127.0.0.1:${caller.ports.sip}`);
      const sip = new SipClient(caller.url, 'devkey', 'secret');
      await sip.createSipParticipant('pbx', '+60377777003', 'dtls-out', { waitUntilAnswered: true });
      await sleep(4000);
      secret.hangUp();
      await secret.closed();
      open.hangUp();
      await open.closed();
      expect(heardAtTheEnd(secret, 880)).toBeGreaterThan(-20);
      expect(heardAtTheEnd(open, 440)).toBeGreaterThan(-20);
    } finally {
      await secret.stop();
      await open.stop();
      await caller.stop();
      between.stop();
    }
  },
);
