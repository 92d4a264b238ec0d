import type { Millis } from '../base/clock.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { Participant } from '../room/participant.ts';
import type { PeerContext } from './context.ts';
import type { Grants } from './grants.ts';

/** LiveKit's own: how often a client gets a new token, and how long that is good at least, ms. */
const EVERY_MS: Millis = 300_000;
const LEAST_MS: Millis = 600_000;
/** A token that ends before it could be renewed in turn is renewed at once. */
const SOON_MS: Millis = 2 * EVERY_MS;

/** Gives a client new tokens in time: it comes back with the last one when its connection is lost. */
export class TokenRenewal {
  readonly #context: PeerContext;
  readonly #grants: Grants;
  readonly #participant: Participant;
  readonly #send: (token: string) => void;
  #alarm: Alarm | undefined;
  #over = false;

  constructor(context: PeerContext, grants: Grants, participant: Participant, send: (token: string) => void) {
    this.#context = context;
    this.#grants = grants;
    this.#participant = participant;
    this.#send = send;
  }

  /** Begins; call once. */
  start(): void {
    if (this.#left() < SOON_MS) this.#renew();
    this.#wait();
  }

  /** A token as the participant is now, for this room or another one. */
  token(room = this.#grants.room): Promise<string> {
    const { attributes, metadata, name, permissions } = this.#participant;
    const ttlMs = Math.max(LEAST_MS, this.#left());
    const grants = { ...this.#grants, room, name, metadata, permissions, attributes: new Map(attributes) };
    return this.#context.renewToken(grants, ttlMs);
  }

  stop(): void {
    this.#over = true;
    this.#context.timers.cancel(this.#alarm);
  }

  /** How long the client's own token is good yet, ms. */
  #left(): Millis {
    return (this.#grants.expiresAtUnixMs ?? 0) - this.#context.wall.unixMs();
  }

  #wait(): void {
    const { clock, timers } = this.#context;
    this.#alarm = timers.schedule(clock.now() + EVERY_MS, () => {
      this.#renew();
      this.#wait();
    });
  }

  #renew(): void {
    void this.token().then((token) => {
      if (!this.#over) this.#send(token);
    }, this.#context.onFault);
  }
}
