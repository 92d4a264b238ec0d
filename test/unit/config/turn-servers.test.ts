import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/app/config/load.ts';
import { externalRelays, relaySelection, turnServerFiles } from '../../../src/app/config/turn-servers.ts';

const KEYS = 'keys: { my-key: a-secret-of-at-least-32-characters }\n';
const FILES: Record<string, string> = { good: 'from a file\n', empty: '\n' };
const readSecret = (path: string) => FILES[path];

function load(server: string) {
  const text = `${KEYS}turn_servers: [{ urls: ['turn:a.test:3478?transport=udp'], ${server} }]`;
  return loadConfig({ text, file: 'f', env: {}, mode: 'production', readSecret });
}

test.each([
  ['secret: abc', { kind: 'secret', secret: 'abc', ttlMs: 14_400_000 }],
  ['secret_file: good, credential_ttl: 1h', { kind: 'secret', secret: 'from a file', ttlMs: 3_600_000 }],
  ['username: u, password: p', { kind: 'static', username: 'u', password: 'p' }],
  ['username: u, password_file: good', { kind: 'static', username: 'u', password: 'from a file' }],
])('%s', (server, credentials) => {
  const loaded = load(server);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { turn_servers } = loaded.value;
  expect(externalRelays(turn_servers, readSecret)).toEqual([
    { urls: ['turn:a.test:3478?transport=udp'], credentials },
  ]);
  expect(turnServerFiles(turn_servers)).toEqual(server.includes('_file') ? ['good'] : []);
});

test.each([
  ['credential_ttl: 1h', 'secret, or username and password, are needed with it'],
  ['username: u', 'secret, or username and password, are needed with it'],
  ['password: p', 'secret, or username and password, are needed with it'],
  ['secret: a, username: u, password: p', 'a server has a secret or a user, not both'],
  ['secret: a, secret_file: good', 'secret is set too: give one'],
  ['username: u, password: a, password_file: good', 'password is set too: give one'],
  ['secret_file: empty', 'empty cannot be read, or is empty'],
  ['username: u, password_file: missing', 'missing cannot be read, or is empty'],
])('%s is refused', (server, message) => {
  const loaded = load(server);
  expect(loaded.ok ? [] : loaded.error.map((fault) => fault.message)).toEqual([message]);
});

test('what is no TURN URL is refused', () => {
  const text = `${KEYS}turn_servers: [{ urls: ['stun:a.test'], secret: a }]`;
  const loaded = loadConfig({ text, file: 'f', env: {}, mode: 'production', readSecret });
  expect(loaded.ok ? [] : loaded.error.map((fault) => fault.message)).toEqual([
    'a TURN URL is expected, such as turn:turn.example.com:3478?transport=udp',
  ]);
});

test('whom a server is for, and where clients are, is told by networks', () => {
  const text = `${KEYS}turn_servers:
  - { urls: ['turn:a.test'], secret: abc, region: eu, networks: [192.0.2.0/24, "2001:db8::/32"] }
  - { urls: ['turn:b.test'], secret: abc, region: us }
turn_selection:
  order: rtt
  limit: 3
  regions: [{ name: eu, networks: [198.51.100.0/24] }, { name: us, networks: ["198.51.0.0/16", "2001:db8::/32"] }]`;
  const loaded = loadConfig({ text, file: 'f', env: {}, mode: 'production', readSecret });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { turn_selection, turn_servers } = loaded.value;
  const [first, second] = externalRelays(turn_servers, readSecret);
  expect([first?.region, second?.region]).toEqual(['eu', 'us']);
  expect(second?.serves).toBeUndefined();
  const served = ['192.0.2.7', '2001:db8::7', '192.0.3.7', '::ffff:192.0.2.7', 'nonsense'];
  expect(served.map((client) => first?.serves?.(client))).toEqual([true, true, false, true, false]);
  const { regionOf, ...rest } = relaySelection(turn_selection);
  expect(rest).toEqual({ order: 'rtt', limit: 3 });
  // The first region that has it.
  expect(['198.51.100.7', '198.51.7.7', '2001:db8::1', '203.0.113.1'].map(regionOf)).toEqual([
    'eu',
    'us',
    'us',
    undefined,
  ]);
});
