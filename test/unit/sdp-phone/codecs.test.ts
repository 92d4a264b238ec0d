import { expect, test } from 'vitest';
import { planAnswer, writeAnswer } from '../../../src/sdp/phone-answer.ts';
import type { PhoneCodec } from '../../../src/sdp/phone-codec.ts';
import { readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { acceptAnswer, type PhoneOffer, writeOffer } from '../../../src/sdp/phone-offer.ts';
import { sdp } from './sdp.ts';

const LOCAL = { address: '198.51.100.5', port: 10_000, sessionId: 42, version: 1 };
const ALL: PhoneCodec[] = ['G722', 'PCMA', 'PCMU', 'OPUS'];

function read(text: string) {
  const description = readPhoneSdp(text);
  if (!description.ok) throw new Error(description.error);
  return description.value;
}

function answer(offer: string, allowed: readonly PhoneCodec[]) {
  const plan = planAnswer(read(offer), allowed);
  if (!plan.ok) throw new Error(plan.error);
  return { ...plan.value.agreement, text: writeAnswer(read(offer), plan.value, LOCAL) };
}

const SOFTPHONE = sdp(
  'c=IN IP4 192.0.2.9',
  'm=audio 4000 RTP/AVP 96 9 8 13 101 97',
  'a=rtpmap:96 opus/48000/2',
  'a=fmtp:96 useinbandfec=1; usedtx=1',
  'a=rtpmap:101 telephone-event/8000',
  'a=rtpmap:97 telephone-event/48000',
);

test('Opus: its own number, two channels in name, keys at its clock', () => {
  const { codec, dtmfIn, dtmfOut, text } = answer(SOFTPHONE, ALL);
  expect(codec).toMatchObject({ mime: 'audio/opus', payloadType: 96, channels: 2, clockRate: 48_000 });
  expect(codec.fmtp).toBe('useinbandfec=1; usedtx=1');
  expect([dtmfIn, dtmfOut]).toEqual([97, 97]);
  expect(text).toContain('m=audio 10000 RTP/AVP 96 97\r\n');
  expect(text).toContain('a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n');
  expect(text).toContain('a=rtpmap:97 telephone-event/48000\r\n');
});

test('G.722: 9 without an rtpmap, a clock of 8000, keys at 8000', () => {
  const { codec, dtmfIn, text } = answer(SOFTPHONE, ['PCMU', 'G722']);
  expect(codec).toMatchObject({ mime: 'audio/g722', payloadType: 9, clockRate: 8000, channels: 1 });
  expect(dtmfIn).toBe(101);
  expect(text).toContain('a=rtpmap:9 G722/8000\r\n');
});

test('G.722 at 16000 is not what RFC 3551 calls G722, and Opus in mono no Opus of RFC 7587', () => {
  const lines = ['a=rtpmap:97 G722/16000', 'a=rtpmap:98 opus/48000'];
  const offer = read(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 97 98', ...lines));
  expect(planAnswer(offer, ALL)).toEqual({ ok: false, error: 'no-common-codec' });
});

test('comfort noise only where the trunk wants it, the phone has it, and the clock is its own', () => {
  expect(answer(SOFTPHONE, ['PCMA'])).toMatchObject({ comfortNoiseIn: undefined });
  const both = answer(SOFTPHONE, ['PCMA', 'CN']);
  expect(both).toMatchObject({ codec: { payloadType: 8 }, comfortNoiseIn: 13, comfortNoiseOut: 13 });
  expect(both.text).toContain('m=audio 10000 RTP/AVP 8 13 101\r\n');
  expect(both.text).toContain('a=rtpmap:13 CN/8000\r\n');
  expect(answer(SOFTPHONE, ['OPUS', 'CN'])).toMatchObject({ comfortNoiseIn: undefined });
  const without = sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8');
  expect(answer(without, ['PCMA', 'CN'])).toMatchObject({ comfortNoiseOut: undefined });
});

test('our offer of all, and what answers to it come to', () => {
  const offer: PhoneOffer = { codecs: [...ALL, 'CN'], direction: 'sendrecv' };
  const text = writeOffer(offer, LOCAL);
  expect(text).toContain('m=audio 10000 RTP/AVP 9 8 0 111 13 101 110\r\n');
  expect(text).toContain('a=rtpmap:101 telephone-event/8000\r\n');
  expect(text).toContain('a=rtpmap:110 telephone-event/48000\r\n');
  const opus = sdp(
    'c=IN IP4 192.0.2.9',
    'm=audio 4000 RTP/AVP 111 120',
    'a=rtpmap:111 opus/48000/2',
    'a=rtpmap:120 telephone-event/48000',
  );
  const agreed = acceptAnswer(offer, read(opus));
  expect(agreed).toMatchObject({ ok: true, value: { dtmfOut: 120, dtmfIn: 110, comfortNoiseIn: undefined } });
  const narrow = acceptAnswer(offer, read(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 0 13')));
  expect(narrow).toMatchObject({
    ok: true,
    value: { comfortNoiseIn: 13, comfortNoiseOut: 13, dtmfIn: undefined },
  });
});

test('numbers that came to be stay in our next offer (RFC 3264 section 8.3.2)', () => {
  const { accept, dtmfIn } = answer(SOFTPHONE, ALL);
  const text = writeOffer(
    { codecs: ['OPUS', 'PCMU'], direction: 'sendrecv', known: accept, dtmf: dtmfIn! },
    LOCAL,
  );
  expect(text).toContain('m=audio 10000 RTP/AVP 96 0 97 101\r\n');
});
