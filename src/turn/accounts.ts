import type { Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { mintTurnCredentials, parseTurnUsername, type TurnCredentials, turnPassword } from './credentials.ts';

/** A user with a password of its own, beside those of time-limited credentials. */
export interface StaticUser {
  readonly username: string;
  readonly password: string;
}

/** Whom a user name stands for, and the passwords that it may be proved with. */
export interface TurnAccount {
  /** What quotas count by: for time-limited credentials the part behind the expiry. */
  readonly identity: string;
  /** Unix time in s after which nothing new may be allocated. */
  readonly expires: number;
  /** Never empty, the likeliest first. */
  readonly passwords: readonly string[];
}

/** Secrets of before that are still good; with more, the oldest are dropped: somebody turns them faster than they expire. */
const MAX_RETIRED = 4;

export interface TurnAccountsOptions {
  readonly digests: Digests;
  readonly wall: WallClock;
  /** Shared secret of time-limited credentials. */
  readonly secret: string;
  /** How long credentials are good that are handed out, ms; a secret that is replaced is good for as long. */
  readonly credentialsMs: Millis;
  readonly users?: readonly StaticUser[];
}

/** Who may use the relay: whoever has credentials of the shared secret, and users with passwords of their own. */
export class TurnAccounts {
  readonly #options: TurnAccountsOptions;
  #secret: string;
  #retired: { readonly secret: string; readonly until: Millis }[] = [];
  #users: ReadonlyMap<string, string>;

  constructor(options: TurnAccountsOptions) {
    this.#options = options;
    this.#secret = options.secret;
    this.#users = byName(options.users ?? []);
  }

  /** From now on credentials are made of `secret`; those of the one before stay good until the last that was handed out expires. */
  rotate(secret: string): void {
    if (secret === this.#secret) return;
    const now = this.#options.wall.unixMs();
    const before = { secret: this.#secret, until: now + this.#options.credentialsMs };
    // One that comes back is current, and no longer of before.
    this.#retired = [
      before,
      ...this.#retired.filter((one) => one.until > now && one.secret !== secret),
    ].slice(0, MAX_RETIRED);
    this.#secret = secret;
  }

  /** Replaces the users with passwords of their own; allocations that others hold stay. */
  setUsers(users: readonly StaticUser[]): void {
    this.#users = byName(users);
  }

  /** Credentials for one participant, good for the time that was configured. */
  issue(identity: string): TurnCredentials {
    const { digests, wall, credentialsMs } = this.#options;
    const ttlSeconds = Math.floor(credentialsMs / 1000);
    return mintTurnCredentials({
      digests,
      secret: this.#secret,
      identity,
      unixMs: wall.unixMs(),
      ttlSeconds,
    });
  }

  /** Whose name that is; undefined: nobody's. It proves nothing, the integrity does. */
  find(username: string): TurnAccount | undefined {
    const own = this.#users.get(username);
    if (own !== undefined) {
      return { identity: username, expires: Number.POSITIVE_INFINITY, passwords: [own] };
    }
    const user = parseTurnUsername(username);
    if (user === undefined) return undefined;
    const { digests, wall } = this.#options;
    const now = wall.unixMs();
    const secrets = [
      this.#secret,
      ...this.#retired.filter(({ until }) => until > now).map(({ secret }) => secret),
    ];
    return { ...user, passwords: secrets.map((secret) => turnPassword(digests, secret, username)) };
  }
}

function byName(users: readonly StaticUser[]): ReadonlyMap<string, string> {
  return new Map(users.map(({ username, password }) => [username, password]));
}
