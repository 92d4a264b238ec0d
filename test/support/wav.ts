import { readFileSync, writeFileSync } from 'node:fs';
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

const HEADER = 44;

/** Writes mono 16-bit PCM. */
export function writeWav(path: string, { sampleRate, samples }: Recording): void {
  const file = Buffer.alloc(HEADER + 2 * samples.length);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(sampleRate, 24);
  file.writeUInt32LE(2 * sampleRate, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, i) => {
    file.writeInt16LE(sample, HEADER + 2 * i);
  });
  writeFileSync(path, file);
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
  writeWav(path, { sampleRate, samples: tone(source.hz, source.amplitude, 1000 * seconds, sampleRate) });
}
