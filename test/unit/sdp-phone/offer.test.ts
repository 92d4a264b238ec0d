import { expect, test } from 'vitest';
import type { Direction } from '../../../src/sdp/phone-description.ts';
import { readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { acceptAnswer, type PhoneOffer, writeOffer } from '../../../src/sdp/phone-offer.ts';
import { sdp } from './sdp.ts';

const OFFER: PhoneOffer = { codecs: ['PCMA', 'PCMU'], direction: 'sendrecv' };

function accept(text: string, offer = OFFER) {
  const read = readPhoneSdp(text);
  if (!read.ok) throw new Error(read.error);
  const result = acceptAnswer(offer, read.value);
  return result.ok ? result.value : result.error;
}

test('our offer', () => {
  expect(writeOffer(OFFER, { address: '2001:db8::5', port: 10_000, sessionId: 42, version: 1 })).toBe(
    [
      'v=0',
      'o=- 42 1 IN IP6 2001:db8::5',
      's=-',
      'c=IN IP6 2001:db8::5',
      't=0 0',
      'm=audio 10000 RTP/AVP 8 0 101',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'a=sendrecv',
      '',
    ].join('\r\n'),
  );
});

test('an answer picks the codec; keys go out by their number and come in by ours', () => {
  const answer = sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/8000');
  expect(accept(answer)).toMatchObject({
    codec: { mime: 'audio/pcmu', payloadType: 0 },
    accept: [{ payloadType: 8 }, { payloadType: 0 }],
    dtmfOut: 96,
    dtmfIn: 101,
    direction: 'sendrecv',
  });
});

test('an answer without keys, audio or a codec of ours', () => {
  expect(accept(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8'))).toMatchObject({
    dtmfIn: undefined,
    dtmfOut: undefined,
  });
  expect(accept(sdp('c=IN IP4 192.0.2.9', 'm=audio 0 RTP/AVP 8'))).toBe('no-audio');
  expect(accept(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 18'))).toBe('no-common-codec');
});

test.each<[Direction, Direction, Direction]>([
  ['sendrecv', 'sendrecv', 'sendrecv'],
  ['sendrecv', 'recvonly', 'sendonly'],
  ['sendrecv', 'sendonly', 'recvonly'],
  ['sendrecv', 'inactive', 'inactive'],
  ['recvonly', 'sendrecv', 'recvonly'],
  ['recvonly', 'recvonly', 'inactive'],
  ['sendonly', 'sendonly', 'inactive'],
])('offered %s, answered %s: we are %s', (offered, answered, ours) => {
  const answer = sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8', `a=${answered}`);
  expect(accept(answer, { ...OFFER, direction: offered })).toMatchObject({ direction: ours });
});
