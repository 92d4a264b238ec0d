import { readFileSync, writeFileSync } from 'node:fs';
import { writeWav } from '../../src/audio/wav.ts';
import { tone } from './tones.ts';

/** Mono 16-bit samples. */
export interface Recording {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

/** What a peer plays: a sine of whole Hz, peak amplitude in 16-bit samples (0 … 32767). */
export interface ToneSource {
  readonly hz: number;
  readonly amplitude: number;
}

/**
 * Reads 16-bit PCM, first channel. Sizes in the header are not believed beyond the file's end: a recorder that was
 * stopped early may not have written them.
 */
export function readWav(path: string): Recording {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 4) !== 'RIFF') throw new Error(`${path} is no WAV file`);
  let sampleRate = 0;
  let channels = 1;
  for (let at = 12; at + 8 <= file.length; ) {
    const id = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = at + 8;
    if (id === 'fmt ') {
      channels = file.readUInt16LE(body + 2);
      sampleRate = file.readUInt32LE(body + 4);
      const bits = file.readUInt16LE(body + 14);
      if (bits !== 16) throw new Error(`${path} has ${bits} bits a sample, not 16`);
    }
    if (id === 'data') {
      const bytes = Math.min(size === 0 ? Number.POSITIVE_INFINITY : size, file.length - body);
      const frames = Math.floor(bytes / (2 * channels));
      const samples = new Int16Array(frames);
      for (let i = 0; i < frames; i++) samples[i] = file.readInt16LE(body + 2 * i * channels);
      return { sampleRate, samples };
    }
    at = body + size + (size & 1);
  }
  throw new Error(`${path} has no samples`);
}

/** Writes a sine of whole `seconds`, so that it can be looped without a seam when its Hz are whole. */
export function writeToneWav(path: string, source: ToneSource, sampleRate: number, seconds: number): void {
  writeFileSync(
    path,
    writeWav({ rate: sampleRate, samples: tone(source.hz, source.amplitude, 1000 * seconds, sampleRate) }),
  );
}
