import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { parseMessage } from '../../../src/sip/parse-message.ts';
import { redact } from '../../../src/trace/redact.ts';
import { INVITE, message } from './messages.ts';

const SECRET = 'S3cr3tValue';

function redacted(more: readonly string[], body = '', start = INVITE): string {
  return fromUtf8(redact(message(start, 'a', more, body)));
}

describe('what a trace does not tell', () => {
  test.each([
    ['credentials', [`Authorization: Digest username="u", response="${SECRET}"`], ''],
    ['credentials for a proxy', [`proxy-authorization : Digest response="${SECRET}"`], ''],
    ['folded credentials', ['Authorization: Digest', ` response="${SECRET}",`, `\tcnonce="${SECRET}"`], ''],
    ['tokens of headers that nobody agreed on', [`X-Api-Token: ${SECRET}`, `Cookie: a=${SECRET}`], ''],
    ['keys of SDES', [], `v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${SECRET}|2^31\r\n`],
    ['keys of k= lines', [], `v=0\r\nk=clear:${SECRET}\r\n`],
    ['passwords of ICE', [], `v=0\r\na=ice-pwd:${SECRET}\r\n`],
    ['passwords in URIs', [`Contact: <sip:u:${SECRET}@192.0.2.1>`], ''],
  ])('%s', (_, more, body) => {
    expect(fromUtf8(message(INVITE, 'a', more, body))).toContain(SECRET);
    expect(redacted(more, body)).not.toContain(SECRET);
  });

  test('keys that were pressed', () => {
    const relay = ['Content-Type: application/dtmf-relay'];
    expect(redacted(relay, 'Signal=7\r\nDuration=160\r\n', 'INFO sip:a SIP/2.0')).toContain(
      'Signal=x\r\nDuration=160',
    );
    expect(redacted(['c: application/dtmf'], '7', 'INFO sip:a SIP/2.0')).toMatch(/\r\n\r\nx$/);
  });
});

test('the rest stays as it was, byte for byte', () => {
  const plain = message(INVITE, 'a', ['Via: SIP/2.0/UDP 192.0.2.10'], 'v=0\r\n');
  expect(redact(plain)).toEqual(plain);
  expect(redacted(['Authorization: Digest x', 'Subject: hello'])).toContain('Subject: hello');
});

test('the copy is a message when the message was one: lengths stay', () => {
  const body = 'v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJD|2^31\r\n';
  const bytes = message(
    'INVITE sip:u:pass@192.0.2.1 SIP/2.0',
    'a',
    [
      'Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1',
      'From: <sip:a@192.0.2.10>;tag=1',
      'To: <sip:600@192.0.2.1>',
      'Max-Forwards: 70',
      'Authorization: Digest username="u"',
      `Content-Length: ${body.length}`,
    ],
    body,
  );
  const parsed = parseMessage(redact(bytes));
  expect(parsed.ok && parsed.value.body.length).toBe(body.length);
});

test('it never throws, and takes time that grows with the message only', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void redact(bytes)));
  const nasty = ['sip:', 'token', `Authorization:${' \r\n'.repeat(99)}`, 'inline:', 'i \t', '\r\n', 'a:'];
  for (const piece of nasty) {
    const bytes = utf8(`Authorization: x\r\n${piece.repeat(65_000 / piece.length)}`);
    const startedAt = performance.now();
    redact(bytes);
    // Milliseconds when it is linear, minutes when it is not.
    expect(performance.now() - startedAt, piece).toBeLessThan(10_000);
  }
});
