/** Rows 5 to 8, 23 and 25: offers of every kind, by the wire. */
import { describe, expect, test } from 'vitest';
import { rowWorld } from './raw-carrier.ts';

describe('row 5: an INVITE without an offer', () => {
  test('gets one in the 200, and the ACK answers', () => {
    const { carrier, pass, heardFor, finish } = rowWorld();
    carrier.send('INVITE');
    pass(200);
    expect(carrier.last('SIP/2.0 200')).toMatch(/^m=audio \d+ RTP\/AVP 8 0 \d+\r$/m);
    expect(carrier.last('SIP/2.0 200')).toContain('telephone-event/8000');
    carrier.send('ACK', { cseq: 1, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8']) });
    carrier.talk = { frameMs: 20, law: 'pcma' };
    pass(500);
    expect(heardFor(500)).toBeGreaterThan(-18);
    finish();
  });

  test('gets a BYE when the ACK answers nothing', () => {
    const { carrier, pass, finish } = rowWorld();
    carrier.send('INVITE');
    pass(200);
    carrier.send('ACK', { cseq: 1 });
    pass(200);
    expect(carrier.requests).toEqual(['BYE']);
    finish();
  });
});

test('row 6: a re-INVITE without an offer gets our full one, and the same answer changes nothing', () => {
  const { carrier, gateway, establish, pass, heardFor, finish } = rowWorld();
  establish();
  const { port } = carrier;
  const before = carrier.rtp.length;
  carrier.send('INVITE', { cseq: 2 });
  pass(100);
  expect(carrier.last('SIP/2.0 200')).toMatch(/^m=audio [1-9]\d* RTP\/AVP 8 0 101\r$/m);
  carrier.send('ACK', { cseq: 2, sdp: carrier.sdp() });
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  // Nobody at the other end could tell that there was one: one line of packets, to and from the same ports.
  expect(carrier.port).toBe(port);
  const packets = carrier.rtp.slice(before);
  packets.slice(1).forEach(({ sequence, ssrc, payloadType, at }, i) => {
    expect({ ssrc, payloadType }).toEqual({ ssrc: packets[0]!.ssrc, payloadType: 8 });
    expect(sequence).toBe((packets[i]!.sequence + 1) & 0xffff);
    expect(at - packets[i]!.at).toBeLessThanOrEqual(40);
  });
  expect(gateway.events.filter(({ type }) => type === 'call.codec')).toEqual([]);
  finish();
});

describe('row 7: hold', () => {
  const cases = [
    [
      'sendonly',
      ['m=audio 4000 RTP/AVP 8 101', 'a=rtpmap:101 telephone-event/8000', 'a=sendonly'],
      'recvonly',
    ],
    [
      'inactive',
      ['m=audio 4000 RTP/AVP 8 101', 'a=rtpmap:101 telephone-event/8000', 'a=inactive'],
      'inactive',
    ],
    ['c=0.0.0.0', ['m=audio 4000 RTP/AVP 8', 'c=IN IP4 0.0.0.0'], 'recvonly'],
  ] as const;

  test.each(cases)(
    'by %s: no RTP to it, its music stays out, it may last, and it comes back',
    (_n, lines, ours) => {
      const { carrier, establish, pass, heardFor, finish } = rowWorld();
      establish();
      pass(500);
      expect(heardFor(500)).toBeGreaterThan(-18);
      carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(lines) });
      pass(100);
      expect(carrier.last('SIP/2.0 200')).toContain(`a=${ours}\r`);
      carrier.send('ACK', { cseq: 2 });
      pass(300);
      const before = carrier.rtp.length;
      expect(heardFor(1000), 'music on hold').toBeLessThan(-60);
      if (ours === 'inactive') {
        // Who is inactive sends nothing, for longer than the media time-out.
        carrier.talk = undefined;
        pass(40_000);
      }
      expect(carrier.rtp.length).toBe(before);
      expect(carrier.requests).toEqual([]);
      carrier.send('INVITE', { cseq: 3, sdp: carrier.sdp() });
      pass(100);
      expect(carrier.last('SIP/2.0 200')).toContain('a=sendrecv');
      carrier.send('ACK', { cseq: 3 });
      carrier.talk = { frameMs: 20, law: 'pcma' };
      pass(500);
      expect(heardFor(500)).toBeGreaterThan(-18);
      expect(carrier.rtp.length).toBeGreaterThan(before + 40);
      finish();
    },
  );

  test('ends by a re-INVITE without SDP as well', () => {
    const { carrier, establish, pass, heardFor, finish } = rowWorld();
    establish();
    carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(cases[0][1]) });
    pass(100);
    carrier.send('ACK', { cseq: 2 });
    pass(1000);
    carrier.send('INVITE', { cseq: 3 });
    pass(100);
    expect(carrier.last('SIP/2.0 200')).toContain('a=sendrecv');
    carrier.send('ACK', { cseq: 3, sdp: carrier.sdp() });
    pass(500);
    expect(heardFor(500)).toBeGreaterThan(-18);
    finish();
  });
});

