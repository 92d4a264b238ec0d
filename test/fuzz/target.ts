import type { SeededRandom } from '../support/lossy-net.ts';

/** Something that takes bytes from strangers. */
export interface Target {
  readonly name: string;
  /** Inputs of one case: what comes one after the other. */
  make(random: SeededRandom): Uint8Array[];
  /** Throws when it was not as it must be. The same inputs do the same. */
  check(inputs: readonly Uint8Array[]): void;
}

/** Fails a check. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
