import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MediaWay, planAnswer, writeAnswer } from '../../../src/sdp/phone-answer.ts';
import { readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { acceptAnswer, type PhoneOffer, writeOffer } from '../../../src/sdp/phone-offer.ts';
import { CARRIER_OFFER, sdp } from './sdp.ts';

const UFRAG = 'a=ice-ufrag:Xn1z';
const PWD = 'a=ice-pwd:2Rk4Ws7cF1kD0vUuJzZ3pQ9a';
const FINGERPRINT = `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`;

/** What Chromium 14x makes sip.js offer, shortened where it repeats itself. */
function offer({ change = (line: string): string | undefined => line, more = [] as string[] } = {}): string {
  const lines = [
    'a=group:BUNDLE 0',
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS -',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126',
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    'a=candidate:1 1 udp 2113937151 0ab1.local 55555 typ host',
    UFRAG,
    PWD,
    'a=ice-options:trickle',
    FINGERPRINT,
    'a=setup:actpass',
    'a=mid:0',
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    'a=sendrecv',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    'a=rtpmap:111 opus/48000/2',
    'a=rtpmap:63 red/48000/2',
    'a=rtpmap:9 G722/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:13 CN/8000',
    'a=rtpmap:110 telephone-event/48000',
    'a=rtpmap:126 telephone-event/8000',
  ];
  return sdp(...lines.flatMap((line) => change(line) ?? []), ...more);
}

const LOCAL = {
  ...{ address: '198.51.100.5', port: 7882, sessionId: 42, version: 1 },
  association: {
    ice: { ufrag: 'ours', pwd: 'p'.repeat(24) },
    fingerprint: { algorithm: 'sha-256', value: 'CD:EF' },
    candidates: [
      { transport: 'udp' as const, address: '198.51.100.5', port: 7882 },
      { transport: 'udp' as const, address: '10.0.0.5', port: 7882 },
    ],
  },
};

function read(text: string) {
  const description = readPhoneSdp(text);
  if (!description.ok) throw new Error(description.error);
  return description.value;
}

function answer(text: string, way: MediaWay = 'ice') {
  const description = read(text);
  const ours = { keep: undefined, direction: 'sendrecv', way } as const;
  const plan = planAnswer(description, ['PCMA', 'PCMU'], ours);
  return plan.ok
    ? { agreement: plan.value.agreement, text: writeAnswer(description, plan.value, LOCAL) }
    : { fault: plan.error, text: '' };
}

test('a browser\u2019s offer is answered as an ICE-lite agent that waits for DTLS', () => {
  const { agreement, text } = answer(offer());
  expect(agreement).toMatchObject({
    codec: { mime: 'audio/pcmu', payloadType: 0 },
    dtmfIn: 126,
    dtmfOut: 126,
    // The null address is where every browser begins: it holds nobody.
    direction: 'sendrecv',
    remote: { address: '0.0.0.0' },
    association: {
      ice: { ufrag: 'Xn1z', pwd: '2Rk4Ws7cF1kD0vUuJzZ3pQ9a' },
      fingerprints: [{ algorithm: 'sha-256' }],
    },
  });
  expect(text.split('\r\n')).toEqual([
    'v=0',
    'o=- 42 1 IN IP4 198.51.100.5',
    's=-',
    'c=IN IP4 198.51.100.5',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=ice-lite',
    'm=audio 7882 UDP/TLS/RTP/SAVPF 0 126',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:126 telephone-event/8000',
    'a=fmtp:126 0-15',
    'a=ptime:20',
    'a=sendrecv',
    'a=mid:0',
    'a=rtcp-mux',
    'a=ice-ufrag:ours',
    `a=ice-pwd:${'p'.repeat(24)}`,
    'a=fingerprint:sha-256 CD:EF',
    'a=setup:passive',
    'a=candidate:1 1 udp 2130706431 198.51.100.5 7882 typ host',
    'a=candidate:2 1 udp 2130706175 10.0.0.5 7882 typ host',
    'a=end-of-candidates',
    '',
  ]);
});

test('a camera is refused in its place, whatever it offers', () => {
  const payloads = Array.from({ length: 50 }, (_, at) => 30 + at).join(' ');
  const video = [`m=video 9 UDP/TLS/RTP/SAVPF ${payloads}`, 'c=IN IP4 0.0.0.0', 'a=mid:1', 'a=rtcp-mux'];
  const { text } = answer(offer({ more: video }));
  expect(text).toContain('a=group:BUNDLE 0\r\n');
  expect(text).toMatch(/\r\nm=video 0 UDP\/TLS\/RTP\/SAVPF 30 .*\r\na=mid:1\r\n$/);
});

test('hold is answered with the mirrored direction', () => {
  const held = offer({ change: (line) => (line === 'a=sendrecv' ? 'a=sendonly' : line) });
  expect(answer(held).agreement?.direction).toBe('recvonly');
});

describe('what is no way to a browser', () => {
  test.each([
    ['no ufrag', (line: string) => (line === UFRAG ? undefined : line)],
    ['a password that is too short', (line: string) => (line === PWD ? 'a=ice-pwd:short' : line)],
    ['no fingerprint', (line: string) => (line === FINGERPRINT ? undefined : line)],
    ['a fingerprint of MD5', (line: string) => line.replace('sha-256', 'md5')],
    ['RTCP on a port of its own', (line: string) => (line === 'a=rtcp-mux' ? undefined : line)],
  ])('%s', (_, change) => {
    expect(answer(offer({ change })).fault).toBe('no-audio');
  });

  test('plain RTP, and the other way round: a call has one way of media', () => {
    expect(answer(CARRIER_OFFER).fault).toBe('no-audio');
    expect(answer(offer(), 'rtp').fault).toBe('no-audio');
  });
});

describe('who begins DTLS', () => {
  const says = (setup: string | undefined) =>
    offer({ change: (line) => (line === 'a=setup:actpass' ? setup && `a=setup:${setup}` : line) });
  const answered = (setup: string | undefined, standing?: 'client' | 'server') => {
    const description = read(says(setup));
    const association = standing && { ice: { ufrag: 'Xn1z', pwd: 'p' }, fingerprints: [], role: standing };
    const ours = { keep: undefined, direction: 'sendrecv', way: 'ice', association } as const;
    const plan = planAnswer(description, ['PCMA', 'PCMU'], ours);
    if (!plan.ok) return [plan.error];
    const role = plan.value.agreement.association?.role;
    return [role, /^a=setup:.*$/m.exec(writeAnswer(description, plan.value, LOCAL))?.[0]];
  };

  test.each([
    ['passive', 'client', 'a=setup:active'],
    ['active', 'server', 'a=setup:passive'],
    ['actpass', 'server', 'a=setup:passive'],
    ['whatever', 'server', 'a=setup:passive'],
    [undefined, 'server', 'a=setup:passive'],
  ])('who offers %s is answered', (setup, role, line) => {
    expect(answered(setup)).toEqual([role, line]);
  });

  test('an association that goes on keeps its roles', () => {
    expect(answered('actpass', 'client')).toEqual(['client', 'a=setup:active']);
    expect(answered('actpass', 'server')).toEqual(['server', 'a=setup:passive']);
  });

  test.each([
    ['passive', 'client'],
    [undefined, 'client'],
    ['active', 'server'],
    ['actpass', 'server'],
  ])('who answers %s', (setup, role) => {
    const ours: PhoneOffer = { codecs: ['PCMA'], direction: 'sendrecv', way: 'ice' };
    expect(acceptAnswer(ours, read(says(setup)))).toMatchObject({
      ok: true,
      value: { association: { role } },
    });
  });
});

test('credentials may stand at session level', () => {
  const own = [UFRAG, PWD, FINGERPRINT];
  const lines = offer({ change: (line) => (own.includes(line) ? undefined : line) });
  const moved = lines.replace('t=0 0\r\n', `t=0 0\r\n${own.join('\r\n')}\r\n`);
  expect(answer(moved).agreement?.association?.ice.ufrag).toBe('Xn1z');
});

describe('our own offer', () => {
  const first: PhoneOffer = { codecs: ['PCMA', 'PCMU'], direction: 'sendrecv', way: 'ice' };

  test('leaves the browser the active part, and is agreed on by its answer', () => {
    const text = writeOffer(first, LOCAL);
    expect(text).toContain('m=audio 7882 UDP/TLS/RTP/SAVPF 8 0 101\r\n');
    expect(text).toContain('a=setup:actpass\r\n');
    expect(text).toContain('a=group:BUNDLE 0\r\na=ice-lite\r\n');
    const active = read(offer({ change: (line) => line.replace('actpass', 'active') }));
    const agreed = acceptAnswer(first, active);
    expect(agreed).toMatchObject({ ok: true, value: { association: { ice: { ufrag: 'Xn1z' } } } });
    expect(acceptAnswer(first, read(CARRIER_OFFER)).ok).toBe(false);
    expect(acceptAnswer({ ...first, way: 'rtp' }, active).ok).toBe(false);
  });

  test('repeats the lines of the session, their names too', () => {
    const { lines } = read(offer({ change: (line) => line.replace('mid:0', 'mid:sound') }));
    const text = writeOffer({ ...first, session: { line: 0, lines } }, LOCAL);
    expect(text).toContain('a=group:BUNDLE sound\r\n');
    expect(text).toContain('a=mid:sound\r\n');
  });
});

test('any mangled offer: no exception, and an answer of ours alone that can be read again', () => {
  const lines = offer({ more: ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:1'] }).split('\r\n');
  const cut = fc.record({
    at: fc.nat(lines.length - 1),
    put: fc.oneof(fc.string(), fc.constantFrom(...lines)),
  });
  fc.assert(
    fc.property(
      fc.array(cut, { maxLength: 4 }),
      fc.nat(400),
      fc.string({ maxLength: 3 }),
      (cuts, from, text) => {
        const changed = [...lines];
        for (const { at, put } of cuts) changed[at] = put;
        const whole = changed.join('\r\n');
        const description = readPhoneSdp(`${whole.slice(0, from)}${text}${whole.slice(from)}`);
        if (!description.ok) return;
        const ours = { keep: undefined, direction: 'sendrecv', way: 'ice' } as const;
        const plan = planAnswer(description.value, ['PCMA', 'PCMU'], ours);
        if (!plan.ok) return;
        const { association } = plan.value.agreement;
        expect(association?.ice.ufrag).toMatch(/^[A-Za-z0-9+/]{4,256}$/);
        const written = writeAnswer(description.value, plan.value, LOCAL);
        expect(written.match(/^a=ice-ufrag:/gm)).toEqual(['a=ice-ufrag:']);
        expect(written.match(/^m=/gm)).toHaveLength(description.value.lines.length);
        expect(readPhoneSdp(written).ok).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
