/**
 * Brings callers who are quiet or loud to one level, slowly. It learns from speech alone, which it knows by its ups and
 * downs: tones, music on hold and noise are as even as speech never is, and change nothing. Levels are in dBov.
 */

/** Where speech shall lie, and how far a caller is turned up or down for it. */
export interface GainSettings {
  readonly targetDb: number;
  readonly maxGainDb: number;
}

/** Speech that is nearer to the target is left alone. */
const CLOSE_ENOUGH_DB = 3;
/** Once moving, it goes on to here. */
const ARRIVED_DB = 0.5;
/** dB in 20 ms: up 3 dB/s, down 6 dB/s. */
const UP = 0.06;
const DOWN = 0.12;
/** What is quieter says nothing. */
const SILENT_DB = -60;
/** Speech varies by more than this within the time in which the trackers forget, and counts in its upper part. */
const LIVELY_DB = 9;
const UPPER_DB = 6;
/** dB in 20 ms by which the highest and lowest level are forgotten: 15 dB/s. */
const FORGET = 0.3;
/** The background between words: noise is not raised over this. */
const NOISE_DB = -45;
const NOISE_FORGET = 0.02;
/** Frames of speech before the first move, and over which its level is taken. */
const LEARN = 10;
const MEMORY = 50;

/** One caller's gain. */
export class AutomaticGain {
  readonly #settings: GainSettings;
  #highest = SILENT_DB;
  #lowest = 0;
  #background = 0;
  #power = 0;
  #heard = 0;
  #moving = false;
  #gainDb = 0;
  #gain = 1;

  constructor(settings: GainSettings) {
    this.#settings = settings;
  }

  /** Present gain, dB. */
  get gainDb(): number {
    return this.#gainDb;
  }

  /** Hears of the next 20 ms, whose level before any gain is `levelDb`; answers the factor for it. */
  next(levelDb: number): number {
    if (levelDb <= SILENT_DB) return this.#gain;
    this.#highest = Math.max(levelDb, this.#highest - FORGET);
    this.#lowest = Math.min(levelDb, this.#lowest + FORGET);
    this.#background = Math.min(levelDb, this.#background + NOISE_FORGET);
    const lively = this.#highest - this.#lowest > LIVELY_DB;
    if (!lively || levelDb < this.#lowest + UPPER_DB) return this.#gain;
    this.#heard++;
    this.#power += (10 ** (levelDb / 10) - this.#power) / Math.min(this.#heard, MEMORY);
    if (this.#heard >= LEARN) this.#move(10 * Math.log10(this.#power));
    return this.#gain;
  }

  #move(speechDb: number): void {
    const { targetDb, maxGainDb } = this.#settings;
    const most = Math.max(0, Math.min(maxGainDb, NOISE_DB - this.#background));
    const wanted = Math.max(-maxGainDb, Math.min(most, targetDb - speechDb));
    const missing = wanted - this.#gainDb;
    if (Math.abs(missing) > CLOSE_ENOUGH_DB) this.#moving = true;
    if (Math.abs(missing) < ARRIVED_DB) this.#moving = false;
    if (!this.#moving) return;
    this.#gainDb += missing > 0 ? UP : -DOWN;
    this.#gain = 10 ** (this.#gainDb / 20);
  }
}
