/** Rows 27, 29 and 30: what is refused says why, and what is large is taken. */
import { expect, test } from 'vitest';
import { rowWorld } from './raw-carrier.ts';

test('row 27: each refusal has its own status, with the Q.850 cause and the reason in words', () => {
  const { carrier, gateway, pass, finish } = rowWorld();
  const refusals: [string, string | undefined, number, RegExp][] = [
    ['sip:%3Cscript%3E@10.0.0.1', carrier.sdp(), 484, /cause=28;text="bad-number/],
    ['sip:lobby@10.0.0.1', carrier.sdp(['m=audio 4000 RTP/AVP 18']), 488, /cause=65;text="no-common-codec/],
    ['sip:lobby@10.0.0.1', 'no sdp at all', 400, /cause=111;text="bad-offer/],
    ['sip:lobby@10.0.0.1', carrier.sdp().replace(/^c=.*$/m, 'c=IN IP4 127.0.0.1'), 488, /cause=88/],
  ];
  for (const [i, [uri, sdp, status, reason]] of refusals.entries()) {
    carrier.callId = `refused-${i}`;
    carrier.send('INVITE', { branch: `r${i}`, cseq: 1, toTag: '', uri, sdp });
    pass(50);
    expect(carrier.finals('INVITE').at(-1)).toBe(status);
    expect(carrier.last(`SIP/2.0 ${status}`)).toMatch(reason);
    carrier.send('ACK', { branch: `r${i}`, cseq: 1, toTag: '', uri });
    pass(50);
  }
  gateway.door.stop();
  carrier.callId = 'late';
  carrier.send('INVITE', { branch: 'late', cseq: 1, toTag: '', sdp: carrier.sdp() });
  pass(50);
  expect(carrier.finals('INVITE').at(-1)).toBe(503);
  carrier.send('ACK', { branch: 'late', cseq: 1, toTag: '' });
  pass(50);
  expect(gateway.events.flatMap((event) => (event.type === 'call.refused' ? [event.reason] : []))).toEqual([
    'bad-number',
    'no-common-codec',
    'bad-offer',
    'bad-media-address',
    'stopping',
  ]);
  finish();
});

test('row 29: SRTP alone, which is not served, is refused with 488 and never answered in the clear', () => {
  const { carrier, pass, finish } = rowWorld();
  carrier.send('INVITE', {
    branch: 'one',
    sdp: carrier.sdp([
      'm=audio 4000 RTP/SAVP 8',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz',
    ]),
  });
  pass(100);
  expect(carrier.finals('INVITE')).toEqual([488]);
  expect(carrier.last('SIP/2.0 488')).toContain('Reason: Q.850;cause=65');
  carrier.send('ACK', { branch: 'one', cseq: 1 });
  finish();
});

test('row 30: an INVITE of 40 kB in one datagram is a call like any other', () => {
  const { carrier, pass, heardFor, finish } = rowWorld();
  const identity = `Identity: ${'a'.repeat(3000)};info=<https://cert.example/c.pem>;alg=ES256;ppt=shaken`;
  const filler = Array.from({ length: 50 }, (_, i) => `X-Isup-${i}: ${'0123456789abcdef'.repeat(46)}`);
  carrier.send('INVITE', {
    headers: ['Contact: <sip:far@10.0.1.9>', identity, ...filler],
    sdp: carrier.sdp(),
  });
  pass(200);
  expect(carrier.finals('INVITE')).toEqual([200]);
  carrier.send('ACK', { cseq: 1 });
  carrier.talk = { frameMs: 20, law: 'pcma' };
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});
