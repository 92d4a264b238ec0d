import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openOpusDecoder } from '../adapters/opus/opus-codecs.ts';
import { convertRate } from '../audio/convert-rate.ts';
import { readOggOpus } from '../audio/ogg-opus.ts';
import { parseWav, type Sound } from '../audio/wav.ts';
import { fail, type Result } from '../base/result.ts';
import { SOUND_RATES, type StoredSound } from '../media/sound-book.ts';
import { StartupError } from './startup-error.ts';

/** Recordings that come with the gateway: what a directory of one's own lacks. */
const BUILT_IN = fileURLToPath(new URL('../../config/sounds', import.meta.url));
/** A longer recording is refused. */
const LONGEST_MS = 600_000;
/** All recordings together, in samples at both rates: 64 MB. */
const MOST_SAMPLES = 32 << 20;
const RECORDING = /^([A-Za-z0-9_-]{1,64})\.(wav|opus|ogg)$/;
const LANGUAGE = /^[A-Za-z][A-Za-z0-9-]{1,34}$/;

/**
 * Reads all recordings, once for all workers: `<language>/<name>.wav|opus|ogg` of the gateway's own directory, then of
 * `directory`, which may replace them; empty: none. Rejects with a StartupError that names the file that cannot be used.
 */
export async function readSounds(directory: string): Promise<readonly StoredSound[]> {
  if (directory !== '' && !existsSync(directory))
    throw new StartupError(`sounds.directory: there is no ${directory}`);
  const sounds = new Map<string, StoredSound>();
  for (const root of directory === '' ? [BUILT_IN] : [BUILT_IN, directory]) {
    for (const sound of await soundsIn(root)) sounds.set(`${sound.language}/${sound.name}`, sound);
  }
  const samples = [...sounds.values()].flatMap((sound) => sound.samples);
  if (samples.reduce((sum, { length }) => sum + length, 0) > MOST_SAMPLES)
    throw new StartupError('sounds.directory: the recordings are longer together than fits into memory');
  return [...sounds.values()];
}

async function soundsIn(root: string): Promise<readonly StoredSound[]> {
  const sounds: StoredSound[] = [];
  for (const language of namesIn(root).filter((each) => LANGUAGE.test(each))) {
    for (const file of namesIn(join(root, language))) {
      const name = RECORDING.exec(file)?.[1];
      if (name === undefined) continue;
      const path = join(root, language, file);
      const sound = await readSound(readFileSync(path));
      if (!sound.ok) throw new StartupError(`sounds.directory: ${path} cannot be played: ${sound.error}`);
      const { samples, rate } = sound.value;
      const stored = SOUND_RATES.map((to) => shared(convertRate(samples, rate, to)));
      sounds.push({ language, name, samples: stored });
    }
  }
  return sounds;
}

/** Names in a directory; none when it is no directory. */
function namesIn(path: string): readonly string[] {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(path).sort() : [];
}

async function readSound(bytes: Uint8Array): Promise<Result<Sound, string>> {
  const wav = parseWav(bytes);
  if (wav.ok) return wav.value.samples.length > (LONGEST_MS * wav.value.rate) / 1000 ? fail('too-long') : wav;
  if (wav.error !== 'not-wav') return wav;
  const decoder = await openOpusDecoder();
  const sound = readOggOpus(bytes, decoder, LONGEST_MS);
  decoder.free();
  return sound;
}

/** A copy that all threads see. */
function shared(samples: Int16Array): Int16Array {
  const copy = new Int16Array(new SharedArrayBuffer(samples.byteLength));
  copy.set(samples);
  return copy;
}
