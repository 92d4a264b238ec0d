import type { Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';

/** How long a key is pressed, and the silence after it: what every exchange understands (ITU-T Q.24). */
export const PRESSED_MS: Millis = 120;
const PAUSE_MS: Millis = 120;
/** One `w`. */
const WAIT_MS: Millis = 500;

/** Keys and pauses that may be dialled after an answer. */
export const DIGITS = /^[0-9A-D*#w]{0,128}$/;

/** Presses one key after the other, from `now` on; the result stops it. */
export function dialDigits(
  digits: string,
  timers: Timers,
  now: Millis,
  press: (digit: string, durationMs: Millis) => void,
): () => void {
  let alarm: Alarm | undefined;
  let next = 0;
  const step = (at: Millis) => {
    const digit = digits[next++];
    if (digit === undefined) return;
    if (digit !== 'w') press(digit, PRESSED_MS);
    const wait = digit === 'w' ? WAIT_MS : PRESSED_MS + PAUSE_MS;
    if (next < digits.length) alarm = timers.schedule(at + wait, () => step(at + wait));
  };
  step(now);
  return () => timers.cancel(alarm);
}
