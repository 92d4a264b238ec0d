import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { type HeaderLine, writeRequest, writeResponse } from '../../../src/sip/message.ts';
import { parseMessage } from '../../../src/sip/parse-message.ts';

const HEADERS: readonly HeaderLine[] = [
  ['v', 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc'],
  ['f', '"Ann" <sip:ann@example.com>;tag=1'],
  ['t', 'sip:bob@example.com'],
  ['i', 'id@host'],
  ['CSeq', '0042   INVITE'],
];

function invite(extra: readonly HeaderLine[] = [], body?: Uint8Array): Uint8Array {
  return writeRequest('INVITE', 'sip:bob@example.com', [...HEADERS, ...extra], body);
}

function replaced(from: string | RegExp, to: string): Uint8Array {
  return utf8(fromUtf8(invite()).replace(from, to));
}

test('a request, its compact headers and its body', () => {
  const parsed = parseMessage(invite([['c', 'application/sdp']], utf8('v=0')));
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      kind: 'request',
      method: 'INVITE',
      uri: 'sip:bob@example.com',
      callId: 'id@host',
      cseq: { number: 42, method: 'INVITE' },
      via: { branch: 'z9hG4bKabc', port: 5060 },
    },
  });
  expect(parsed.ok && fromUtf8(parsed.value.body)).toBe('v=0');
});

test('the body is the message’s own, not the datagram’s', () => {
  const datagram = invite([], utf8('body'));
  const parsed = parseMessage(datagram);
  datagram.fill(0);
  expect(parsed.ok && fromUtf8(parsed.value.body)).toBe('body');
});

test('a response, also with an empty or no phrase', () => {
  const lines = HEADERS.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const response = writeResponse(180, lines, undefined);
  expect(parseMessage(response)).toMatchObject({
    ok: true,
    value: { kind: 'response', status: 180, phrase: 'Ringing' },
  });
  for (const line of ['SIP/2.0 180 ', 'SIP/2.0 180']) {
    expect(parseMessage(utf8(fromUtf8(response).replace('SIP/2.0 180 Ringing', line)))).toMatchObject({
      ok: true,
      value: { status: 180, phrase: '' },
    });
  }
});

test('folded lines are one', () => {
  const parsed = parseMessage(invite([['Subject', 'one\r\n  two\r\n\tthree']]));
  expect(parsed.ok && parsed.value.headers.get('subject')).toBe('one two three');
});

test('line ends before the message, and bytes after its body, are passed over', () => {
  const parsed = parseMessage(concat([utf8('\r\n\r\n'), invite([], utf8('body')), utf8('INVITE more')]));
  expect(parsed.ok && fromUtf8(parsed.value.body)).toBe('body');
});

test.each([
  ['nothing', utf8('\r\n'), 'empty', 400],
  ['no end', utf8('INVITE sip:a@b SIP/2.0\r\nVia: x'), 'no-end-of-headers', 400],
  ['two spaces', replaced('INVITE sip', 'INVITE  sip'), 'start-line', 400],
  ['blanks after the version', replaced('SIP/2.0\r\n', 'SIP/2.0 \r\n'), 'start-line', 400],
  ['another version', replaced('SIP/2.0\r\n', 'SIP/3.0\r\n'), 'version', 505],
  ['no colon', replaced('CSeq:', 'CSeq'), 'header-syntax', 400],
  ['a bare line feed', invite([['X', 'a\nb']]), 'header-syntax', 400],
  ['a NUL', invite([['X', 'a\0b']]), 'header-syntax', 400],
  ['no Via', replaced(/^v:.*\r\n/m, ''), 'missing-header', 400],
  ['two Call-IDs', invite([['Call-ID', 'x']]), 'repeated-header', 400],
  ['two lengths', invite([['l', '0']]), 'repeated-header', 400],
  ['a Via that is none', replaced('SIP/2.0/UDP', 'SIP/2.0'), 'bad-via', 400],
  ['another method in CSeq', replaced('   INVITE', ' BYE'), 'cseq-method', 400],
  ['a CSeq of 2^31', replaced('0042', '2147483648'), 'bad-cseq', 400],
  ['too many forwards', invite([['Max-Forwards', '300']]), 'bad-scalar', 400],
  ['a negative length', replaced(/Content-Length: 0/, 'Content-Length: -9'), 'bad-content-length', 400],
  ['a body cut short', replaced(/Content-Length: 0/, 'Content-Length: 9'), 'body-too-short', 400],
  ['a long line', invite([['X', 'x'.repeat(8193)]]), 'line-too-long', 400],
  ['a long fold', invite([['X', `${'x'.repeat(8000)}\r\n ${'y'.repeat(200)}`]]), 'line-too-long', 400],
  ['a long Request-URI', replaced('sip:bob@', `sip:${'b'.repeat(9000)}@`), 'line-too-long', 414],
  ['many headers', invite(Array.from({ length: 128 }, () => ['X', 'x'] as const)), 'too-many-headers', 400],
  ['a large message', invite([], new Uint8Array(65_536)), 'too-large', 513],
])('%s', (_name, bytes, reason, status) => {
  expect(parseMessage(bytes)).toMatchObject({ ok: false, error: { reason, status } });
});

test('whatever is changed in a message, reading it never throws', () => {
  const whole = invite(
    [
      ['Route', '<sip:a;lr>'],
      ['Contact', '"x" <sip:a@[::1]:5>;q=0.1'],
    ],
    utf8('v=0\r\n'),
  );
  const change = fc.record({
    at: fc.nat(whole.length - 1),
    with: fc.uint8Array({ maxLength: 6 }),
    drop: fc.nat(12),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      let bytes = whole;
      for (const each of changes)
        bytes = concat([bytes.subarray(0, each.at), each.with, bytes.subarray(each.at + each.drop)]);
      parseMessage(bytes);
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseMessage(bytes)));
});

test('what is made to be slow to read is read in linear steps', () => {
  const blanks = ' '.repeat(8000);
  const folds = 'x\r\n '.repeat(2000);
  for (const via of [`SIP/2.0/UDP a${blanks}b`, `SIP/2.0/UDP a;x${blanks}y`, `SIP/2.0/UDP a:${blanks}`]) {
    expect(parseMessage(replaced(/^v:.*$/m, `v: ${via}`)).ok).toBe(false);
  }
  expect(parseMessage(invite([['X', folds]])).ok).toBe(true);
});

test('what is written is read again the same', () => {
  const value = fc
    .string({ unit: fc.constantFrom('a', ' ', ';', ',', '"', 'é', '<', ':') })
    .map((text) => text.trim());
  fc.assert(
    fc.property(value, fc.uint8Array({ maxLength: 50 }), (text, body) => {
      const parsed = parseMessage(invite([['X-Any', text]], body));
      expect(parsed.ok && parsed.value.headers.get('x-any')).toBe(text);
      expect(parsed.ok && [...parsed.value.body]).toEqual([...body]);
    }),
  );
});
