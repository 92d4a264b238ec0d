import type { CallQuality } from '../events/index.ts';
import { connectionScore } from '../room/connection-score.ts';

/** LiveKit's score of a phone's connection, 0 … 100: of its two ways the worse. What came too late was lost. */
export function lineScore({ heard, sent, roundTripMs: rttMs = 0 }: CallQuality): number {
  const scores = [heard, sent].flatMap((way) =>
    way === undefined
      ? []
      : [connectionScore({ loss: way.loss + way.discarded, jitterMs: way.jitterMs, rttMs })],
  );
  return Math.min(100, ...scores);
}
