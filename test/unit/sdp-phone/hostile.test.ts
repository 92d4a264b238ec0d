import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planAnswer, writeAnswer } from '../../../src/sdp/phone-answer.ts';
import { readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { acceptAnswer } from '../../../src/sdp/phone-offer.ts';
import { CARRIER_OFFER, sdp } from './sdp.ts';

const LOCAL = { address: '198.51.100.5', port: 10_000, sessionId: 42, version: 1 };

/** Does with `text` all that a call does; gives the answer. */
function throughCall(text: string): string | undefined {
  const read = readPhoneSdp(text);
  if (!read.ok) return undefined;
  acceptAnswer({ codecs: ['PCMA', 'PCMU'], direction: 'sendrecv' }, read.value);
  const plan = planAnswer(read.value, ['PCMA', 'PCMU']);
  if (!plan.ok) return undefined;
  const { remote, ptimeMs } = plan.value.agreement;
  expect(remote.port).toBeGreaterThan(0);
  expect(remote.rtcpPort).toBeLessThan(65_536);
  expect([20, 40, 60]).toContain(ptimeMs);
  return writeAnswer(read.value, plan.value, LOCAL);
}

test.each([
  ['empty', ''],
  ['not SDP', 'hello'],
  ['no media', sdp('c=IN IP4 192.0.2.9')],
  ['binary', '\0\x01\xff'],
  ['no version', 'o=- 1 1 IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n'],
])('%s is not-sdp', (_, text) => {
  expect(readPhoneSdp(text)).toEqual({ ok: false, error: 'not-sdp' });
});

test.each([
  ['too-large', sdp('c=IN IP4 192.0.2.9', `m=audio 4000 RTP/AVP 8\r\na=x:${'y'.repeat(70_000)}`)],
  ['line-too-long', sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8', `a=x:${'y'.repeat(9_000)}`)],
  ['too-many-media', sdp('c=IN IP4 192.0.2.9', ...Array<string>(9).fill('m=audio 4000 RTP/AVP 8'))],
  [
    'too-many-formats',
    sdp('c=IN IP4 192.0.2.9', `m=audio 4000 RTP/AVP ${Array.from({ length: 33 }, (_, i) => i).join(' ')}`),
  ],
  ['bad-media-line', sdp('c=IN IP4 192.0.2.9', 'm=audio')],
  ['bad-media-line', sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP')],
  ['bad-media-line', sdp('c=IN IP4 192.0.2.9', 'm=audio -1 RTP/AVP 8')],
])('%s', (fault, text) => {
  expect(readPhoneSdp(text)).toEqual({ ok: false, error: fault });
});

test('line ends do not matter', () => {
  expect(throughCall(CARRIER_OFFER.replaceAll('\r\n', '\n'))).toBe(throughCall(CARRIER_OFFER));
});

test('ports and payload types out of range are not used', () => {
  expect(throughCall(sdp('c=IN IP4 192.0.2.9', 'm=audio 70000 RTP/AVP 8'))).toBeUndefined();
  expect(
    throughCall(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 200', 'a=rtpmap:200 PCMA/8000')),
  ).toBeUndefined();
});

test('any text: no exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      throughCall(text);
      throughCall(sdp(text));
      throughCall(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/AVP 8', text));
    }),
  );
});

test('any mangled offer: no exception, and an answer of the same shape that can be read again', () => {
  const mangled = fc
    .array(
      fc.tuple(
        fc.nat(CARRIER_OFFER.length),
        fc.nat(12),
        fc.oneof(
          fc.string({ maxLength: 6 }),
          fc.constantFrom('\r\n', 'm=audio 1 RTP/AVP 8\r\n', '\r\na=sendonly\r\n', ' 101', '/', '-1'),
        ),
      ),
    )
    .map((cuts) =>
      cuts.reduce(
        (text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length),
        CARRIER_OFFER,
      ),
    );
  fc.assert(
    fc.property(mangled, (text) => {
      const answer = throughCall(text);
      if (answer === undefined) return;
      const again = readPhoneSdp(answer);
      const offer = readPhoneSdp(text);
      if (!again.ok || !offer.ok) throw new Error(`unreadable answer: ${answer}`);
      expect(again.value.lines.map(({ type }) => type)).toEqual(offer.value.lines.map(({ type }) => type));
      expect(again.value.lines.filter(({ audio }) => audio !== undefined)).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});
