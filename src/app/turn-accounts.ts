import { readFileSync } from 'node:fs';
import { wallClock } from '../adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../adapters/crypto/crypto.ts';
import { watchFiles } from '../adapters/tcp/watch-files.ts';
import { randomText } from '../base/ids.ts';
import type { EventSink } from '../events/index.ts';
import { TurnAccounts } from '../turn/accounts.ts';
import type { Config } from './config/schema.ts';
import { turnFiles, turnSecretIn, turnUsers } from './config/turn-users.ts';

/** How often files with secrets are looked at, ms. */
const LOOK_MS = 2000;

/** Who may use the embedded server, watched. */
export interface WatchedAccounts {
  readonly accounts: TurnAccounts;
  close(): void;
}

/**
 * The accounts of `turn`. A file that changes is read again: the new secret is handed out from then on, and the one of before is good
 * for as long as what was handed out. A file that is empty or gone, as one that is being written, changes nothing.
 */
export function openTurnAccounts(turn: Config['turn'], emit: EventSink): WatchedAccounts {
  let secret = turn.secret ?? randomText(systemRandom, 32);
  const accounts = new TurnAccounts({
    ...{ digests: nodeDigests, wall: wallClock, secret, credentialsMs: turn.credential_ttl },
    users: turnUsers(turn.users, textOf),
  });
  const close = watchFiles(turnFiles(turn), LOOK_MS, () => {
    const fresh = turnSecretIn(turn, textOf);
    if (fresh !== undefined && fresh !== secret) {
      secret = fresh;
      accounts.rotate(fresh);
      emit({ type: 'turn.secret', state: 'replaced' });
    } else if (fresh === undefined && turn.secret_file !== undefined) {
      emit({ type: 'turn.secret', state: 'unreadable' });
    }
    const users = turnUsers(turn.users, textOf);
    if (users.length === turn.users.length) accounts.setUsers(users);
  });
  return { accounts, close };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
