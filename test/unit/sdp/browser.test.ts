import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBrowserSdp } from '../../../src/sdp/browser.ts';
import { carryCodecs, publishCodec } from '../../../src/sdp/browser-codecs.ts';
import {
  answerSections,
  type LocalTransport,
  type SectionContent,
  writeBrowserSdp,
} from '../../../src/sdp/browser-write.ts';
import { browserOffer, firstOffer } from '../peer/offer.ts';

const local: LocalTransport = {
  sessionId: '1',
  version: 1,
  ice: { ufrag: 'abcdefghijkl', pwd: 'abcdefghijklmnopqrstuvwxyz012345' },
  fingerprint: { algorithm: 'sha-256', value: Array(32).fill('AB').join(':') },
  candidates: [
    { transport: 'udp', address: '192.0.2.1', port: 7882 },
    { transport: 'udp', address: '2001:db8::1', port: 7882 },
  ],
};

function read(text: string) {
  const result = readBrowserSdp(text);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const video = (name: string, fmtp: string, payloadType = 96) => ({
  mime: `video/${name}`,
  clockRate: 90_000,
  channels: 1,
  payloadType,
  fmtp,
});

describe('reading', () => {
  test("Chromium's offer as plain data", () => {
    const offer = read(
      browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'c1', ssrc: 99 }]),
    );
    expect(offer.ice.ufrag).toBe('Ab3+');
    expect(offer.setup).toBe('actpass');
    expect(offer.fingerprints[0]?.algorithm).toBe('sha-256');
    expect(offer.media[0]).toMatchObject({
      kind: 'audio',
      mid: '0',
      direction: 'sendonly',
      track: 'c1',
      stream: 'stream-c1',
      ssrcs: [99],
      rejected: false,
      extensions: { mid: 4, audioLevel: 1, absSendTime: 2, transportCc: 3 },
    });
    expect(offer.media[0]?.codecs.map(({ mime }) => mime)).toContain('audio/pcma');
  });

  test.each([
    ['too-large', `v=0\r\n${'a=x\r\n'.repeat(100_000)}`],
    [
      'too-many-media',
      browserOffer(Array.from({ length: 65 }, (_, i) => ({ mid: String(i), kind: 'audio' as const }))),
    ],
    ['not-sdp', 'hello'],
    ['no-media', 'v=0\r\ns=-\r\n'],
    [
      'bad-mid',
      browserOffer([
        { mid: 'x', kind: 'audio' },
        { mid: 'x', kind: 'audio' },
      ]),
    ],
    ['not-bundled', browserOffer(firstOffer).replace(/a=group:BUNDLE.*\r\n/, '')],
    ['no-ice', browserOffer(firstOffer).replaceAll(/a=ice-pwd:.*\r\n/g, '')],
    ['no-fingerprint', browserOffer(firstOffer).replaceAll('a=fingerprint:sha-256', 'a=fingerprint:md5')],
  ])('%s', (fault, text) => {
    expect(readBrowserSdp(text)).toEqual({ ok: false, error: fault });
  });

  test('repair flows are no SSRCs of the track', () => {
    const text = browserOffer([{ mid: '0', kind: 'video', direction: 'sendonly', cid: 'c', ssrc: 5 }]);
    const [media] = read(`${text}a=ssrc:6 cname:abc\r\na=ssrc-group:FID 5 6\r\n`).media;
    expect(media?.ssrcs).toEqual([5]);
  });
});

