/**
 * What speech sounds like behind a way, next to what was said: delay, gaps, level, segmental SNR and STOI. The delay is
 * followed in blocks, as P.862 does, because a playout moves; the rest is judged on what was so aligned.
 */
import { rmsLevel } from '../tones.ts';
import { stoi } from './stoi.ts';

/** One judgement; levels in dB, times in ms. */
export interface Score {
  /** Median, and the 95th percentile, over the blocks in which something is said. */
  readonly delayMs: number;
  readonly delay95Ms: number;
  /** The longest silence where something is said. */
  readonly gapMs: number;
  readonly levelDb: number;
  /** Over frames of 20 ms with speech, each between -10 and 35 dB; the level is taken out. */
  readonly segmentalSnrDb: number;
  /** 0 … 1, see {@link stoi}. */
  readonly stoi: number;
  /** Delay of every block. */
  readonly delays: readonly number[];
}

/** Delay is measured every 100 ms over 320 ms, up to half a second, by blocks that are over -45 dBov. */
const BLOCK_MS = 100;
const LOOK_MS = 320;
const MOST_MS = 500;
const SPOKEN_DB = -45;

/** Scores `heard` against `said`, which began at the same moment; both at `rate`. Both are long: 5 s at least. */
export function score(said: Int16Array, heard: Int16Array, rate: number): Score {
  const perMs = rate / 1000;
  const delays = followDelay(said, heard, rate);
  const aligned = new Int16Array(said.length);
  delays.forEach((delay, i) => {
    const from = i * BLOCK_MS * perMs;
    aligned.set(
      heard
        .subarray(from + delay, Math.min(heard.length, from + delay + BLOCK_MS * perMs))
        .slice(0, said.length - from),
      from,
    );
  });
  const spoken = delays
    .filter((_, i) => rmsLevel(block(said, i, perMs)) > SPOKEN_DB)
    .map((delay) => delay / perMs)
    .sort((a, b) => a - b);
  return {
    delayMs: spoken[spoken.length >> 1] ?? Number.NaN,
    delay95Ms: spoken[Math.floor(spoken.length * 0.95)] ?? Number.NaN,
    gapMs: gap(said, aligned, rate),
    levelDb: rmsLevel(aligned) - rmsLevel(said),
    segmentalSnrDb: segmentalSnr(said, aligned, rate),
    stoi: stoi(said, aligned, rate),
    delays: delays.map((delay) => delay / perMs),
  };
}

function block(samples: Int16Array, i: number, perMs: number): Int16Array {
  return samples.subarray(i * BLOCK_MS * perMs, (i + 1) * BLOCK_MS * perMs);
}

/** For each block, samples by which it came later. One that says nothing, or came as nothing, has its neighbour's. */
function followDelay(said: Int16Array, heard: Int16Array, rate: number): number[] {
  const perMs = rate / 1000;
  const blocks = Math.floor(said.length / (BLOCK_MS * perMs));
  const delays: number[] = [];
  for (let i = 0; i < blocks; i++) {
    const middle = (i + 0.5) * BLOCK_MS * perMs;
    const from = Math.max(0, Math.round(middle - (LOOK_MS / 2) * perMs));
    const look = said.subarray(from, Math.min(said.length, from + LOOK_MS * perMs));
    const found = rmsLevel(look) > SPOKEN_DB ? bestDelay(look, heard, from, perMs, delays.at(-1)) : undefined;
    delays.push(found ?? -1);
  }
  const first = delays.find((delay) => delay >= 0) ?? 0;
  for (let i = 0; i < blocks; i++) if (delays[i]! < 0) delays[i] = delays[i - 1] ?? first;
  // One block alone that is off was fooled by the pitch.
  return delays.map((delay, i) => {
    const three = [delays[i - 1] ?? delay, delay, delays[i + 1] ?? delay].sort((a, b) => a - b);
    return three[1]!;
  });
}

/** By normalised correlation: near where it was before, or else anywhere; undefined when nothing is like it. */
function bestDelay(
  look: Int16Array,
  heard: Int16Array,
  from: number,
  perMs: number,
  before: number | undefined,
): number | undefined {
  if (before !== undefined && before >= 0) {
    const near = search(look, heard, from, before - 30 * perMs, before + 30 * perMs);
    if (near.like > 0.8) return near.delay;
  }
  const found = search(look, heard, from, 0, MOST_MS * perMs);
  return found.like < 0.4 ? undefined : found.delay;
}

/** Coarse to fine. */
function search(look: Int16Array, heard: Int16Array, from: number, least: number, most: number) {
  const coarse = look.length > 4000 ? 4 : 2;
  let near = { delay: 0, like: 0 };
  for (let delay = Math.max(0, least); delay <= most; delay += coarse) {
    const like = likeness(look, heard, from + delay, coarse);
    if (like > near.like) near = { delay, like };
  }
  let best = { delay: near.delay, like: 0 };
  for (let delay = Math.max(0, near.delay - coarse); delay <= near.delay + coarse; delay++) {
    const like = likeness(look, heard, from + delay, 1);
    if (like > best.like) best = { delay, like };
  }
  return best;
}

function likeness(look: Int16Array, heard: Int16Array, at: number, step: number): number {
  let product = 0;
  let a = 0;
  let b = 0;
  const count = Math.min(look.length, heard.length - at);
  for (let i = 0; i < count; i += step) {
    const x = look[i]!;
    const y = heard[at + i]!;
    product += x * y;
    a += x * x;
    b += y * y;
  }
  return product <= 0 ? 0 : product / Math.sqrt(a * b);
}

/** The longest run of 5 ms steps that are 25 dB under what was said, where that was over -40 dBov. */
function gap(said: Int16Array, heard: Int16Array, rate: number): number {
  const step = rate / 200;
  let longest = 0;
  let run = 0;
  for (let at = 0; at + step <= said.length; at += step) {
    const was = rmsLevel(said.subarray(at, at + step));
    const is = rmsLevel(heard.subarray(at, at + step));
    run = was > -40 && is < was - 25 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest * 5;
}

function segmentalSnr(said: Int16Array, heard: Int16Array, rate: number): number {
  const frame = rate / 50;
  let product = 0;
  let power = 0;
  for (let i = 0; i < said.length; i++) {
    product += said[i]! * heard[i]!;
    power += heard[i]! * heard[i]!;
  }
  const gain = power === 0 ? 0 : product / power;
  let sum = 0;
  let count = 0;
  for (let at = 0; at + frame <= said.length; at += frame) {
    const was = said.subarray(at, at + frame);
    if (rmsLevel(was) <= SPOKEN_DB) continue;
    let signal = 0;
    let noise = 0;
    for (let i = 0; i < frame; i++) {
      signal += was[i]! ** 2;
      noise += (was[i]! - gain * heard[at + i]!) ** 2;
    }
    sum += Math.min(35, Math.max(-10, 10 * Math.log10(signal / Math.max(1, noise))));
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}
