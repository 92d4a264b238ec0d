/** The tones of a telephone network, country by country, and the gateway's own: what each is made of, and its sound. */
import type { SoundPart } from './sound-part.ts';

/** A tone by what it says. */
export type ToneName = 'ringback' | 'busy' | 'congestion' | 'join' | 'leave' | 'comfort-noise';

/** A stretch of a tone: these frequencies together (Hz), none for a pause, for `ms`. */
export interface ToneStretch {
  readonly hz: readonly number[];
  readonly ms: number;
}

/** One round of a tone's cadence. */
export type Cadence = readonly ToneStretch[];

interface CountryTones {
  readonly ringback: Cadence;
  readonly busy: Cadence;
  /** The network cannot, not the callee. Undefined: the frequencies of `busy`, {@link CONGESTION_MS} on and off. */
  readonly congestion?: Cadence;
}

const CONGESTION_MS = 250;

/** ITU-T E.180 section 3 and 4: what is recommended, and what a country has that is not in the table. */
const RECOMMENDED: CountryTones = { ringback: even([425], 1000, 4000), busy: even([425], 500, 500) };

/**
 * ITU-T E.180 Supplement 2, "Various tones used in national networks". Where a country modulates its carrier (`400x25`) the
 * two frequencies that beat so stand here.
 */
const COUNTRIES: Readonly<Record<string, CountryTones>> = {
  AT: { ringback: even([420], 1000, 5000), busy: even([420], 400, 400), congestion: even([420], 200, 200) },
  AU: {
    ringback: twice([413, 438], 400, 200, 2000),
    busy: even([425], 375, 375),
    congestion: even([425], 375, 375),
  },
  BE: { ringback: even([425], 1000, 3000), busy: even([425], 500, 500), congestion: even([425], 167, 167) },
  BR: {
    ringback: even([425], 1000, 4000),
    busy: even([425], 250, 250),
    congestion: [...even([425], 750, 250), ...even([425], 250, 250)],
  },
  CA: { ringback: even([440, 480], 2000, 4000), busy: even([480, 620], 500, 500) },
  CN: { ringback: even([450], 1000, 4000), busy: even([450], 350, 350), congestion: even([450], 700, 700) },
  DE: { ringback: even([425], 1000, 4000), busy: even([425], 480, 480), congestion: even([425], 240, 240) },
  ES: {
    ringback: even([425], 1500, 3000),
    busy: even([425], 200, 200),
    congestion: [...even([425], 200, 200), ...even([425], 200, 200), ...even([425], 200, 600)],
  },
  FI: { ringback: even([425], 1000, 4000), busy: even([425], 300, 300), congestion: even([425], 200, 200) },
  FR: { ringback: even([440], 1500, 3500), busy: even([440], 500, 500) },
  GB: {
    ringback: twice([400, 450], 400, 200, 2000),
    busy: even([400], 375, 375),
    congestion: [...even([400], 400, 350), ...even([400], 225, 525)],
  },
  HK: { ringback: twice([440, 480], 400, 200, 3000), busy: even([480, 620], 500, 500) },
  IE: { ringback: twice([400, 450], 400, 200, 2000), busy: even([425], 500, 500) },
  IN: { ringback: twice([387.5, 412.5], 400, 200, 2000), busy: even([400], 750, 750) },
  JP: {
    ringback: even([392, 408], 1000, 2000),
    busy: even([400], 500, 500),
    congestion: even([400], 500, 500),
  },
  KR: {
    ringback: even([440, 480], 1000, 2000),
    busy: even([480, 620], 300, 200),
    congestion: even([480, 620], 300, 200),
  },
  MX: { ringback: even([425], 1000, 4000), busy: even([425], 250, 250) },
  MY: {
    ringback: twice([425], 400, 200, 2000),
    busy: even([425], 500, 500),
    congestion: even([425], 500, 500),
  },
  NZ: { ringback: twice([400, 450], 400, 200, 2000), busy: even([400], 500, 500) },
  PH: { ringback: even([425, 480], 1000, 4000), busy: even([480, 620], 500, 500) },
  RU: { ringback: even([425], 800, 3200), busy: even([425], 400, 400), congestion: even([425], 200, 200) },
  SE: { ringback: even([425], 1000, 5000), busy: even([425], 250, 250), congestion: even([425], 250, 750) },
  SG: { ringback: twice([413, 437], 400, 200, 2000), busy: even([425], 750, 750) },
  TH: { ringback: even([400], 1000, 4000), busy: even([400], 500, 500) },
  TW: { ringback: even([440, 480], 1000, 2000), busy: even([480, 620], 500, 500) },
  US: { ringback: even([440, 480], 2000, 4000), busy: even([480, 620], 500, 500) },
  ZA: { ringback: twice([383.5, 416.5], 400, 200, 2000), busy: even([400], 500, 500) },
};