describe('codecs', () => {
  test('one codec to publish in: Opus; for video the wished one, else VP8', () => {
    const offer = read(
      browserOffer([
        { mid: '0', kind: 'audio' },
        { mid: '1', kind: 'video' },
      ]),
    );
    const [audio, picture] = offer.media;
    const wish = { codec: '', dtx: false, stereo: true };
    expect(publishCodec(audio?.codecs ?? [], wish)?.fmtp).toBe('minptime=10;useinbandfec=1;stereo=1');
    expect(publishCodec(picture?.codecs ?? [], wish)?.mime).toBe('video/vp8');
    expect(publishCodec(picture?.codecs ?? [], { ...wish, codec: 'vp9' })?.payloadType).toBe(98);
    expect(publishCodec(picture?.codecs ?? [], { ...wish, codec: 'av1' })?.mime).toBe('video/av1');
    expect(publishCodec([video('av1', 'profile=1')], wish)).toBeUndefined();
    expect(publishCodec([video('h265', '')], wish)).toBeUndefined();
  });

  test('sound comes in the codec that its announcement names, where it is offered', () => {
    const [audio] = read(browserOffer([{ mid: '0', kind: 'audio' }])).media;
    const wish = { dtx: false, stereo: false };
    expect(publishCodec(audio?.codecs ?? [], { ...wish, codec: 'pcmu' })?.payloadType).toBe(0);
    expect(publishCodec(audio?.codecs ?? [], { ...wish, codec: 'vp8' })?.mime).toBe('audio/opus');
    expect(publishCodec(audio?.codecs ?? [], { ...wish, codec: 'ilbc' })?.mime).toBe('audio/opus');
  });

  test('H.264 is carried only where profile and packetization mode agree', () => {
    const baseline = video('h264', 'packetization-mode=1;profile-level-id=42e01f');
    const offered = [
      video('h264', 'packetization-mode=0;profile-level-id=42e01f', 100),
      video('h264', 'packetization-mode=1;profile-level-id=640c1f', 101),
      video('h264', 'profile-level-id=42001f; packetization-mode=1', 102),
    ];
    expect(carryCodecs([baseline], offered).map(({ payloadType }) => payloadType)).toEqual([102]);
    expect(carryCodecs([baseline], offered.slice(0, 2))).toEqual([]);
  });
});

