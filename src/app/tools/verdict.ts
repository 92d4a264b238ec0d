/** Judges what one call of many heard: the others' tones, and not its own. Pure: times and levels in, faults out. */
import { BLOCK_MS, type ToneWatch } from './tone-watch.ts';

/** A call that could be heard in a room, and when; wall times in ms. */
export interface Talker {
  readonly hz: number;
  /** Peak amplitude that it sends, 0 … 32767. */
  readonly amplitude: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a call should have heard. */
export interface Listening {
  /** When the first sound arrived. */
  readonly heardFromMs: number;
  readonly self: Talker;
  readonly others: readonly Talker[];
}

export interface AudioVerdict {
  /** Other talkers that were there for long enough to be judged, and how many of them were heard. */
  readonly expected: number;
  readonly heard: number;
  readonly hearsItself: boolean;
}

/** Sound needs a moment to get through buffers, and the last packets of a call may be cut off. */
const SETTLE_MS = 1000;
const CUT_OFF_MS = 250;
/** A tone is heard when it is within 10 dB of its source in four blocks of five. */
const HEARD_RATIO = 10 ** (-10 / 20);
const HEARD_SHARE = 0.8;
/** Its own tone comes back when it is within 20 dB of its source in two blocks. */
const ECHO_RATIO = 10 ** (-20 / 20);
const ECHO_BLOCKS = 2;

export function judgeAudio(watch: ToneWatch, listening: Listening): AudioVerdict {
  let expected = 0;
  let heard = 0;
  for (const other of listening.others) {
    const column = watch.frequencies.indexOf(other.hz);
    const blocks = watch.blocks.filter((_, i) => isDuring(blockStart(listening, i), other));
    if (column < 0 || blocks.length === 0) continue;
    expected++;
    const loud = blocks.filter((block) => block[column]! >= HEARD_RATIO * other.amplitude);
    if (loud.length >= HEARD_SHARE * blocks.length) heard++;
  }
  const own = watch.frequencies.indexOf(listening.self.hz);
  const echoes = watch.blocks.filter((block) => block[own]! >= ECHO_RATIO * listening.self.amplitude);
  return { expected, heard, hearsItself: echoes.length >= ECHO_BLOCKS };
}

function blockStart({ heardFromMs }: Listening, index: number): number {
  return heardFromMs + index * BLOCK_MS;
}

function isDuring(startMs: number, talker: Talker): boolean {
  return startMs >= talker.fromMs + SETTLE_MS && startMs + BLOCK_MS <= talker.toMs - CUT_OFF_MS;
}

/** Lowest and highest tone of a telephone channel that are used, Hz. */
const LOWEST_HZ = 400;
const HIGHEST_HZ = 3000;
/** What a block of half a second can tell apart. */
const SMALLEST_STEP_HZ = 8;

/** `count` tones as far apart as the channel allows; beyond 325 they repeat. Whole even Hz. */
export function callTones(count: number): number[] {
  const distinct = Math.min(count, Math.floor((HIGHEST_HZ - LOWEST_HZ) / SMALLEST_STEP_HZ));
  const step = Math.max(
    SMALLEST_STEP_HZ,
    2 * Math.floor((HIGHEST_HZ - LOWEST_HZ) / (2 * Math.max(1, distinct))),
  );
  return Array.from({ length: count }, (_, i) => LOWEST_HZ + (i % distinct) * step);
}
