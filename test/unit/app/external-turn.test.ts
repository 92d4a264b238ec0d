import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { loadConfig } from '../../../src/app/config/load.ts';
import { type ExternalTurn, openExternalTurn } from '../../../src/app/external-turn.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { turnPassword } from '../../../src/turn/credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'external-turn-'));
const file = (name: string) => join(folder, name);
let relays: ExternalTurn | undefined;

afterEach(() => {
  relays?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a file until what is to come of it has come: the watch may begin with what was just written. */
function written(name: string, text: string, check: () => void): Promise<void> {
  const attempt = () => {
    writeFileSync(file(name), text);
    check();
  };
  return vi.waitFor(attempt, { timeout: 15_000, interval: 500 });
}

test('secrets and passwords of others are turned without a restart', async () => {
  writeFileSync(file('secret'), 'the first secret');
  writeFileSync(file('password'), 'the first password');
  const text = `keys: { my-key: a-secret-of-at-least-32-characters }
turn_servers:
  - { urls: ["turn:192.0.2.1:3478?transport=udp"], secret_file: ${file('secret')} }
  - { urls: ["turn:192.0.2.2:3478?transport=udp"], username: all, password_file: ${file('password')} }`;
  const readSecret = () => 'something';
  const loaded = loadConfig({ text, file: 'f', env: {}, mode: 'production', readSecret });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  // Nobody answers at 192.0.2.0/24, and nobody drives the alarms: what was not tried yet is handed out.
  relays = openExternalTurn(loaded.value, { timers: new WakeQueue(), emit: () => {} });
  const [first, second] = relays.iceServers('ada', undefined);
  expect(first!.credential).toBe(turnPassword(digests, 'the first secret', first!.username));
  expect(second).toMatchObject({ username: 'all', credential: 'the first password' });
  const derived = () => {
    const { credential, username } = relays!.iceServers('ada', undefined)[0]!;
    return { credential, username };
  };
  await written('secret', 'the second secret\n', () => {
    const { credential, username } = derived();
    expect(credential).toBe(turnPassword(digests, 'the second secret', username));
  });
  await written('password', 'the second password\n', () =>
    expect(relays!.iceServers('ada', undefined)[1]!.credential).toBe('the second password'),
  );
  // A file that is empty, as one that is being written, leaves what was before: the password that follows is read after it.
  writeFileSync(file('secret'), '');
  await written('password', 'the third password', () =>
    expect(relays!.iceServers('ada', undefined)[1]!.credential).toBe('the third password'),
  );
  const { credential, username } = derived();
  expect(credential).toBe(turnPassword(digests, 'the second secret', username));
}, 60_000);
