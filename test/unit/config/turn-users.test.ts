import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/app/config/load.ts';
import { turnFiles, turnSecretIn, turnUsers } from '../../../src/app/config/turn-users.ts';

const KEYS = 'keys: { my-key: a-secret-of-at-least-32-characters }\n';
const FILES: Record<string, string> = { good: 'from a file, long enough\n', short: 'short\n' };
const readSecret = (path: string) => FILES[path];

function load(turn: string) {
  return loadConfig({ text: `${KEYS}turn: { ${turn} }`, file: 'f', env: {}, mode: 'production', readSecret });
}

test('users have passwords, in the file or in files of their own', () => {
  const loaded = load(
    'secret_file: good, users: [{ username: a, password: 12345678 x }, { username: b, password_file: good }]',
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { turn } = loaded.value;
  expect(turnUsers(turn.users, readSecret)).toEqual([
    { username: 'a', password: '12345678 x' },
    { username: 'b', password: 'from a file, long enough' },
  ]);
  expect(turnFiles(turn)).toEqual(['good', 'good']);
  expect(turnSecretIn(turn, readSecret)).toBe('from a file, long enough');
  expect(turnSecretIn(turn, () => 'short')).toBeUndefined();
  expect(turnSecretIn(turn, () => undefined)).toBeUndefined();
});

test.each([
  ['users: [{ username: a }]', 'password or password_file is needed with it'],
  ['users: [{ username: a, password: 12345678 x, password_file: good }]', 'password is set too: give one'],
  [
    'users: [{ username: a, password_file: short }]',
    'short cannot be read, or holds no password of 8 characters or more',
  ],
  [
    'users: [{ username: a, password_file: none }]',
    'none cannot be read, or holds no password of 8 characters or more',
  ],
  [
    'users: [{ username: a, password: 12345678 x }, { username: a, password: 12345678 x }]',
    'stands here twice',
  ],
  [
    "users: [{ username: '12:a', password: 12345678 x }]",
    'a name without spaces is expected, and not of the form of time-limited ones, 123:name',
  ],
  ['allowed_peers: [0.0.0.0/0]', 'this names everybody; name those who are meant'],
  ['credential_ttl: 5s', 'at least 1m is needed to join'],
])('%s is refused', (turn, message) => {
  const loaded = load(turn);
  expect(loaded.ok ? [] : loaded.error.map((fault) => fault.message)).toEqual([message]);
});
