import { hex } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { OpenRelay, RelayPool } from './relay-pool.ts';
import type { UserBudgets } from './user-budgets.ts';

/** RFC 8656 section 7.2: at least 30 s. */
const RESERVED_MS: Millis = 30_000;
/** RFC 8656 section 18.7. */
export const TOKEN_BYTES = 8;
const MAX_RESERVATIONS = 256;

interface Reservation {
  readonly relay: OpenRelay;
  readonly identity: string;
  readonly alarm: Alarm;
}

/** Relays that wait for whoever has their token (RESERVATION-TOKEN), bound already so that nobody else takes the port. */
export class Reservations {
  readonly #byToken = new Map<string, Reservation>();
  readonly #options: { timers: Timers; random: Random; pool: RelayPool; budgets: UserBudgets };

  constructor(options: { timers: Timers; random: Random; pool: RelayPool; budgets: UserBudgets }) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#byToken.size >= MAX_RESERVATIONS;
  }

  /** Keeps a relay for 30 s, and counts it as one of the user's. Returns the token. */
  add(relay: OpenRelay, identity: string, now: Millis): Uint8Array {
    const { timers, random, budgets } = this.#options;
    const token = random.bytes(TOKEN_BYTES);
    const key = hex(token);
    const alarm = timers.schedule(now + RESERVED_MS, () => this.#drop(key));
    this.#byToken.set(key, { relay, identity, alarm });
    budgets.take(identity, now);
    return token;
  }

  /** The relay of this token, which is good once, and for the user who was given it. */
  claim(token: Uint8Array, identity: string): OpenRelay | undefined {
    const key = hex(token);
    const reservation = this.#byToken.get(key);
    if (reservation === undefined || reservation.identity !== identity) return undefined;
    this.#forget(key, reservation);
    return reservation.relay;
  }

  closeAll(): void {
    for (const key of [...this.#byToken.keys()]) this.#drop(key);
  }

  #drop(key: string): void {
    const reservation = this.#byToken.get(key);
    if (reservation === undefined) return;
    this.#forget(key, reservation);
    this.#options.pool.close(reservation.relay);
  }

  #forget(key: string, { alarm, identity }: Reservation): void {
    this.#byToken.delete(key);
    this.#options.timers.cancel(alarm);
    this.#options.budgets.give(identity);
  }
}
