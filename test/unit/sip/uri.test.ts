import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUri, parseUri } from '../../../src/sip/uri.ts';

test.each([
  ['sip:600@example.com', { scheme: 'sip', user: '600', host: 'example.com', port: undefined }],
  [
    'SIPS:Ann:pw@Example.com:5061;transport=TCP',
    { scheme: 'sips', user: 'Ann', host: 'Example.com', port: 5061 },
  ],
  ['sip:[2001:db8::1]:5080', { user: '', host: '2001:db8::1', port: 5080 }],
  ['sip:user;par=u%40example.net@example.com', { user: 'user;par=u@example.net', host: 'example.com' }],
  ['sip:null-%00-null@example.com', { user: 'null-\0-null' }],
  ['sip:%E2%82%AC@example.com', { user: '€' }],
  ['sip:a@b.c?subject=x', { host: 'b.c', headers: 'subject=x' }],
  ['tel:+1-201-555;phone-context=x', { scheme: 'tel', user: '+1-201-555', host: '' }],
])('%s', (text, wanted) => {
  const parsed = parseUri(text);
  expect(parsed).toMatchObject({ ok: true, value: wanted });
});

test('parameters: names in lower case, values unescaped', () => {
  const parsed = parseUri('sip:a@b;LR;maddr=%31');
  expect(parsed.ok && [...parsed.value.params]).toEqual([
    ['lr', ''],
    ['maddr', '1'],
  ]);
});

test.each([
  '',
  'sip:',
  'sip:@',
  'sip:a@',
  'sip:a@b:0',
  'sip:a@b:65536',
  'sip:a@b:x',
  'sip:a b@c',
  '<sip:a@b>',
])('%j is no URI', (text) => expect(parseUri(text)).toEqual({ ok: false, error: 'syntax' }));

test.each([
  'sip:%4@b',
  'sip:a@b@c',
  'sip:a@b;x;x',
  'sip:a@[::g]',
  'sip:a@b\r\nX: y',
  'tel:',
  'tel:abc xyz',
  '1:x',
])('%j is no URI either', (text) => expect(parseUri(text)).toEqual({ ok: false, error: 'syntax' }));

test('another scheme is told from bad syntax', () => {
  expect(parseUri('http://example.com/')).toEqual({ ok: false, error: 'scheme' });
});

test('what is written is read again the same, whatever the user part', () => {
  const uri = fc.record({
    scheme: fc.constantFrom('sip' as const, 'sips' as const),
    user: fc.string({ unit: 'grapheme', minLength: 1 }),
    host: fc.constantFrom('example.com', '192.0.2.1', '2001:db8::1'),
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    params: fc.constantFrom(
      new Map<string, string>(),
      new Map([
        ['lr', ''],
        ['x', 'a;b=c@d'],
      ]),
    ),
  });
  fc.assert(
    fc.property(uri, (value) => {
      const parsed = parseUri(formatUri(value));
      expect(parsed).toMatchObject({ ok: true, value });
    }),
  );
});

test('never throws', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseUri(`sip:${text}`)));
});
