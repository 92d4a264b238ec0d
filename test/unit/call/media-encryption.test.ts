import { expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { mediaTerms } from '../../../src/call/media-terms.ts';
import { Negotiation } from '../../../src/call/negotiation.ts';
import type { EncryptionPolicy } from '../../../src/sdp/encryption.ts';
import { LossyNet } from '../../support/lossy-net.ts';

const AT = { address: '198.51.100.5', port: 10_000 };
const KEY = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
const THEIRS = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`;

function call(policy: EncryptionPolicy) {
  const terms = mediaTerms({ mediaEncryption: policy }, new LossyNet(5).random);
  return new Negotiation(['PCMA'], 1, undefined, terms);
}

function sdp(...lines: string[]): Uint8Array {
  return utf8(
    ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0', ...lines, ''].join('\r\n'),
  );
}

const SECURED = sdp('m=audio 4000 RTP/SAVP 8', THEIRS);

/** The media lines and keys of a description of ours. */
function lines(bytes: Uint8Array): string[] {
  return [...fromUtf8(bytes).matchAll(/^(m=audio \d+ \S+|a=crypto:\d+ \S+ inline:\S+)/gm)].map(
    ([line]) => line,
  );
}

test('each offer of a new call has keys of its own; in the call the agreed one stays', () => {
  const negotiation = call('required');
  const first = lines(negotiation.offer(AT));
  expect(first).toHaveLength(5);
  // The next target of the same call must not learn the keys of the first.
  negotiation.refused();
  const second = lines(negotiation.offer(AT));
  expect(second.slice(1).filter((line) => first.includes(line))).toEqual([]);
  expect(negotiation.accept(SECURED)).toMatchObject({ ok: true });
  expect(lines(negotiation.repeat(AT)!)).toEqual(second.slice(0, 2));
  negotiation.refused();
  negotiation.want('inactive');
  expect(lines(negotiation.offer(AT))).toEqual(second.slice(0, 2));
  expect(negotiation.accept(SECURED)).toMatchObject({
    ok: true,
    value: { crypto: { remote: { tag: 1, suite: 'AES_CM_128_HMAC_SHA1_80' } } },
  });
});

test('a twin that was answered in the clear stays so, in its place', () => {
  const negotiation = call('allowed');
  expect(lines(negotiation.offer(AT)).filter((line) => line.startsWith('m='))).toEqual([
    'm=audio 10000 RTP/SAVP',
    'm=audio 10000 RTP/AVP',
  ]);
  const answer = sdp('m=audio 0 RTP/SAVP 8', 'm=audio 4004 RTP/AVP 8');
  expect(negotiation.accept(answer)).toMatchObject({ ok: true, value: { remote: { port: 4004 } } });
  expect(lines(negotiation.offer(AT))).toEqual(['m=audio 0 RTP/SAVP', 'm=audio 10000 RTP/AVP']);
  expect(negotiation.accept(answer)).toMatchObject({ ok: true });
});

test.each<[EncryptionPolicy, Uint8Array, string]>([
  ['required', sdp('m=audio 4000 RTP/SAVP 8'), 'no-common-crypto'],
  ['required', sdp('m=audio 4000 RTP/AVP 8'), 'encryption-required'],
  ['allowed', sdp('m=audio 0 RTP/SAVP 8', 'm=audio 0 RTP/AVP 8'), 'no-answer-sdp'],
])('%s: an answer that is of no use ends the call by its name: %#', (policy, answer, cause) => {
  const negotiation = call(policy);
  negotiation.offer(AT);
  expect(negotiation.accept(answer)).toEqual({ ok: false, error: cause });
});

test('disabled: no key in any description', () => {
  const negotiation = call('disabled');
  expect(lines(negotiation.offer(AT))).toEqual(['m=audio 10000 RTP/AVP']);
  negotiation.refused();
  expect(negotiation.plan(SECURED)).toEqual({ ok: false, error: 'encryption-disabled' });
});

const PRINT = `a=fingerprint:sha-256 ${'01:'.repeat(31)}23`;
const byDtls = (setup: string, ...more: string[]) =>
  sdp('m=audio 4000 UDP/TLS/RTP/SAVP 8', PRINT, `a=setup:${setup}`, 'a=rtcp-mux', ...more);

test('an association stands over offers of both sides, with its role and our tls-id', () => {
  const negotiation = call('dtls');
  const at = { ...AT, fingerprint: { algorithm: 'sha-256', value: 'AB' } };
  const said = (bytes: Uint8Array) =>
    /a=setup:(\w+)(?:\r\na=tls-id:(\w{20,}))?/.exec(fromUtf8(bytes))?.slice(1);
  const [setup, id] = said(negotiation.offer(at))!;
  expect(setup).toBe('actpass');
  // The next target of the same call gets another.
  negotiation.refused();
  const [, second] = said(negotiation.offer(at))!;
  expect(second).not.toBe(id);
  const accepted = negotiation.accept(byDtls('passive'));
  expect(accepted).toMatchObject({ value: { dtls: { role: 'client', ourId: second } } });
  expect(said(negotiation.repeat(at)!)).toEqual(['actpass', second]);
  negotiation.refused();
  const planned = negotiation.plan(byDtls('actpass'));
  if (!planned.ok) throw new Error(planned.error);
  expect(said(negotiation.answer(planned.value, at))).toEqual(['active', undefined]);
  expect(negotiation.agreement?.dtls).toEqual(accepted.ok && accepted.value.dtls);
  const anew = negotiation.plan(byDtls('actpass', `a=tls-id:${'t'.repeat(24)}`));
  if (!anew.ok) throw new Error(anew.error);
  const [role, third] = said(negotiation.answer(anew.value, at))!;
  expect(role).toBe('passive');
  expect([id, second]).not.toContain(third);
});
