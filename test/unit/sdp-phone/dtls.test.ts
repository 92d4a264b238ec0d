import { describe, expect, test } from 'vitest';
import type { AgreedDtls } from '../../../src/sdp/dtls-roles.ts';
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

const NEW_ID = 'n'.repeat(20);
const OUR_ID = 'o'.repeat(20);
const THEIR_ID = 't'.repeat(20);

function answer(policy: EncryptionPolicy, ...lines: string[]) {
  return answerWith(undefined, policy, ...lines);
}

/** With an association that stands. */
function answerWith(dtls: AgreedDtls | undefined, policy: EncryptionPolicy, ...lines: string[]) {
  const offer = read(...lines);
  const newKey = () => ({ key: new Uint8Array(16).fill(5), salt: new Uint8Array(14).fill(5) });
  const encryption =
    policy === 'disabled' ? undefined : { policy, before: undefined, newKey, dtls, newTlsId: () => NEW_ID };
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
          expect(agreement).toMatchObject({
            dtls: { fingerprints: [THEIRS], role: 'server' },
            rtcpMux: true,
          });
          expect(agreement?.remote).toMatchObject({ address: '192.0.2.9', port: 4000 });
        }
    },
  );

  test.each([
    ['disabled', line('UDP/TLS/RTP/SAVP'), 'encryption-disabled'],
    ['dtls', ['m=audio 4000 RTP/AVP 8'], 'encryption-required'],
    ['dtls', ['m=audio 4000 RTP/SAVP 8', SDES], 'no-common-crypto'],
    // A hash that is broken; RTCP that would need a handshake of its own.
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
    expect(agreement?.dtls).toMatchObject({ fingerprints: [THEIRS], role: 'server' });
  });
});

describe('an offer by who waits for us to begin', () => {
  test.each(['allowed', 'required', 'dtls'] as const)(
    'is answered by the side that begins where it is %s',
    (policy) => {
      const { text, agreement } = answer(policy, ...line('UDP/TLS/RTP/SAVP', 'passive'));
      expect(text).toContain('a=setup:active\r\n');
      expect(text).toContain('a=rtcp-mux\r\n');
      expect(agreement?.dtls).toMatchObject({ fingerprints: [THEIRS], role: 'client' });
    },
  );

  test('is no such offer where it is said of all the session', () => {
    const { text } = answer('dtls', 'a=setup:passive', 'm=audio 4000 RTP/SAVP 8', PRINT, 'a=rtcp-mux');
    expect(text).toContain('a=setup:active\r\n');
    const own = answer('dtls', 'a=setup:passive', ...line('RTP/SAVP', 'active'));
    expect(own.text).toContain('a=setup:passive\r\n');
  });
});

describe('an offer within a call (RFC 8842 section 5.3)', () => {
  const standing = { fingerprints: [THEIRS], role: 'client', ourId: OUR_ID, theirId: undefined } as const;
  const withId = (id: string) => [...line('UDP/TLS/RTP/SAVP'), `a=tls-id:${id}`];

  test('of either role keeps those that stand, and our tls-id', () => {
    for (const role of ['client', 'server'] as const) {
      const { text, agreement } = answerWith({ ...standing, role }, 'dtls', ...line('UDP/TLS/RTP/SAVP'));
      expect(agreement?.dtls).toEqual({ ...standing, role });
      expect(text).toContain(`a=setup:${role === 'client' ? 'active' : 'passive'}\r\n`);
      // Who has none is told none.
      expect(text).not.toContain('tls-id');
    }
  });

  test.each([
    ['another certificate', line('UDP/TLS/RTP/SAVP').map((one) => one.replace('01:23', '45:67'))],
    ['a tls-id', withId(THEIR_ID)],
  ])('with %s is one of another association: we wait', (_, lines) => {
    expect(answerWith(standing, 'dtls', ...lines).agreement?.dtls).toMatchObject({
      role: 'server',
      ourId: NEW_ID,
    });
  });

  test('with another role that is asked for is one of another association', () => {
    const active = answerWith(standing, 'dtls', ...line('UDP/TLS/RTP/SAVP', 'active'));
    expect(active.agreement?.dtls).toMatchObject({ role: 'server', ourId: NEW_ID });
    const passive = answerWith(standing, 'dtls', ...line('UDP/TLS/RTP/SAVP', 'passive'));
    expect(passive.agreement?.dtls).toEqual(standing);
  });

  test('with a tls-id is answered with ours, which is another one when theirs is', () => {
    const known = { ...standing, theirId: THEIR_ID };
    expect(answerWith(known, 'dtls', ...withId(THEIR_ID)).text).toContain(`a=tls-id:${OUR_ID}\r\n`);
    expect(answerWith(known, 'dtls', ...withId('x'.repeat(20))).text).toContain(`a=tls-id:${NEW_ID}\r\n`);
    // What is none by RFC 8842 section 4 is not taken for one.
    expect(answerWith(undefined, 'dtls', ...withId('short')).text).not.toContain('tls-id');
  });
});

describe('an offer of ours', () => {
  const offer: PhoneOffer = {
    codecs: ['PCMA'],
    direction: 'sendrecv',
    encryption: { keys: [], plain: 'never', dtls: { tlsId: OUR_ID } },
  };

  test('names our certificate and either role, and no key', () => {
    const text = writeOffer(offer, LOCAL);
    expect(text).toContain('m=audio 10000 UDP/TLS/RTP/SAVP 8 101\r\n');
    expect(text).toContain(
      `a=fingerprint:sha-256 ${OURS.value}\r\na=setup:actpass\r\na=tls-id:${OUR_ID}\r\n`,
    );
    expect(text).toContain('a=rtcp-mux\r\n');
    expect(text).not.toMatch(/crypto|RTP\/AVP/);
  });

  test('is taken by who begins the handshake', () => {
    const accepted = acceptAnswer(offer, read(...line('UDP/TLS/RTP/SAVP', 'active')));
    expect(accepted.ok && accepted.value).toMatchObject({
      dtls: { fingerprints: [THEIRS], role: 'server', ourId: OUR_ID },
      rtcpMux: true,
    });
  });

  test.each([
    ['waits', 'passive', 'client'],
    ['does not say', 'holdconn', 'client'],
    ['says what is no answer', 'actpass', 'server'],
  ])('answered by one who %s (%s) makes us the %s', (_, setup, role) => {
    const accepted = acceptAnswer(offer, read(...line('UDP/TLS/RTP/SAVP', setup)));
    expect(accepted.ok && accepted.value.dtls).toMatchObject({ fingerprints: [THEIRS], role });
  });

  test.each([
    ['in the clear', ['m=audio 4000 RTP/AVP 8']],
    ['with keys in SDP', ['m=audio 4000 RTP/SAVP 8', SDES]],
    ['without a certificate', ['m=audio 4000 UDP/TLS/RTP/SAVP 8', 'a=setup:active', 'a=rtcp-mux']],
  ])('is of no use answered %s', (_, lines) => {
    expect(acceptAnswer(offer, read(...lines)).ok).toBe(false);
  });
});
