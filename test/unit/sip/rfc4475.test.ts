/** The torture messages of RFC 4475, each accepted or refused as its section says. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { concat } from '../../../src/base/bytes.ts';
import { DEFAULT_LIMITS, parseMessage } from '../../../src/sip/parse-message.ts';
import { screenInitial } from '../../../src/sip/screening.ts';
import { RFC4475 as VERDICTS } from '../../support/torture.ts';

const FOLDER = new URL('../../data/rfc4475/', import.meta.url);

function load(name: string): Uint8Array {
  const bytes = new Uint8Array(readFileSync(new URL(`${name}.dat`, FOLDER)));
  // The set keeps the empty line of this one in a file of its own.
  return name === 'baddn' ? concat([bytes, load('baddn_sep')]) : bytes;
}

/** What becomes of a message: `accept`, `drop` (a response, or no message), or the status of the answer. */
function verdict(bytes: Uint8Array): string {
  const parsed = parseMessage(bytes, DEFAULT_LIMITS);
  if (!parsed.ok) return parsed.error.method === '' ? 'drop' : String(parsed.error.status);
  if (parsed.value.kind === 'response')
    return parsed.value.headers.all('via').length === 1 ? 'accept' : 'drop';
  const screened = screenInitial(parsed.value);
  return screened.ok ? 'accept' : String(screened.error.status);
}

test('every file has a verdict here', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.dat'));
  expect(files.map((name) => name.slice(0, -4)).sort()).toEqual(Object.keys(VERDICTS).sort());
});

test.each(Object.entries(VERDICTS))('%s: %s', (name, wanted) => {
  expect(verdict(load(name))).toBe(wanted);
});

function fields(name: string) {
  const parsed = parseMessage(load(name));
  if (!parsed.ok) throw new Error(parsed.error.reason);
  return parsed.value;
}

test('3.1.1.1 wsinv: what is folded, spaced and escaped is read right', () => {
  const message = fields('wsinv');
  expect(message).toMatchObject({
    method: 'INVITE',
    uri: 'sip:vivekg@chair-dnrc.example.com;unknownparam',
    callId: 'wsinv.ndaksdj@192.0.2.1',
  });
  expect(message.cseq).toEqual({ number: 9, method: 'INVITE' });
  expect(message.to.params.get('tag')).toBe('1918181833n');
  expect(message.from.display).toBe('J Rosenberg \\"');
  expect(message.from.params.get('tag')).toBe('98asjd8');
  expect(message.via).toMatchObject({ transport: 'UDP', host: '192.0.2.2', branch: '390skdjuw' });
  expect(message.headers.all('via')).toHaveLength(3);
  expect(message.headers.all('route')).toHaveLength(1);
});

test('3.1.1.3 esc01 and 3.1.1.9 semiuri: escapes are undone once, and only within the user part', () => {
  expect(screenInitial(fields('esc01') as never)).toMatchObject({
    value: { user: 'sips:user@example.com', host: 'example.net' },
  });
  expect(screenInitial(fields('semiuri') as never)).toMatchObject({
    value: { user: 'user;par=u@example.net', host: 'example.com' },
  });
});

test('3.1.1.8 dblreq: what follows the body is not read', () => {
  expect(fields('dblreq')).toMatchObject({ method: 'REGISTER', body: new Uint8Array(0) });
});

test('3.1.1.11 mpart01: a binary body stays as it is', () => {
  const { body, headers } = fields('mpart01');
  expect(body.length).toBe(Number(headers.get('content-length')));
});

test('3.1.1.12 unreason: a phrase in UTF-8', () => {
  expect(fields('unreason')).toMatchObject({
    status: 200,
    phrase: '= 2**3 * 5**2 но сто девяносто девять - простое',
  });
});

test('3.4 inv2543: no branch, no tag', () => {
  const message = fields('inv2543');
  expect(message.via.branch).toBe('');
  expect(message.from.params.has('tag')).toBe(false);
});
