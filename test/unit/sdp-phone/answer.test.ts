import { describe, expect, test } from 'vitest';
import { planAnswer, writeAnswer } from '../../../src/sdp/phone-answer.ts';
import type { PhoneCodec } from '../../../src/sdp/phone-codec.ts';
import { mirrored, readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { revise } from '../../../src/sdp/phone-write.ts';
import { CARRIER_OFFER, sdp } from './sdp.ts';

const LOCAL = { address: '198.51.100.5', port: 10_000, sessionId: 42, version: 1 };

function answer(offer: string, allowed: readonly PhoneCodec[] = ['PCMA', 'PCMU']) {
  const read = readPhoneSdp(offer);
  if (!read.ok) throw new Error(read.error);
  const plan = planAnswer(read.value, allowed);
  return plan.ok
    ? { ...plan.value, text: writeAnswer(read.value, plan.value, LOCAL), fault: undefined }
    : { agreement: undefined, text: '', fault: plan.error };
}

test('a carrier\u2019s offer is answered with its first codec that we have', () => {
  const { agreement, text } = answer(CARRIER_OFFER);
  expect(agreement).toEqual({
    remote: { address: '192.0.2.9', port: 4000, rtcpPort: 4001 },
    codec: { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' },
    accept: [
      { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' },
      { mime: 'audio/pcmu', clockRate: 8000, channels: 1, payloadType: 0, fmtp: '' },
    ],
    dtmfOut: 101,
    dtmfIn: 101,
    ptimeMs: 20,
    direction: 'sendrecv',
  });
  expect(text).toBe(
    [
      'v=0',
      'o=- 42 1 IN IP4 198.51.100.5',
      's=-',
      'c=IN IP4 198.51.100.5',
      't=0 0',
      'm=audio 10000 RTP/AVP 8 101',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'a=sendrecv',
      '',
    ].join('\r\n'),
  );
});

describe('codecs', () => {
  test('the caller\u2019s order decides, within what the trunk allows', () => {
    const offer = sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 0 8');
    expect(answer(offer, ['PCMA', 'PCMU']).agreement?.codec.mime).toBe('audio/pcmu');
    expect(answer(offer, ['PCMA']).agreement?.codec.mime).toBe('audio/pcma');
    expect(answer(offer, ['PCMA']).agreement?.accept).toHaveLength(1);
  });

  test('static payload types need no rtpmap, dynamic ones may be G.711 too', () => {
    const offer = sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 97 8', 'a=rtpmap:97 pcmu/8000');
    expect(answer(offer).agreement?.codec).toMatchObject({ mime: 'audio/pcmu', payloadType: 97 });
    expect(answer(offer).text).toContain('m=audio 10000 RTP/AVP 97\r\n');
  });

  test('an rtpmap that renames a static payload type is believed', () => {
    const offer = sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8', 'a=rtpmap:8 opus/48000/2');
    expect(answer(offer).fault).toBe('no-common-codec');
  });

  test('PCMA at another rate or in stereo is not ours', () => {
    const lines = ['a=rtpmap:97 PCMA/16000', 'a=rtpmap:98 PCMA/8000/2'];
    expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 97 98', ...lines)).fault).toBe(
      'no-common-codec',
    );
  });

  test('no codec in common, no plain RTP, no audio', () => {
    expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 18')).fault).toBe('no-common-codec');
    expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/SAVP 8')).fault).toBe('encryption-disabled');
    expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=video 4000 RTP/AVP 31')).fault).toBe('no-audio');
    expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 0 RTP/AVP 8')).fault).toBe('no-audio');
    expect(answer(sdp('m=audio 4000 RTP/AVP 8')).fault).toBe('no-audio');
    expect(answer(sdp('c=IN IP4 phone.example.com', 'm=audio 4000 RTP/AVP 8')).fault).toBe('no-audio');
  });
});

describe('keys', () => {
  const offer = (...maps: string[]) =>
    sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8 96 97', ...maps.map((map) => `a=rtpmap:${map}`));

  test('their payload type is echoed, at the codec\u2019s clock', () => {
    const { agreement, text } = answer(offer('96 telephone-event/48000', '97 telephone-event/8000'));
    expect(agreement).toMatchObject({ dtmfIn: 97, dtmfOut: 97 });
    expect(text).toContain('a=rtpmap:97 telephone-event/8000');
    expect(text).not.toContain('96');
  });

  test('an event of another clock, or none, is no event', () => {
    expect(answer(offer('96 telephone-event/48000')).agreement?.dtmfIn).toBeUndefined();
    expect(answer(offer()).text).not.toContain('telephone-event');
  });
});

describe('lines that we do not use', () => {
  test('stand refused in their places', () => {
    const { text, agreement } = answer(
      sdp(
        'c=IN IP4 192.0.2.9',
        'm=audio 4000 RTP/SAVP 8',
        'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x',
        'm=audio 4002 RTP/AVP 8',
        'c=IN IP4 192.0.2.10',
        'm=video 4004 RTP/AVP 31 34',
        'm=image 4006 udptl t38',
        'm=audio 4008 RTP/AVP 0',
      ),
    );
    expect(text.split('\r\n').filter((line) => line.startsWith('m='))).toEqual([
      'm=audio 0 RTP/SAVP 8',
      'm=audio 10000 RTP/AVP 8',
      'm=video 0 RTP/AVP 31 34',
      'm=image 0 udptl t38',
      'm=audio 0 RTP/AVP 0',
    ]);
    expect(agreement?.remote).toEqual({ address: '192.0.2.10', port: 4002, rtcpPort: 4003 });
  });

  test('a T.38 re-INVITE has no audio', () => {
    expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=image 4006 udptl t38')).fault).toBe('no-audio');
  });
});

describe('addresses', () => {
  test('the media\u2019s c= wins over the session\u2019s; a=rtcp gives the RTCP port', () => {
    const { agreement } = answer(
      sdp(
        'c=IN IP4 192.0.2.9',
        'm=audio 4000 RTP/AVP 8',
        'c=IN IP4 192.0.2.77',
        'a=rtcp:5001 IN IP4 192.0.2.77',
        'a=rtcp-mux',
      ),
    );
    expect(agreement?.remote).toEqual({ address: '192.0.2.77', port: 4000, rtcpPort: 5001 });
  });

  test('IPv6, TTL, port count', () => {
    expect(answer(sdp('c=IN IP6 2001:db8::9', 'm=audio 4000/2 RTP/AVP 8')).agreement?.remote.address).toBe(
      '2001:db8::9',
    );
    expect(answer(sdp('c=IN IP4 224.2.1.1/127/3', 'm=audio 4000 RTP/AVP 8')).agreement?.remote.address).toBe(
      '224.2.1.1',
    );
    expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 65535 RTP/AVP 8')).agreement?.remote.rtcpPort).toBe(
      65_535,
    );
  });
});

describe('hold', () => {
  const held = (...lines: string[]) => answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8', ...lines));

  test.each([
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
    ['sendrecv', 'sendrecv'],
  ] as const)('%s is answered with %s', (theirs, ours) => {
    expect(held(`a=${theirs}`).text).toContain(`a=${ours}\r\n`);
    expect(held(`a=${theirs}`).agreement?.direction).toBe(ours);
    expect(mirrored(mirrored(theirs))).toBe(theirs);
  });

  test('the session\u2019s direction holds for the media', () => {
    expect(
      answer(sdp('c=IN IP4 192.0.2.9', 'a=sendonly', 'm=audio 4000 RTP/AVP 8')).agreement?.direction,
    ).toBe('recvonly');
  });

  test.each(['0.0.0.0', '::'])('the old way, c=%s: we send nothing', (address) => {
    const family = address === '::' ? 'IP6' : 'IP4';
    const of = (direction: string) =>
      answer(sdp(`c=IN ${family} ${address}`, 'm=audio 4000 RTP/AVP 8', `a=${direction}`)).agreement
        ?.direction;
    expect(of('sendrecv')).toBe('recvonly');
    expect(of('inactive')).toBe('inactive');
  });
});

test.each([
  [[], 20],
  [['a=ptime:20'], 20],
  [['a=ptime:30'], 30],
  [['a=ptime:25'], 20],
  [['a=ptime:50'], 50],
  [['a=ptime:40'], 40],
  [['a=ptime:60', 'a=maxptime:40'], 40],
  [['a=ptime:10'], 10],
  [['a=ptime:5'], 20],
  [['a=ptime:1000'], 60],
  [['a=ptime:-5'], 20],
  [['a=maxptime:30'], 20],
] as const)('packet time for %j is %i ms', (lines, ptime) => {
  expect(answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8', ...lines)).agreement?.ptimeMs).toBe(
    ptime,
  );
});

test('the version of our description grows with a change only', () => {
  const build = (direction: string) => (version: number) => `o=- 42 ${version}\r\na=${direction}\r\n`;
  const first = revise(undefined, build('sendrecv'));
  expect(first).toEqual({ version: 1, text: 'o=- 42 1\r\na=sendrecv\r\n' });
  expect(revise(first, build('sendrecv'))).toBe(first);
  expect(revise(first, build('recvonly'))).toEqual({ version: 2, text: 'o=- 42 2\r\na=recvonly\r\n' });
});