const JOIN: Cadence = [
  { hz: [660], ms: 100 },
  { hz: [880], ms: 140 },
];
const LEAVE: Cadence = [
  { hz: [880], ms: 100 },
  { hz: [660], ms: 140 },
];

/** Amplitude of a tone of one frequency: -13 dBm0, where a sine of 0 dBm0 peaks at 22,831 (ITU-T G.711 section 7). */
const AMPLITUDE = 5111;
/** Amplitude of comfort noise: about -62 dBov. */
const NOISE = 45;
const NOISE_MS = 1000;
/** A tone that begins or ends at once clicks. */
const RAMP_MS = 5;

/** One round of `tone`'s cadence in a country (ISO 3166 code); noise has none. */
export function cadenceOf(tone: Exclude<ToneName, 'comfort-noise'>, country?: string): Cadence {
  if (tone === 'join') return JOIN;
  if (tone === 'leave') return LEAVE;
  const tones = COUNTRIES[country ?? ''] ?? RECOMMENDED;
  if (tone !== 'congestion') return tones[tone];
  return tones.congestion ?? even(tones.busy[0]?.hz ?? [], CONGESTION_MS, CONGESTION_MS);
}

/** The sound of one round of `tone` at `rate` Hz. */
export function toneSound(tone: ToneName, country: string | undefined, rate: number): SoundPart {
  return tone === 'comfort-noise' ? new NoiseSound(rate) : new CadenceSound(cadenceOf(tone, country), rate);
}

/** Plays a cadence, once. */
class CadenceSound implements SoundPart {
  readonly #cadence: Cadence;
  readonly #rate: number;
  #stretch = 0;
  #sample = 0;

  constructor(cadence: Cadence, rate: number) {
    this.#cadence = cadence;
    this.#rate = rate;
  }

  fill(into: Int16Array, at: number): number {
    let written = at;
    while (written < into.length) {
      const stretch = this.#cadence[this.#stretch];
      if (stretch === undefined) break;
      const length = Math.round((stretch.ms * this.#rate) / 1000);
      const count = Math.min(into.length - written, length - this.#sample);
      this.#write(stretch, length, into, written, count);
      written += count;
      this.#sample += count;
      if (this.#sample < length) break;
      this.#stretch++;
      this.#sample = 0;
    }
    return written - at;
  }

  restart(): void {
    this.#stretch = 0;
    this.#sample = 0;
  }

  #write({ hz }: ToneStretch, length: number, into: Int16Array, at: number, count: number): void {
    into.fill(0, at, at + count);
    // Together as loud as one alone, in power.
    const amplitude = AMPLITUDE / Math.sqrt(hz.length);
    const ramp = (RAMP_MS * this.#rate) / 1000;
    for (let i = 0; i < count; i++) {
      const sample = this.#sample + i;
      const gain = Math.min(1, (sample + 1) / ramp, (length - sample) / ramp);
      let sum = 0;
      for (const frequency of hz) sum += Math.sin((2 * Math.PI * frequency * sample) / this.#rate);
      into[at + i] = Math.round(gain * amplitude * sum);
    }
  }
}

/** A second of quiet white noise: a line that is alive. The same second each time. */
class NoiseSound implements SoundPart {
  readonly #length: number;
  #sample = 0;
  #state = 1;

  constructor(rate: number) {
    this.#length = (NOISE_MS * rate) / 1000;
  }

  fill(into: Int16Array, at: number): number {
    const count = Math.min(into.length - at, this.#length - this.#sample);
    for (let i = 0; i < count; i++) {
      // Numerical Recipes' linear congruential generator: noise need not be unforeseeable.
      this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0;
      into[at + i] = Math.round((this.#state / 0x8000_0000) * NOISE);
    }
    this.#sample += count;
    return count;
  }

  restart(): void {
    this.#sample = 0;
  }
}

function even(hz: readonly number[], on: number, off: number): Cadence {
  return [
    { hz, ms: on },
    { hz: [], ms: off },
  ];
}

/** Two short bursts and a long pause. */
function twice(hz: readonly number[], on: number, between: number, off: number): Cadence {
  return [...even(hz, on, between), ...even(hz, on, off)];
}
