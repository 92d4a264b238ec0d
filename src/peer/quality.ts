import { ConnectionQuality, ConnectionQualityInfo, ConnectionQualityUpdate } from '@livekit/protocol';
import type { Participant } from '../room/participant.ts';

/** Of 100, what one percent of loss costs (Opus with in-band FEC). */
const PER_LOST_PERCENT = 4;

/**
 * LiveKit's score of a connection, 0 … 100: the E-model (ITU-T G.107) made simple. Delay costs little up to 160 ms, and
 * jitter counts twice, for the far end's buffer grows with it.
 */
export function connectionScore(quality: { loss: number; jitterMs: number; rttMs: number }): number {
  const delay = quality.rttMs / 2 + 2 * quality.jitterMs;
  const delayCost = delay <= 160 ? delay / 40 : (delay - 120) / 10;
  return Math.max(0, Math.round(100 - delayCost - quality.loss * 100 * PER_LOST_PERCENT));
}

/** The update that tells clients of others' connections, and of their own. */
export function qualityUpdate(
  scores: Iterable<{ readonly participant: Participant; readonly score: number }>,
): ConnectionQualityUpdate {
  return new ConnectionQualityUpdate({
    updates: [...scores].map(
      ({ participant, score }) =>
        new ConnectionQualityInfo({
          participantSid: participant.sid,
          quality: qualityOf(score),
          // As a mean opinion score, 1 … 5.
          score: 1 + (score / 100) * 4,
        }),
    ),
  });
}

function qualityOf(score: number): ConnectionQuality {
  if (score > 80) return ConnectionQuality.EXCELLENT;
  return score > 40 ? ConnectionQuality.GOOD : ConnectionQuality.POOR;
}
