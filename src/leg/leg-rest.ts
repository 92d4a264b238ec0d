/**
 * A leg that rests: a phone that says nothing, though it sends. A lane keeps its packets back, and sends it what all who rest
 * are sent; from time to time, and before anything else happens to the leg, it is told what came and when. That counts as ever,
 * for RTCP, liveness and what the playout learns of the network. But it is not played: it lies below what the mix hears of
 * anybody, and the first packet that does not wakes the leg, whose playout then begins as that of one who begins to talk.
 */
import type { DatagramSocket } from '../base/net.ts';
import type { HearOf, LaneTerms, QuietLane } from '../base/quiet-lane.ts';
import { PlainLane } from './plain-lane.ts';

/** Has a lane of `socket` rest as `terms` say: the socket's own where it has one that can, else one in TypeScript. */
export function layToRest(socket: DatagramSocket, terms: LaneTerms): QuietLane {
  const own = socket.lane;
  if (own?.rest(terms) === true) return own;
  const plain = new PlainLane(socket);
  plain.rest(terms);
  return plain;
}

/** One leg's rest. */
export class LegRest {
  readonly lane: QuietLane;
  readonly #onAwake: () => void;

  constructor(lane: QuietLane, onAwake: () => void) {
    this.lane = lane;
    this.#onAwake = onAwake;
  }

  /** Has `hear` told of each packet that came; answers how many the lane has sent meanwhile. */
  catchUp(hear: HearOf): number {
    return this.lane.drain(hear);
  }

  /** All is caught up with; the leg is as any other again. */
  end(): void {
    this.lane.wake();
    this.#onAwake();
  }
}
