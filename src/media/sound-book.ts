/** The recordings that a worker can play: read and brought to the rates of rooms once for the whole process. */

/** Rates at which rooms mix, Hz. */
export const SOUND_RATES: readonly number[] = [8000, 16_000];

/** A recording as a worker gets it: plain data. Samples in shared memory are not copied between threads. */
export interface StoredSound {
  /** `en`. */
  readonly language: string;
  /** `enter-pin`. */
  readonly name: string;
  /** Samples at each of {@link SOUND_RATES}, in their order. */
  readonly samples: readonly Int16Array[];
}

/** The language of a recording that there is not in the wanted one. */
export const FALLBACK_LANGUAGE = 'en';

/** Recordings by language and name. */
export class SoundBook {
  readonly #sounds = new Map<string, readonly Int16Array[]>();

  constructor(sounds: readonly StoredSound[] = []) {
    for (const { language, name, samples } of sounds) this.#sounds.set(keyOf(language, name), samples);
  }

  /** The samples at `rate` Hz, in `language` or, when it has none, in {@link FALLBACK_LANGUAGE}; undefined: nowhere. */
  find(name: string, language: string, rate: number): Int16Array | undefined {
    const sound = this.#sounds.get(keyOf(language, name)) ?? this.#sounds.get(keyOf(FALLBACK_LANGUAGE, name));
    return sound?.[SOUND_RATES.indexOf(rate)];
  }
}

function keyOf(language: string, name: string): string {
  return `${language}/${name}`;
}
