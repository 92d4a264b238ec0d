import { ConnectionQuality, ConnectionQualityInfo, ConnectionQualityUpdate } from '@livekit/protocol';
import type { Participant } from '../room/participant.ts';

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