test('row 8: a re-INVITE with another codec is followed both ways, one with none of ours is refused with 488', () => {
  const { carrier, establish, pass, heardFor, finish } = rowWorld();
  establish(carrier.sdp(['m=audio 4000 RTP/AVP 8']));
  carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 0']) });
  pass(100);
  expect(carrier.last('SIP/2.0 200')).toMatch(/^m=audio \d+ RTP\/AVP 0\r$/m);
  carrier.send('ACK', { cseq: 2 });
  carrier.talk = { frameMs: 20, law: 'pcmu' };
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  expect(carrier.rtp.at(-1)?.payloadType).toBe(0);
  carrier.send('INVITE', { cseq: 3, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 18']) });
  pass(100);
  expect(carrier.finals('INVITE')).toEqual([200, 200, 488]);
  carrier.send('ACK', { cseq: 3 });
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});

test('row 23: T.38 is refused with 488 and the call goes on', () => {
  const { carrier, establish, pass, heardFor, finish } = rowWorld();
  establish();
  carrier.send('INVITE', {
    cseq: 2,
    sdp: carrier.sdp([
      'm=image 4002 udptl t38',
      'a=T38FaxVersion:0',
      'a=T38FaxRateManagement:transferredTCF',
    ]),
  });
  pass(100);
  expect(carrier.finals('INVITE')).toEqual([200, 488]);
  carrier.send('ACK', { cseq: 2 });
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});

test('row 23: T.38 beside the sound gets port 0, and the sound goes on', () => {
  const { carrier, establish, pass, heardFor, finish } = rowWorld();
  establish();
  carrier.send('INVITE', {
    cseq: 2,
    sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8', 'm=image 4002 udptl t38', 'a=T38FaxVersion:0']),
  });
  pass(100);
  expect(carrier.finals('INVITE')).toEqual([200, 200]);
  expect(carrier.last('SIP/2.0 200')).toMatch(
    /^m=audio [1-9]\d* RTP\/AVP 8\r$[\s\S]*^m=image 0 udptl t38\r$/m,
  );
  carrier.send('ACK', { cseq: 2 });
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});

test('row 25: of RTP/SAVP and RTP/AVP twins one is taken, and the other gets port 0 in its place', () => {
  const { carrier, establish, pass, heardFor, finish } = rowWorld();
  establish(
    carrier.sdp([
      'm=audio 4002 RTP/SAVP 8',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz',
      'm=audio 4000 RTP/AVP 8',
    ]),
  );
  expect(
    carrier
      .last('SIP/2.0 200')
      .match(/^m=.*$/gm)
      ?.map((line) => line.trim()),
  ).toEqual(['m=audio 0 RTP/SAVP 8', expect.stringMatching(/^m=audio [1-9]\d* RTP\/AVP 8$/)]);
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});
