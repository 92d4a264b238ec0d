/** What a network does to the packets of one direction, one after another, by a seed. */
import type { SeededRandom } from '../lossy-net.ts';

/** Losses in shares of 1; a burst lasts `burst` packets on average (Gilbert's model); times in ms. */
export interface LossProfile {
  readonly name: string;
  /** Uniformly drawn from 0 to this. */
  readonly jitterMs: number;
  readonly loss: number;
  readonly burst: number;
}

export const PROFILES: readonly LossProfile[] = [
  { name: 'clean', jitterMs: 0, loss: 0, burst: 1 },
  { name: '20 ms jitter, 1 % loss', jitterMs: 20, loss: 0.01, burst: 1 },
  { name: '20 ms jitter, 3 % loss', jitterMs: 20, loss: 0.03, burst: 1 },
  { name: '20 ms jitter, 5 % loss in bursts of 3', jitterMs: 20, loss: 0.05, burst: 3 },
];

/** Decides for each packet of a stream. */
export class Link {
  readonly #profile: LossProfile;
  readonly #random: SeededRandom;
  #bad = false;

  constructor(profile: LossProfile, random: SeededRandom) {
    this.#profile = profile;
    this.#random = random;
  }

  /** How late (ms) the next packet arrives; undefined: never. */
  next(): number | undefined {
    const { jitterMs, loss, burst } = this.#profile;
    const late = jitterMs * this.#random.fraction();
    const dice = this.#random.fraction();
    this.#bad = this.#bad && burst > 1 ? dice >= 1 / burst : dice < loss / (1 - loss) / burst;
    return this.#bad ? undefined : late;
  }
}
