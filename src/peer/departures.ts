import type { Millis } from '../base/clock.ts';
import type { Participant } from '../room/participant.ts';

/** Departures that are remembered, and for how long: a client takes up to 15 s to notice that its socket is dead. */
const MAX_KEPT = 200;
const KEPT_MS: Millis = 60_000;

/** Who left of late: a client that missed it would show them for ever, for a list of who is there does not say who is not. */
export class Departures {
  readonly #gone = new Map<string, { readonly participant: Participant; readonly at: Millis }>();

  note(participants: readonly Participant[], now: Millis): void {
    for (const participant of participants) {
      if (participant.state === 'disconnected') this.#gone.set(participant.sid, { participant, at: now });
    }
    for (const [sid, { at }] of this.#gone) {
      if (this.#gone.size <= MAX_KEPT && now - at < KEPT_MS) break;
      this.#gone.delete(sid);
    }
  }

  /** Those who left and did not come back under the same name. */
  since(present: ReadonlyMap<string, Participant>): Participant[] {
    return [...this.#gone.values()]
      .map(({ participant }) => participant)
      .filter(({ identity }) => !present.has(identity));
  }
}
