/** WAV files (RIFF/WAVE) as bytes: PCM of 8, 16 and 24 bits, A-law and µ-law. Reading and writing files is the caller's. */
import { fail, ok, type Result } from '../base/result.ts';
import { decodeG711, encodeG711 } from './g711.ts';

/** Mono sound. */
export interface Sound {
  /** Samples a second. */
  readonly rate: number;
  readonly samples: Int16Array;
}

/** Why bytes are no WAV file that can be played here. */
export type WavFault = 'not-wav' | 'no-format' | 'no-data' | 'format-unsupported';

/** How samples are stored. */
export type WavEncoding = 'pcm16' | 'pcma' | 'pcmu';

const FORMATS: Readonly<Record<WavEncoding, number>> = { pcm16: 1, pcma: 6, pcmu: 7 };
const EXTENSIBLE = 0xfffe;

/** Parses a WAV file; several channels become one. A data chunk that was cut off gives what is there. */
export function parseWav(bytes: Uint8Array): Result<Sound, WavFault> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(bytes, 0) !== 'RIFF' || tag(bytes, 8) !== 'WAVE') return fail('not-wav');
  let format = 0;
  let channels = 0;
  let rate = 0;
  let bits = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = tag(bytes, at);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const end = Math.min(bytes.length, start + size);
    if (name === 'fmt ' && end - start >= 16) {
      format = view.getUint16(start, true);
      channels = view.getUint16(start + 2, true);
      rate = view.getUint32(start + 4, true);
      bits = view.getUint16(start + 14, true);
      // WAVE_FORMAT_EXTENSIBLE hides the real format in the first bytes of its GUID.
      if (format === EXTENSIBLE && end - start >= 26) format = view.getUint16(start + 24, true);
    } else if (name === 'data') {
      if (channels === 0 || rate === 0) return fail('no-format');
      return readSamples(bytes.subarray(start, end), format, channels, rate, bits);
    }
    at = start + size + (size & 1);
  }
  return fail(channels === 0 ? 'no-format' : 'no-data');
}

function readSamples(
  data: Uint8Array,
  format: number,
  channels: number,
  rate: number,
  bits: number,
): Result<Sound, WavFault> {
  const read = sampleReader(data, format, bits);
  if (read === undefined) return fail('format-unsupported');
  const width = bits >> 3;
  const samples = new Int16Array(Math.floor(data.length / (width * channels)));
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read((i * channels + channel) * width);
    samples[i] = Math.round(sum / channels);
  }
  return ok({ rate, samples });
}

/** Reads the sample at a byte as 16 bits; undefined for what is not supported. PCM of 8 bits has no sign, of more it has. */
function sampleReader(data: Uint8Array, format: number, bits: number): ((at: number) => number) | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (format === FORMATS.pcm16 && bits === 16) return (at) => view.getInt16(at, true);
  if (format === FORMATS.pcm16 && bits === 8) return (at) => (data[at]! - 128) << 8;
  if (format === FORMATS.pcm16 && bits === 24) return (at) => view.getInt16(at + 1, true);
  if ((format !== FORMATS.pcma && format !== FORMATS.pcmu) || bits !== 8) return undefined;
  const law = format === FORMATS.pcma ? 'pcma' : 'pcmu';
  const one = new Int16Array(1);
  return (at) => {
    decodeG711(law, data, at, at + 1, one, 0);
    return one[0]!;
  };
}

/** A WAV file of one channel. */
export function writeWav(sound: Sound, encoding: WavEncoding = 'pcm16'): Uint8Array {
  const { samples, rate } = sound;
  const width = encoding === 'pcm16' ? 2 : 1;
  const size = samples.length * width;
  const bytes = new Uint8Array(44 + size + (size & 1));
  const view = new DataView(bytes.buffer);
  putTag(bytes, 0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  putTag(bytes, 8, 'WAVE');
  putTag(bytes, 12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMATS[encoding], true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * width, true);
  view.setUint16(32, width, true);
  view.setUint16(34, width * 8, true);
  putTag(bytes, 36, 'data');
  view.setUint32(40, size, true);
  if (encoding === 'pcm16')
    for (let i = 0; i < samples.length; i++) view.setInt16(44 + 2 * i, samples[i]!, true);
  else encodeG711(encoding, samples, 0, samples.length, bytes, 44);
  return bytes;
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
}

function putTag(bytes: Uint8Array, at: number, name: string): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = name.charCodeAt(i);
}
