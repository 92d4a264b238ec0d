import { describe, expect, test } from 'vitest';
import type { EncryptionPolicy } from '../../../src/sdp/encryption.ts';
import { planAnswer, writeAnswer } from '../../../src/sdp/phone-answer.ts';
import { readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { acceptAnswer, type PhoneOffer, writeOffer } from '../../../src/sdp/phone-offer.ts';
import { sdp } from './sdp.ts';

const OURS = { algorithm: 'sha-256', value: `AB${':CD'.repeat(31)}` };
const THEIRS = { algorithm: 'sha-256', value: `01${':23'.repeat(31)}` };
const LOCAL = { address: '198.51.100.5', port: 10_000, sessionId: 42, version: 1, fingerprint: OURS };
const PRINT = `a=fingerprint:SHA-256 ${THEIRS.value.toLowerCase()}`;
const PLACE = 'c=IN IP4 192.0.2.9';
const SDES = 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';

function read(...lines: string[]) {
  const result = readPhoneSdp(sdp(PLACE, ...lines));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function answer(policy: EncryptionPolicy, ...lines: string[]) {
  const offer = read(...lines);
  const newKey = () => ({ key: new Uint8Array(16).fill(5), salt: new Uint8Array(14).fill(5) });
  const encryption = policy === 'disabled' ? undefined : { policy, before: undefined, newKey };
  const plan = planAnswer(offer, ['PCMA'], { keep: undefined, direction: 'sendrecv', encryption });
  if (!plan.ok) return { fault: plan.error, text: '', agreement: undefined };
  return { text: writeAnswer(offer, plan.value, LOCAL), agreement: plan.value.agreement };
}

const line = (protocol: string, setup = 'actpass') => [
  `m=audio 4000 ${protocol} 8`,
  PRINT,
  `a=setup:${setup}`,
  'a=rtcp-mux',
];

describe('an offer of DTLS-SRTP without ICE', () => {
  test.each(['UDP/TLS/RTP/SAVP', 'UDP/TLS/RTP/SAVPF', 'RTP/SAVP', 'RTP/SAVPF'])(
    'as %s is answered by the side that waits',
    (protocol) => {
      for (const policy of ['allowed', 'required', 'dtls'] as const)
        for (const setup of ['actpass', 'active']) {
          const { text, agreement } = answer(policy, ...line(protocol, setup));
          expect(text).toContain(`m=audio 10000 ${protocol} 8\r\n`);
          expect(text).toContain(`a=fingerprint:sha-256 ${OURS.value}\r\n`);
          expect(text).toContain('a=setup:passive\r\n');
          expect(text).toContain('a=rtcp-mux\r\n');
          expect(text).not.toMatch(/crypto|ice-/);
          expect(agreement).toMatchObject({ dtls: { fingerprints: [THEIRS] }, rtcpMux: true });
          expect(agreement?.remote).toMatchObject({ address: '192.0.2.9', port: 4000 });
        }
    },
  );

  test.each([
    ['disabled', line('UDP/TLS/RTP/SAVP'), 'encryption-disabled'],
    ['dtls', ['m=audio 4000 RTP/AVP 8'], 'encryption-required'],
    ['dtls', ['m=audio 4000 RTP/SAVP 8', SDES], 'no-common-crypto'],
    // Its SDP says who it is, and it wants us to begin; a hash that is broken; RTCP that would need a handshake of its own.
    ['required', line('RTP/SAVP', 'passive'), 'no-common-crypto'],
    ['required', line('RTP/SAVP').map((one) => one.replace('SHA-256', 'SHA-1')), 'no-common-crypto'],
    ['required', line('RTP/SAVP').slice(0, 3), 'no-common-crypto'],
  ] as const)('where it is %s: %j is %s', (policy, lines, fault) => {
    expect(answer(policy, ...lines).fault).toBe(fault);
  });

  test('beside keys in SDP is taken where a trunk wants DTLS alone', () => {
    const both = ['m=audio 4000 RTP/SAVP 8', SDES, PRINT, 'a=setup:actpass', 'a=rtcp-mux'];
    expect(answer('required', ...both).agreement).toMatchObject({ crypto: { remote: { tag: 1 } } });
    const { agreement } = answer('dtls', ...both);
    expect(agreement?.crypto).toBeUndefined();
    expect(agreement?.dtls).toEqual({ fingerprints: [THEIRS] });
  });
});

describe('an offer of ours', () => {
  const offer: PhoneOffer = {
    codecs: ['PCMA'],
    direction: 'sendrecv',
    encryption: { keys: [], plain: 'never', by: 'dtls' },
  };

  test('names our certificate and either role, and no key', () => {
    const text = writeOffer(offer, LOCAL);
    expect(text).toContain('m=audio 10000 UDP/TLS/RTP/SAVP 8 101\r\n');
    expect(text).toContain(`a=fingerprint:sha-256 ${OURS.value}\r\na=setup:actpass\r\n`);
    expect(text).toContain('a=rtcp-mux\r\n');
    expect(text).not.toMatch(/crypto|RTP\/AVP/);
  });

  test('is taken by who begins the handshake', () => {
    const accepted = acceptAnswer(offer, read(...line('UDP/TLS/RTP/SAVP', 'active')));
    expect(accepted.ok && accepted.value).toMatchObject({ dtls: { fingerprints: [THEIRS] }, rtcpMux: true });
  });

  test.each([
    ['in the clear', ['m=audio 4000 RTP/AVP 8']],
    ['with keys in SDP', ['m=audio 4000 RTP/SAVP 8', SDES]],
    ['without a certificate', ['m=audio 4000 UDP/TLS/RTP/SAVP 8', 'a=setup:active', 'a=rtcp-mux']],
    ['by who waits for us', line('UDP/TLS/RTP/SAVP', 'passive')],
  ])('is of no use answered %s', (_, lines) => {
    expect(acceptAnswer(offer, read(...lines)).ok).toBe(false);
  });
});
