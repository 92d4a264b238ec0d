import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { loadConfig } from '../../../src/app/config/load.ts';
import { openTurnAccounts, type WatchedAccounts } from '../../../src/app/turn-accounts.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { turnPassword } from '../../../src/turn/credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'turn-accounts-'));
const file = (name: string) => join(folder, name);
let watched: WatchedAccounts | undefined;

afterEach(() => {
  watched?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `turn` of a configuration whose secrets stand in the folder's files. */
function turnOf(secret: string) {
  writeFileSync(file('secret'), secret);
  writeFileSync(file('password'), 'the first password');
  const text = `keys: { my-key: a-secret-of-at-least-32-characters }
turn: { secret_file: ${file('secret')}, users: [{ username: desk, password_file: ${file('password')} }] }`;
  const readSecret = (path: string) => (path === file('secret') ? secret : 'the first password');
  const loaded = loadConfig({ text, file: 'f', env: {}, mode: 'production', readSecret });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value.turn;
}

/** Writes a file until what is to come of it has come: the watch may begin with what was just written. */
function written(name: string, text: string, check: () => void): Promise<void> {
  const attempt = () => {
    writeFileSync(file(name), text);
    check();
  };
  return vi.waitFor(attempt, { timeout: 15_000, interval: 500 });
}

test('files that change are read again: old and new secret count, of a user the new password alone', async () => {
  const events: GatewayEvent[] = [];
  watched = openTurnAccounts(turnOf('the first secret'), (event) => events.push(event));
  const { accounts } = watched;
  const early = accounts.issue('alice');
  // What cannot be a secret changes nothing, and is told.
  await written('secret', '', () =>
    expect(events).toContainEqual({ type: 'turn.secret', state: 'unreadable' }),
  );
  expect(accounts.issue('alice').password).toBe(
    turnPassword(digests, 'the first secret', accounts.issue('alice').username),
  );
  await written('secret', 'the second secret\n', () =>
    expect(events).toContainEqual({ type: 'turn.secret', state: 'replaced' }),
  );
  const late = accounts.issue('alice');
  expect(late.password).toBe(turnPassword(digests, 'the second secret', late.username));
  expect(accounts.find(early.username)!.passwords).toContain(early.password);
  await written('password', 'the second password', () =>
    expect(accounts.find('desk')!.passwords).toEqual(['the second password']),
  );
}, 60_000);
