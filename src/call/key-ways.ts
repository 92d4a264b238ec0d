import type { Millis } from '../base/clock.ts';
import type { DtmfMode } from '../trunk/trunk.ts';

/** How keys travel: as RTP telephone-events (RFC 4733), as INFO requests, or as their tones within the voice. */
export type KeyWay = 'rtp' | 'info' | 'tone';

/** The ways that a key takes to a phone. `allowsInfo`: its Allow names INFO, undefined when it has sent none. */
export function keyWays(
  mode: DtmfMode,
  phone: { readonly hasEvents: boolean; readonly allowsInfo: boolean | undefined },
): readonly KeyWay[] {
  switch (mode) {
    case 'info':
      return ['info'];
    case 'inband':
      return ['tone'];
    case 'both':
      return phone.hasEvents ? ['rtp', 'info'] : ['info'];
    case 'rfc4733':
      if (phone.hasEvents) return ['rtp'];
      return phone.allowsInfo === true ? ['info'] : ['tone'];
  }
}

/** How far apart the tellings of one press may be. */
const SAME_PRESS_MS: Millis = 2_000;
/** Presses whose other tellings are waited for. */
const MAX_PENDING = 16;

interface Press {
  readonly digit: string;
  /** When it was first told. */
  readonly at: Millis;
  readonly ways: Set<KeyWay>;
}

/**
 * Tells one press of a key once, though the phone may tell it several ways. The rule: what is heard one way belongs to the earliest
 * press of that key within 2 s that was not heard this way yet, and is a new one if there is none. So `55` is two presses however
 * it comes, and a phone that uses one way only loses nothing.
 */
export class KeyMerger {
  #presses: Press[] = [];

  /** Is it a press that was not told yet? */
  isNew(way: KeyWay, digit: string, now: Millis): boolean {
    this.#presses = this.#presses.filter(({ at }) => now - at <= SAME_PRESS_MS);
    const twin = this.#presses.find((each) => each.digit === digit && !each.ways.has(way));
    twin?.ways.add(way);
    if (twin !== undefined) return false;
    this.#presses.push({ digit, at: now, ways: new Set([way]) });
    if (this.#presses.length > MAX_PENDING) this.#presses.shift();
    return true;
  }
}
