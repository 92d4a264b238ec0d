import { expect, test } from 'vitest';
import { parseUri } from '../../../src/sip/uri.ts';
import { type CallerIdentity, showCaller } from '../../../src/trunk/caller-identity.ts';

const parsed = parseUri('sip:+60312345678@pbx.example');
if (!parsed.ok) throw new Error('no URI');
const CALLER = { display: 'Reception', uri: parsed.value };
const PLAIN = '"Reception" <sip:+60312345678@pbx.example>';
const ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>';

test.each<[CallerIdentity, string, string[]]>([
  [{ header: 'none', privacy: 'none' }, PLAIN, []],
  [{ header: 'asserted', privacy: 'none' }, PLAIN, [`P-Asserted-Identity: ${PLAIN}`]],
  [{ header: 'preferred', privacy: 'none' }, PLAIN, [`P-Preferred-Identity: ${PLAIN}`]],
  [{ header: 'none', privacy: 'id' }, ANONYMOUS, ['Privacy: id']],
  [{ header: 'asserted', privacy: 'id' }, ANONYMOUS, [`P-Asserted-Identity: ${PLAIN}`, 'Privacy: id']],
])('%j', (settings, from, headers) => {
  const shown = showCaller(settings, CALLER, 'carrier');
  expect(shown.from).toBe(from);
  expect(shown.headers.map(([name, value]) => `${name}: ${value}`)).toEqual(headers);
});

test('where we were only redirected to, who wants to be hidden is (RFC 3325 section 7)', () => {
  const hidden = showCaller({ header: 'asserted', privacy: 'id' }, CALLER, 'elsewhere');
  expect(JSON.stringify(hidden)).not.toContain('60312345678');
  const open = showCaller({ header: 'asserted', privacy: 'none' }, CALLER, 'elsewhere');
  expect(open.headers).toHaveLength(1);
});
