import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseParams, quote, splitCommas, unquote } from '../../../src/sip/grammar.ts';
import { canonicalName, Headers } from '../../../src/sip/headers.ts';
import { formatNameAddr, parseAddress } from '../../../src/sip/name-addr.ts';
import { parseVia, viaLinesForResponse } from '../../../src/sip/via.ts';

test('compact, lower and full names are one', () => {
  for (const name of ['v', 'V', 'Via', 'VIA', 'via']) expect(canonicalName(name)).toBe('via');
  expect(canonicalName('X-Room')).toBe('x-room');
  expect(canonicalName('x')).toBe('session-expires');
  expect(canonicalName('constructor')).toBe('constructor');
});

test('list headers are split at commas, others are not', () => {
  const headers = new Headers();
  headers.add('route', '<sip:a;lr>, "x, y" <sip:b,c;lr>');
  headers.add('route', '<sip:d>');
  headers.add('subject', 'one, two');
  expect(headers.all('route')).toEqual(['<sip:a;lr>', '"x, y" <sip:b,c;lr>', '<sip:d>']);
  expect(headers.all('subject')).toEqual(['one, two']);
  expect(headers.lines('route')).toHaveLength(2);
});

test('addresses', () => {
  const quoted = parseAddress('"A \\" B" <sip:a@b;x=1>;tag=7;q="a;b"');
  expect(quoted).toMatchObject({ display: 'A " B', text: 'sip:a@b;x=1' });
  expect([...quoted!.params]).toEqual([
    ['tag', '7'],
    ['q', 'a;b'],
  ]);
  expect(parseAddress('caller<sip:a@b>;tag=1')).toMatchObject({ display: 'caller' });
  const bare = parseAddress('sip:a@b;tag=1');
  expect(bare?.text).toBe('sip:a@b');
  expect(bare?.params.get('tag')).toBe('1');
  expect(parseAddress('<isbn:2983792873>')).toMatchObject({ text: 'isbn:2983792873', uri: undefined });
});

test.each([
  '',
  '*',
  '"open <sip:a@b>',
  '<sip:a@b',
  'Bell, A <sip:a@b>',
  '< sip:a@b >',
  'sip:a@b?x=y',
  '<sip:a@b>;;x',
])('no address: %s', (text) => expect(parseAddress(text)).toBeUndefined());

test('a display name is quoted so that it comes back, and cannot break its line', () => {
  const uri = parseAddress('<sip:a@b>')!.uri!;
  expect(formatNameAddr('x\r\nY: z', uri)).toBe('"x  Y: z" <sip:a@b>');
  fc.assert(
    fc.property(fc.string(), (display) => {
      expect(parseAddress(formatNameAddr(display, uri))?.display).toBe(display);
    }),
  );
});

test('Via: blanks, IPv6, RFC 2543', () => {
  expect(parseVia('SIP  / 2.0 \t/ UDP  192.0.2.2 : 5061 ;branch=390skdjuw')).toMatchObject({
    transport: 'UDP',
    host: '192.0.2.2',
    port: 5061,
    branch: '390skdjuw',
  });
  expect(parseVia('SIP/2.0/tls [2001:DB8::9];received=::1')).toMatchObject({
    transport: 'TLS',
    host: '2001:db8::9',
    port: undefined,
  });
  for (const bad of [
    '',
    'SIP/2.0/UDP',
    'SIP/1.0/UDP a',
    'HTTP/2.0/UDP a',
    'SIP/2.0/UDP a;;',
    'SIP/2.0/UDP a b',
  ]) {
    expect(parseVia(bad)).toBeUndefined();
  }
});

test('what a Via says of received and rport is replaced by the truth', () => {
  const lines = viaLinesForResponse(
    ['SIP/2.0/UDP a;rport;branch=z9hG4bKx;received=6.6.6.6, SIP/2.0/UDP b;rport', 'SIP/2.0/TCP c'],
    { address: '192.0.2.7', port: 7 },
  );
  expect(lines).toEqual([
    'SIP/2.0/UDP a;branch=z9hG4bKx;received=192.0.2.7;rport=7',
    'SIP/2.0/UDP b;rport',
    'SIP/2.0/TCP c',
  ]);
});

test('quoting, parameters and comma lists never throw', () => {
  const nasty = fc.string({ unit: fc.constantFrom('"', '\\', ',', ';', '=', '<', '>', ' ', 'a', 'é', '\0') });
  fc.assert(
    fc.property(nasty, (text) => {
      splitCommas(text);
      parseParams(text, 0);
      parseAddress(text);
      parseVia(text);
      expect(unquote(quote(text)).length).toBe(text.length);
    }),
    { numRuns: 500 },
  );
});
