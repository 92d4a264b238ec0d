import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PHONE_SDP_LIMITS, parseSdp } from '../../../src/sdp/parse.ts';
import { describe } from '../../../src/sdp/phone-description.ts';
import { readPlainSdp } from '../../../src/sdp/plain-sdp.ts';

const ORDINARY = [
  ...['v=0', 'o=carrier 1 1 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0'],
  ...[
    'm=audio 4000 RTP/AVP 8 0 18 101',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:18 G729/8000',
    'a=fmtp:18 annexb=no',
  ],
  ...['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-16', 'a=ptime:20', 'a=maxptime:150', 'a=sendrecv'],
  'a=silenceSupp:off - - - -',
];

const text = (lines: readonly string[]) => `${lines.join('\r\n')}\r\n`;

test('an ordinary phone is plain', () => {
  const session = readPlainSdp(text(ORDINARY));
  expect(session?.media).toHaveLength(1);
  expect(session?.media[0]).toMatchObject({ port: 4000, ptime: 20, maxptime: 150, direction: 'sendrecv' });
});

test.each([
  ['a line that ends otherwise', text(ORDINARY).replace('s=-\r\n', 's=-\n')],
  ['no end of the last line', text(ORDINARY).trimEnd()],
  ['another profile', text(ORDINARY).replace('RTP/AVP', 'RTP/SAVP')],
  ['a number of ports', text(ORDINARY).replace('4000', '4000/2')],
  ['a second way for RTCP', text([...ORDINARY, 'a=rtcp:4100'])],
  ['ICE', text([...ORDINARY, 'a=ice-ufrag:abcd'])],
  ['a name for an address', text(ORDINARY).replace('IP4 192.0.2.9\r\nt', 'IP4 host.example\r\nt')],
  ['nothing at all', ''],
  ['a whole page', text([...ORDINARY, ...Array.from({ length: 400 }, () => 'a=X-filler:0123456789')])],
])('%s is for the general reader', (_what, sdp) => {
  expect(readPlainSdp(sdp)).toBeUndefined();
});

const line = fc.oneof(
  ...ORDINARY.map((each) => fc.constant(each)),
  fc.constantFrom(
    'm=audio 0 RTP/AVP 0',
    'm=video 4002 RTP/AVP 96',
    'm=audio 4004 RTP/AVP 9 127 128 999',
    'v=0',
  ),
  fc.constantFrom(
    'c=IN IP6 2001:db8::1',
    'c=IN IP4 0.0.0.0',
    'c=IN IP6 ::',
    'a=sendonly',
    'a=inactive',
    'a=ptime:0',
  ),
  fc.constantFrom(
    'a=rtpmap:0 PCMU/8000/1',
    'a=rtpmap:08 PCMA/8000',
    'a=rtpmap:97 opus/48000/2',
    'b=AS:64',
    'k=clear:x',
  ),
  fc.constantFrom(
    'a=fmtp:101 0-16 ',
    'a=fmtp:101  x',
    'a=ptime:020',
    'a=ptime:20.5',
    'm=audio 4000 RTP/AVP 0  8',
    '',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).map((noise) => `a=${noise}`),
);

test('property: what the plain reader takes, the general one understands the same', () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
      const sdp = text(['v=0', ...lines]);
      const session = readPlainSdp(sdp);
      if (session === undefined) return;
      plain++;
      const general = parseSdp(sdp, PHONE_SDP_LIMITS);
      expect(general.ok && describe(general.value)).toEqual(describe(session));
    }),
    { numRuns: 3000 },
  );
  expect(plain).toBeGreaterThan(50);
});

test('property: nothing makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (noise) => void readPlainSdp(`v=0\r\n${noise}`)));
});
