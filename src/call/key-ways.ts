import type { Millis } from '../base/clock.ts';
import type { DtmfMode } from '../trunk/trunk.ts';

/** How keys travel beside the voice: as RTP telephone-events (RFC 4733), or as INFO requests. */
export type KeyWay = 'rtp' | 'info';

/** The ways that a key takes to a phone. `allowsInfo`: its Allow names INFO, undefined when it has sent none. */
export function keyWays(
  mode: DtmfMode,
  phone: { readonly hasEvents: boolean; readonly allowsInfo: boolean | undefined },
): readonly KeyWay[] {
  if (mode === 'info') return ['info'];
  if (mode === 'both') return phone.hasEvents ? ['rtp', 'info'] : ['info'];
  return phone.hasEvents || phone.allowsInfo !== true ? ['rtp'] : ['info'];
}

/** How far apart the two tellings of one press may be: INFO is sent when the key is let go, RTP when it goes down. */
const SAME_PRESS_MS: Millis = 2_000;
/** Presses that wait for their other telling. */
const MAX_PENDING = 16;

/**
 * Tells one press of a key once, though the phone may tell it both ways. The rule: each press heard one way takes away one of the same
 * key heard the other way within 2 s, in either order. So `55` is two presses however it comes, and a phone that uses one way only
 * loses nothing.
 */
export class KeyMerger {
  #pending: { readonly way: KeyWay; readonly digit: string; readonly at: Millis }[] = [];

  /** Is it a press that was not told yet? */
  isNew(way: KeyWay, digit: string, now: Millis): boolean {
    this.#pending = this.#pending.filter(({ at }) => now - at <= SAME_PRESS_MS);
    const twin = this.#pending.findIndex((each) => each.way !== way && each.digit === digit);
    if (twin >= 0) {
      this.#pending.splice(twin, 1);
      return false;
    }
    this.#pending.push({ way, digit, at: now });
    if (this.#pending.length > MAX_PENDING) this.#pending.shift();
    return true;
  }
}
