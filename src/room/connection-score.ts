/** Of 100, what one percent of loss costs (Opus with in-band FEC). */
const PER_LOST_PERCENT = 4;

/**
 * LiveKit's score of a connection, 0 … 100: the E-model (ITU-T G.107) made simple. Delay costs little up to 160 ms, and
 * jitter counts twice, for the far end's buffer grows with it. Phones and browsers are measured alike.
 */
export function connectionScore(quality: { loss: number; jitterMs: number; rttMs: number }): number {
  const delay = quality.rttMs / 2 + 2 * quality.jitterMs;
  const delayCost = delay <= 160 ? delay / 40 : (delay - 120) / 10;
  return Math.max(0, Math.round(100 - delayCost - quality.loss * 100 * PER_LOST_PERCENT));
}
