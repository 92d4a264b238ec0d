/** What a tool's phone says: frames of 8 kHz, one after the other, for ever. */
import { SineSource } from '../../audio/tones.ts';
import type { Sound } from '../../audio/wav.ts';

/** Phones of these tools talk narrowband (G.711). */
export const RATE = 8000;
/** Samples in a frame of 20 ms. */
export const FRAME = 160;

export interface SoundSource {
  /** Fills all of `into` with what comes next. */
  fill(into: Int16Array): void;
}

/** A sine of `hz`, peak `amplitude` (0 … 32767). */
export function toneSource(hz: number, amplitude: number): SoundSource {
  return new SineSource(hz, amplitude, RATE);
}

/** Recorded sound in a loop, with `pauseMs` of silence between two rounds. */
export function loopSource(samples: Int16Array, pauseMs: number): SoundSource {
  const length = samples.length + Math.round((pauseMs * RATE) / 1000);
  let at = 0;
  return {
    fill(into) {
      for (let i = 0; i < into.length; i++) {
        into[i] = samples[at] ?? 0;
        at = (at + 1) % Math.max(1, length);
      }
    },
  };
}

/** Hz and ms of a little rising melody: for a host without a voice. */
const MELODY = [
  [523, 180],
  [659, 180],
  [784, 180],
  [1047, 420],
] as const;

/** The melody, once a second and a half. */
export function melodySource(): SoundSource {
  const notes = MELODY.map(([hz, ms]) => {
    const note = new Int16Array((ms * RATE) / 1000);
    new SineSource(hz, 9000, RATE).fill(note);
    return faded(note);
  });
  const samples = new Int16Array(notes.reduce((sum, note) => sum + note.length, 0));
  let at = 0;
  for (const note of notes) {
    samples.set(note, at);
    at += note.length;
  }
  return loopSource(samples, 1500);
}

/** Without a fade the ends of a note click. */
function faded(note: Int16Array): Int16Array {
  const ramp = Math.min(80, note.length >> 1);
  for (let i = 0; i < ramp; i++) {
    note[i] = Math.round((note[i]! * i) / ramp);
    note[note.length - 1 - i] = Math.round((note[note.length - 1 - i]! * i) / ramp);
  }
  return note;
}

const LOBES = 16;

/** The same sound at 8 kHz, whatever its rate: windowed sinc, off line (a stream has `audio/resample`). */
export function toPhoneRate({ rate, samples }: Sound): Int16Array {
  if (rate === RATE) return samples;
  const step = rate / RATE;
  // Cut off at the lower of the two Nyquist frequencies, a little below it.
  const cut = 0.92 * Math.min(1, 1 / step);
  const reach = Math.ceil(LOBES / cut);
  const out = new Int16Array(Math.floor(samples.length / step));
  for (let i = 0; i < out.length; i++) {
    const middle = i * step;
    const first = Math.ceil(middle - reach);
    let sum = 0;
    for (let k = Math.max(0, first); k <= Math.min(samples.length - 1, middle + reach); k++) {
      sum += samples[k]! * cut * windowedSinc(k - middle, cut, reach);
    }
    out[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return out;
}

function windowedSinc(x: number, cut: number, reach: number): number {
  const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / reach);
  const angle = Math.PI * cut * x;
  return window * (angle === 0 ? 1 : Math.sin(angle) / angle);
}
