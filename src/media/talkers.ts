import { AutomaticGain, type GainSettings } from '../audio/automatic-gain.ts';
import { exactLevel } from '../audio/level.ts';
import type { Millis } from '../base/clock.ts';

/** Whoever may say something: a phone, a browser's voice, a prompt. */
export interface MixSource {
  /** What the last {@link pull} wrote: 20 ms at 8 or at 16 kHz, as its length tells. The mix scales it in place. */
  readonly frame: Int16Array;
  /** Makes the next 20 ms; true when they belong into the mix. Called exactly once a tick. */
  pull(now: Millis): boolean;
}

/** What a room's mix is made with. */
export interface MixSettings {
  /** Of those who talk at a time, so many loudest are heard by phones. */
  readonly maxTalkers: number;
  /** Undefined: everybody stays as loud as they came. */
  readonly gain: GainSettings | undefined;
}

export const DEFAULT_MIX: MixSettings = { maxTalkers: 6, gain: { targetDb: -20, maxGainDb: 12 } };

/** Whoever is not heard takes another's place only when it is louder by so much, dB. */
const LOUDER_DB = 4;
/** Share of the way in 20 ms by which a level follows: up in 50 ms, down in half a second, so that a pause costs no place. */
const RISE = 0.4;
const FALL = 0.04;
/** No peak is turned up beyond it. */
const HIGHEST = 32_000;

/** One source's standing in a mix. */
export class Talker {
  /** It says something in this frame. */
  talks = false;
  /** It is in this frame of the mix. */
  mixed = false;
  /** It has a place among those who are heard. */
  placed = false;
  /** Of late, dBov. */
  level = -120;
  readonly #source: MixSource;
  readonly #gain: AutomaticGain | undefined;
  #begins = false;
  #wanted = 1;
  #factor = 1;

  /** `gain` undefined: it is mixed as it is. */
  constructor(source: MixSource, gain: GainSettings | undefined) {
    this.#source = source;
    this.#gain = gain === undefined ? undefined : new AutomaticGain(gain);
  }

  /** The source's frame, which {@link scale} changes. */
  get frame(): Int16Array {
    return this.#source.frame;
  }

  /** Makes the source's next frame and looks at it; answers {@link talks}. */
  pull(now: Millis): boolean {
    const talks = this.#source.pull(now);
    this.#begins = talks && !this.talks;
    this.talks = talks;
    if (!talks) {
      this.placed = false;
      this.mixed = false;
      return false;
    }
    const level = exactLevel(this.frame);
    this.#wanted = this.#gain?.next(level) ?? 1;
    if (this.#begins) this.level = level;
    else this.level += (level - this.level) * (level > this.level ? RISE : FALL);
    return true;
  }

  /** It is heard from now on. */
  place(): void {
    this.placed = true;
    // Speech that begins, begins softly by itself, and its first sound is not to be lost; who talked unheard fades in.
    if (!this.mixed) this.#factor = this.#begins ? this.#wanted : 0;
  }

  /** Scales the frame for the mix; sets {@link mixed}. One that lost its place is heard for one frame more, to fade. */
  scale(): void {
    this.mixed = this.placed || (this.mixed && this.#factor > 0);
    if (!this.mixed) return;
    const from = this.#factor;
    const to = this.placed ? this.#fitting() : 0;
    this.#factor = to;
    if (from === 1 && to === 1) return;
    const { frame } = this;
    const length = this.#fitsUntil(from);
    const step = (to - from) / length;
    for (let i = 0; i < frame.length; i++) {
      const factor = i < length ? from + step * (i + 1) : to;
      frame[i] = Math.round(frame[i]! * factor);
    }
  }

  /** The wanted gain, or as much of it as the frame's highest peak allows. */
  #fitting(): number {
    if (this.#wanted <= 1) return this.#wanted;
    let peak = 1;
    for (const sample of this.frame) peak = Math.max(peak, Math.abs(sample));
    return Math.max(1, Math.min(this.#wanted, HIGHEST / peak));
  }

  /** Samples until the first that is too loud for `factor`: by there the gain must have come down. */
  #fitsUntil(factor: number): number {
    const { frame } = this;
    if (factor <= 1) return frame.length;
    const most = HIGHEST / factor;
    const loud = frame.findIndex((sample) => sample > most || sample < -most);
    return loud < 0 ? frame.length : loud + 1;
  }
}

/** Gives the places of a mix to the loudest of those who talk; whoever has one keeps it while it can. */
export function choose(talking: readonly Talker[], places: number): void {
  let taken = 0;
  for (const talker of talking) if (talker.placed) taken++;
  for (; taken < Math.min(places, talking.length); taken++) loudest(talking)?.place();
  if (taken < talking.length) {
    const weakest = quietest(talking);
    const challenger = loudest(talking);
    if (weakest === undefined || challenger === undefined) return;
    if (challenger.level <= weakest.level + LOUDER_DB) return;
    weakest.placed = false;
    challenger.place();
  }
}

/** Of those without a place. */
function loudest(talking: readonly Talker[]): Talker | undefined {
  let found: Talker | undefined;
  for (const talker of talking)
    if (!talker.placed && (found === undefined || talker.level > found.level)) found = talker;
  return found;
}

/** Of those with one. */
function quietest(talking: readonly Talker[]): Talker | undefined {
  let found: Talker | undefined;
  for (const talker of talking)
    if (talker.placed && (found === undefined || talker.level < found.level)) found = talker;
  return found;
}
