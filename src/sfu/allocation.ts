/** One video on its way to a peer, as the shares of its bandwidth see it. */
export interface Claim {
  /** What each layer costs, bits a second, the smallest first; 0: it does not come in. */
  readonly costs: readonly number[];
  /** The largest layer that the peer has a use for. */
  readonly wanted: number;
  /** Larger comes first. */
  readonly priority: number;
  /** What it has now; -1: nothing. */
  readonly current: number;
}

/** More than what it has is given to a video when there is so much room beside. */
const HEADROOM = 1.15;
/** The smallest layer is given up only when it lacks so much of its room: a picture that stutters is better than none. */
const PAUSE_BELOW = 0.7;

/**
 * Shares `budget`, bits a second, among the videos of one peer: first each has its smallest layer, in the order of
 * priority, then layers grow one by one. Answers a layer for each claim; -1: there is no room for it at all. `forSmallest`: what
 * the smallest layers may take together, where that is more.
 */
export function allocate(claims: readonly Claim[], budget: number, forSmallest: number = budget): number[] {
  const order = claims
    .map((_, index) => index)
    .sort((a, b) => claims[b]!.priority - claims[a]!.priority || a - b);
  const given = claims.map(() => -1);
  let left = Math.max(budget, forSmallest);
  for (const index of order) {
    const claim = claims[index]!;
    const layer = nextLayer(claim, -1);
    // What is not measured yet is let through: only then it can be.
    if (layer === undefined) {
      given[index] = claim.wanted;
      continue;
    }
    const cost = claim.costs[layer]!;
    const needed = claim.current >= 0 ? PAUSE_BELOW * cost : cost;
    if (left < needed) continue;
    given[index] = layer;
    left -= cost;
  }
  left -= Math.max(0, forSmallest - budget);
  for (let grew = true; grew; ) {
    grew = false;
    for (const index of order) {
      const claim = claims[index]!;
      const has = given[index]!;
      if (has < 0) continue;
      const layer = nextLayer(claim, has);
      if (layer === undefined) continue;
      const more = claim.costs[layer]! - (claim.costs[has] ?? 0);
      const room = layer > claim.current ? HEADROOM * claim.costs[layer]! - (claim.costs[has] ?? 0) : more;
      if (left < room) continue;
      given[index] = layer;
      left -= more;
      grew = true;
    }
  }
  return given;
}

/** What all claims would cost in full, bits a second. */
export function fullCost(claims: readonly Claim[]): number {
  let sum = 0;
  for (const { costs, wanted } of claims) {
    for (let layer = Math.min(wanted, costs.length - 1); layer >= 0; layer--) {
      if (costs[layer]! === 0) continue;
      sum += costs[layer]!;
      break;
    }
  }
  return sum * HEADROOM;
}

function nextLayer({ costs, wanted }: Claim, above: number): number | undefined {
  for (let layer = above + 1; layer < costs.length; layer++) {
    if (layer > wanted && above >= 0) return undefined;
    // Of layers that are all too large the smallest is taken.
    if (costs[layer]! > 0) return layer;
  }
  return undefined;
}
