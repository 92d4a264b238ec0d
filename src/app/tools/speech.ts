import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseWav } from '../../audio/wav.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import type { Speech } from './phone-options.ts';
import { loopSource, melodySource, type SoundSource, toneSource, toPhoneRate } from './sound-source.ts';

/** Silence between two rounds of the same words, ms. */
const PAUSE_MS = 1500;
const TONE_AMPLITUDE = 8192;

/** The sound of what was asked for, and a word on what it is. The fault is a sentence. */
export function speechSource(speech: Speech): Result<{ source: SoundSource; what: string }, string> {
  switch (speech.kind) {
    case 'tone':
      return ok({ source: toneSource(speech.hz, TONE_AMPLITUDE), what: `a tone of ${speech.hz} Hz` });
    case 'wav':
      return wavSource(speech.file);
    case 'say': {
      const voice = spawnSync('espeak-ng', ['--stdout', '-s', '150', '--', speech.text], {
        maxBuffer: 64 << 20,
      });
      const sound = voice.status === 0 ? parseWav(voice.stdout) : undefined;
      if (sound?.ok !== true)
        return ok({ source: melodySource(), what: 'a melody (espeak-ng is not installed)' });
      return ok({ source: loopSource(toPhoneRate(sound.value), PAUSE_MS), what: `"${speech.text}"` });
    }
  }
}

function wavSource(file: string): Result<{ source: SoundSource; what: string }, string> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return fail(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  const sound = parseWav(bytes);
  if (!sound.ok) return fail(`cannot play ${file}: ${sound.error}`);
  return ok({ source: loopSource(toPhoneRate(sound.value), 0), what: file });
}
