import { SeededRandom } from '../support/lossy-net.ts';
import { packetTargets } from './packet-targets.ts';
import { phoneTargets } from './phone-targets.ts';
import { sipTargets } from './sip-targets.ts';
import type { Target } from './target.ts';

export const targets: readonly Target[] = [...sipTargets, ...packetTargets, ...phoneTargets];

/** An input that was not taken as it must be. */
export class Found extends Error {
  readonly target: string;
  readonly seed: number;
  readonly inputs: readonly Uint8Array[];

  constructor(target: string, seed: number, inputs: readonly Uint8Array[], cause: unknown) {
    super(
      `${target}, seed ${seed}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
    );
    this.target = target;
    this.seed = seed;
    this.inputs = inputs;
  }
}

/** Case `seed` of a target; gives how many inputs it had. Throws {@link Found}. */
export function fuzzOnce(target: Target, seed: number): number {
  // Neighbouring seeds would begin alike.
  const inputs = target.make(new SeededRandom(Math.imul(seed + 1, 0x9e3779b1)));
  try {
    target.check(inputs);
  } catch (error) {
    throw new Found(target.name, seed, inputs, error);
  }
  return inputs.length;
}
