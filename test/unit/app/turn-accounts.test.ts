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

test('files that change are read again: old and new secret count, of a user the new password alone', async () => {
  const events: GatewayEvent[] = [];
  watched = openTurnAccounts(turnOf('the first secret'), (event) => events.push(event));
  const { accounts } = watched;
  const early = accounts.issue('alice');
  // What cannot be a secret changes nothing, and is told.
  writeFileSync(file('secret'), '');
  await vi.waitFor(() => expect(events).toEqual([{ type: 'turn.secret', state: 'unreadable' }]), 10_000);
  expect(accounts.issue('alice').password).toBe(
    turnPassword(digests, 'the first secret', accounts.issue('alice').username),
  );
  writeFileSync(file('secret'), 'the second secret\n');
  writeFileSync(file('password'), 'the second password');
  await vi.waitFor(() => expect(events.at(-1)).toEqual({ type: 'turn.secret', state: 'replaced' }), 10_000);
  const late = accounts.issue('alice');
  expect(late.password).toBe(turnPassword(digests, 'the second secret', late.username));
  expect(accounts.find(early.username)!.passwords).toContain(early.password);
  await vi.waitFor(() => expect(accounts.find('desk')!.passwords).toEqual(['the second password']), 10_000);
});
