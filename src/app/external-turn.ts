import { readFileSync } from 'node:fs';
import { monotonicClock, wallClock } from '../adapters/clock/clock.ts';
import { nodeDigests } from '../adapters/crypto/crypto.ts';
import { watchFiles } from '../adapters/tcp/watch-files.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { IceServer } from '../peer/context.ts';
import { ExternalRelays } from '../turn/external-relays.ts';
import type { Config } from './config/schema.ts';
import { externalRelays, relaySelection, turnServerFiles } from './config/turn-servers.ts';
import { probeTurn } from './turn-probe.ts';

/** How often files with secrets are looked at, ms. */
const LOOK_MS = 2000;
/** How long a look at a server may take, ms. */
const PROBE_MS = 5000;

/** The TURN servers of `turn_servers`, watched. */
export interface ExternalTurn {
  /** For a participant whose client is at `client`, if that is known. */
  iceServers(identity: string, client: string | undefined): IceServer[];
  close(): void;
}

/** Looks at the configured servers from now on; a file with a secret that changes counts at once. */
export function openExternalTurn(
  { turn_servers: servers, turn_selection: selection }: Pick<Config, 'turn_servers' | 'turn_selection'>,
  { timers, emit }: { timers: Timers; emit: EventSink },
): ExternalTurn {
  const relays = externalRelays(servers, textOf);
  const watched = new ExternalRelays({
    selection: relaySelection(selection),
    ...{ relays, timers, emit, clock: monotonicClock, wall: wallClock, digests: nodeDigests },
    probe: (url, credentials, done) => {
      void probeTurn(url, credentials, { clock: monotonicClock, timers, within: PROBE_MS }).then(done);
    },
  });
  const stop = watchFiles(turnServerFiles(servers), LOOK_MS, () => {
    for (const [index, { credentials }] of externalRelays(servers, textOf).entries()) {
      // A file that is being written is empty for a moment: what was before stays.
      const known = relays[index]?.credentials;
      if (known?.kind === 'secret' && credentials.kind === 'secret' && credentials.secret !== '')
        known.secret = credentials.secret;
      if (known?.kind === 'static' && credentials.kind === 'static' && credentials.password !== '')
        known.password = credentials.password;
    }
  });
  watched.start();
  return {
    iceServers: (identity, client) =>
      watched.serversFor(identity, client).map(({ urls, credentials }) => ({
        urls,
        username: credentials.username,
        credential: credentials.password,
      })),
    close: () => {
      stop();
      watched.close();
    },
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