describe('answering', () => {
  const contents: fc.Arbitrary<SectionContent['type']> = fc.constantFrom('reject', 'idle', 'receive', 'send');

  test('has the m-lines of the offer in its order, and a browser could read it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('audio', 'video', 'application'), contents), {
          minLength: 1,
          maxLength: 20,
        }),
        (lines) => {
          const offer = read(browserOffer(lines.map(([kind], i) => ({ mid: `m${i}`, kind }))));
          const sections = answerSections(offer, (media) => {
            const type = lines[Number(media.mid.slice(1))]?.[1] ?? 'idle';
            if (type === 'reject') return { type };
            if (media.kind === 'application') return { type: 'data' };
            const { extensions } = media;
            const codecs = media.codecs.slice(0, 1);
            if (type !== 'send') return { type: type === 'receive' ? 'receive' : 'idle', codecs, extensions };
            return { type, codecs, extensions, stream: 'PA_x|TR_y', track: 'TR_y', ssrc: 7, cname: 'PA_x' };
          });
          const text = writeBrowserSdp('passive', sections, local);
          expect(
            [...text.matchAll(/^m=(\w+) (\d+)/gm)].map(([, kind, port]) => [kind, port === '0']),
          ).toEqual(lines.map(([kind, type]) => [kind, type === 'reject']));
          expect(text.endsWith('\r\n')).toBe(true);
          const again = readBrowserSdp(text);
          if (lines.every(([, type]) => type === 'reject'))
            expect(again).toEqual({ ok: false, error: 'no-ice' });
          else expect(again).toMatchObject({ ok: true, value: { ice: local.ice, setup: 'passive' } });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('feedback is what the offer has of it, by payload type or of all, and nothing else (RFC 4585 section 4.2)', () => {
    const answered = (kind: 'audio' | 'video', ...said: string[]): string[] => {
      const bare = browserOffer([{ mid: '0', kind }]).replace(/^a=rtcp-fb:.*\r\n/gm, '');
      const offer = read(bare + said.map((line) => `a=rtcp-fb:${line}\r\n`).join(''));
      const sections = answerSections(offer, ({ codecs, extensions }) => ({
        type: 'receive',
        codecs: codecs.filter(({ payloadType }) => payloadType === 96 || payloadType === 111),
        extensions,
      }));
      const text = writeBrowserSdp('passive', sections, local);
      return [...text.matchAll(/^a=rtcp-fb:(.*)\r$/gm)].map(([, line]) => line ?? '');
    };
    expect(answered('video')).toEqual([]);
    expect(answered('video', '96 nack', '103 nack pli')).toEqual(['96 nack']);
    expect(answered('video', '96 nack pli', '96 goog-remb')).toEqual(['96 nack pli']);
    expect(answered('video', '* ccm fir', '* nack', '97 transport-cc')).toEqual(['96 nack', '96 ccm fir']);
    expect(answered('audio', '111 transport-cc', '111 nack')).toEqual(['111 transport-cc']);
    expect(answered('audio', '63 transport-cc')).toEqual([]);
  });

  test('candidates stand in the first live m-line, most wished for first', () => {
    const offer = read(browserOffer(firstOffer));
    const text = writeBrowserSdp(
      'passive',
      answerSections(offer, () => ({ type: 'data' })),
      local,
    );
    expect(text.match(/a=candidate.*/g)).toEqual([
      'a=candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host',
      'a=candidate:2 1 udp 2130706175 2001:db8::1 7882 typ host',
    ]);
  });

  test('a port for TCP stands behind those for UDP, and says that the browser is to connect (RFC 6544)', () => {
    const offer = read(browserOffer(firstOffer));
    const candidates = [
      ...local.candidates.slice(0, 1),
      { transport: 'tcp' as const, address: '192.0.2.1', port: 7881 },
    ];
    const text = writeBrowserSdp(
      'passive',
      answerSections(offer, () => ({ type: 'data' })),
      { ...local, candidates },
    );
    expect(text.match(/a=candidate.*/g)).toEqual([
      'a=candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host',
      'a=candidate:2 1 tcp 1520434943 192.0.2.1 7881 typ host tcptype passive',
    ]);
  });

  test('media that we do not know are refused and nothing else', () => {
    const text = browserOffer([
      { mid: '0', kind: 'audio' },
      { mid: '1', kind: 'audio' },
    ]).replace('m=audio 9 UDP/TLS/RTP/SAVPF', 'm=text 9 RTP/AVP');
    const offer = read(text);
    const sections = answerSections(offer, ({ codecs, extensions }) => ({
      type: 'idle',
      codecs,
      extensions,
    }));
    expect(sections.map(({ content }) => content.type)).toEqual(['reject', 'idle']);
  });
});

describe('hostile text', () => {
  const good = browserOffer(firstOffer);

  test('never throws, whatever is cut, doubled or written over', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(good.length),
            fc.nat(40),
            fc.oneof(
              fc.string(),
              fc.constantFrom(
                '\r\na=mid:',
                '\r\nm=',
                '\r\na=rtpmap:',
                '__proto__',
                '-1',
                '99999999999999999999',
              ),
            ),
          ),
          { minLength: 1, maxLength: 8 },
        ),
        (edits) => {
          let text = good;
          for (const [at, length, insert] of edits)
            text = text.slice(0, at) + insert + text.slice(at + length);
          const result = readBrowserSdp(text);
          if (!result.ok) return;
          const sections = answerSections(result.value, ({ codecs, extensions }) => ({
            type: 'idle',
            codecs,
            extensions,
          }));
          const answer = writeBrowserSdp('passive', sections, local);
          // What the browser wrote cannot add lines to what we write.
          expect(answer.match(/^m=/gm)?.length).toBe(result.value.media.length);
          expect(answer).not.toMatch(/[^\x20-\x7e\r\n]/);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('any text at all', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        expect(typeof readBrowserSdp(`v=0\r\n${text}`).ok).toBe('boolean');
      }),
    );
  });
});
