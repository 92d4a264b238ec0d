import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { ProbeOutcome } from './allocation-probe.ts';
import { mintTurnCredentials, type TurnCredentials } from './credentials.ts';
import { EVERYBODY, nearest, type RelayPlacement, type RelaySelection } from './nearest.ts';

/** How a server knows its users: by a secret that both hold (coturn's `use-auth-secret`, STUNner's ephemeral), or one user for all. */
export type RelayCredentials =
  | { readonly kind: 'secret'; secret: string; readonly ttlMs: Millis }
  | { readonly kind: 'static'; readonly username: string; password: string };

/** A TURN server that others run. */
export interface ExternalRelay extends RelayPlacement {
  readonly urls: readonly string[];
  readonly credentials: RelayCredentials;
}

/** Tries one URL with credentials; calls `done` once. */
export type ProbeRelay = (
  url: string,
  credentials: TurnCredentials,
  done: (outcome: ProbeOutcome) => void,
) => void;

/** From one look at a server to the next. */
const LOOK_EVERY: Millis = 30_000;
/** One lost look is no outage. */
const MISSES_TO_DOWN = 2;
/** Part of the user name that our own looks have; shows in the server's log. */
const OWN_IDENTITY = 'trunkroom-health';

interface WatchedUrl {
  readonly url: string;
  readonly relay: ExternalRelay;
  state: 'up' | 'down';
  misses: number;
  /** Of the last look that succeeded; Infinity before one has. */
  rtt: Millis;
}

export interface ExternalRelaysOptions {
  readonly relays: readonly ExternalRelay[];
  /** Whom they are for; undefined: all are for everybody. */
  readonly selection?: RelaySelection;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly digests: Digests;
  readonly emit: EventSink;
  readonly probe: ProbeRelay;
}

/**
 * TURN servers beside the embedded one: what clients are told of them, and whether they work. Each URL is tried by a real
 * allocation every 30 s; one that failed twice in a row is handed out no more until it works. A URL that was not tried
 * yet is handed out.
 */
export class ExternalRelays {
  readonly #options: ExternalRelaysOptions;
  readonly #urls: readonly WatchedUrl[];
  #alarm: Alarm | undefined;
  #closed = false;

  constructor(options: ExternalRelaysOptions) {
    this.#options = options;
    this.#urls = options.relays.flatMap((relay) =>
      relay.urls.map((url) => ({
        url,
        relay,
        state: 'up' as const,
        misses: 0,
        rtt: Number.POSITIVE_INFINITY,
      })),
    );
  }

  /** Looks at every server now and from now on. */
  start(): void {
    if (this.#urls.length === 0 || this.#closed) return;
    const { clock, timers } = this.#options;
    for (const watched of this.#urls) this.#look(watched);
    this.#alarm = timers.schedule(clock.now() + LOOK_EVERY, () => this.start());
  }

  /**
   * The servers that work and are for a client at this address, the nearest first, with credentials for `identity`;
   * undefined: nobody knows where the client is.
   */
  serversFor(
    identity: string,
    client: string | undefined,
  ): { readonly urls: readonly string[]; readonly credentials: TurnCredentials }[] {
    const { relays, selection = EVERYBODY } = this.#options;
    const working = (relay: ExternalRelay) =>
      this.#urls.filter((one) => one.relay === relay && one.state === 'up');
    const up = relays.filter((relay) => working(relay).length > 0);
    const rtt = (relay: ExternalRelay) => Math.min(...working(relay).map((one) => one.rtt));
    return nearest(up, client, selection, rtt).map((relay) => ({
      urls: working(relay).map(({ url }) => url),
      credentials: this.#credentials(relay, identity),
    }));
  }

  /** URLs that do not work now. */
  get down(): number {
    return this.#urls.filter(({ state }) => state === 'down').length;
  }

  close(): void {
    this.#closed = true;
    this.#options.timers.cancel(this.#alarm);
  }

  #credentials({ credentials }: ExternalRelay, identity: string): TurnCredentials {
    if (credentials.kind === 'static') {
      return { username: credentials.username, password: credentials.password };
    }
    const { digests, wall } = this.#options;
    return mintTurnCredentials({
      digests,
      secret: credentials.secret,
      identity,
      unixMs: wall.unixMs(),
      ttlSeconds: Math.floor(credentials.ttlMs / 1000),
    });
  }

  #look(watched: WatchedUrl): void {
    this.#options.probe(watched.url, this.#credentials(watched.relay, OWN_IDENTITY), (outcome) => {
      if (this.#closed) return;
      if (outcome.kind === 'allocated') {
        watched.misses = 0;
        watched.rtt = outcome.rtt;
        this.#set(watched, 'up', `${Math.round(outcome.rtt)} ms`);
        return;
      }
      watched.misses++;
      const why = outcome.kind === 'refused' ? `${outcome.code} ${outcome.reason}` : outcome.reason;
      // A refusal is an answer: there is nothing to wait for.
      if (outcome.kind === 'refused' || watched.misses >= MISSES_TO_DOWN) this.#set(watched, 'down', why);
    });
  }

  #set(watched: WatchedUrl, state: 'up' | 'down', reason: string): void {
    if (watched.state === state) return;
    watched.state = state;
    this.#options.emit({ type: 'turn.server', url: watched.url, state, reason });
  }
}
