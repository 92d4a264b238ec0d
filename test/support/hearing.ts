import { rmsLevel, toneLevel } from './tones.ts';
import type { Recording, ToneSource } from './wav.ts';

/** What a recording should hold. */
export interface Expectation {
  readonly tones: readonly ToneSource[];
  /** Frequencies (Hz) that must not be there. */
  readonly absent: readonly number[];
  /** The stretch that is judged, in seconds from the recording's start. */
  readonly fromSecond: number;
  readonly seconds: number;
}

/** A tone may be this much louder or softer than its source. */
const TOLERANCE_DB = 6;
/** The longest gap that is let pass. */
const LONGEST_GAP_MS = 60;
/** What is softer counts as not there: 38 dB under the usual source. */
const ABSENT_DB = -50;
/** Levels are means over blocks, not of one long transform: a jitter buffer that stretches time moves a tone's phase. */
const BLOCK_MS = 250;
const WINDOW_MS = 20;
const HOP_MS = 5;

/**
 * Everything that is wrong with a recording, one sentence each; empty when it holds exactly the tones wanted, each
 * within 6 dB of its source and without a gap over 60 ms.
 */
export function faultsHeard(recording: Recording, expected: Expectation): string[] {
  const { sampleRate } = recording;
  const from = Math.round(expected.fromSecond * sampleRate);
  const wanted = Math.round(expected.seconds * sampleRate);
  const samples = recording.samples.subarray(from, from + wanted);
  const faults: string[] = [];
  const seconds = samples.length / sampleRate;
  if (samples.length < wanted)
    faults.push(`only ${seconds.toFixed(2)} s of ${expected.seconds} s were recorded`);
  for (const { hz, amplitude } of expected.tones) {
    const sourceDb = 20 * Math.log10(amplitude / 32_768);
    const db = meanToneLevel(samples, sampleRate, hz);
    if (Math.abs(db - sourceDb) > TOLERANCE_DB) {
      faults.push(`${hz} Hz is at ${db.toFixed(1)} dB, its source at ${sourceDb.toFixed(1)}`);
    }
    const gap = longestToneGap(samples, sampleRate, hz, sourceDb - 2 * TOLERANCE_DB);
    if (gap.lengthMs > LONGEST_GAP_MS) {
      faults.push(`${hz} Hz has a gap of ${gap.lengthMs} ms, ${(gap.startMs / 1000).toFixed(2)} s in`);
    }
  }
  for (const hz of expected.absent) {
    const db = meanToneLevel(samples, sampleRate, hz);
    if (db > ABSENT_DB) faults.push(`${hz} Hz is there at ${db.toFixed(1)} dB`);
  }
  if (faults.length > 0) faults.push(`the whole is at ${rmsLevel(samples).toFixed(1)} dB`);
  return faults;
}

/** Mean power of one tone in dB of full scale, block by block. */
function meanToneLevel(samples: Int16Array, rate: number, hz: number): number {
  const block = Math.round((rate * BLOCK_MS) / 1000);
  const blocks = Math.floor(samples.length / block);
  let power = 0;
  for (let i = 0; i < blocks; i++) {
    power += 10 ** (toneLevel(samples.subarray(i * block, (i + 1) * block), rate, hz) / 10);
  }
  return blocks === 0 ? -120 : 10 * Math.log10(power / blocks);
}

/**
 * The longest stretch in which one tone is under `thresholdDb`, whatever else sounds: windows of 20 ms, every 5 ms.
 * It reads up to a window long for a tone that is cut for a moment.
 */
export function longestToneGap(
  samples: Int16Array,
  rate: number,
  hz: number,
  thresholdDb: number,
): { startMs: number; lengthMs: number } {
  const window = Math.round((rate * WINDOW_MS) / 1000);
  const hop = Math.round((rate * HOP_MS) / 1000);
  let longest = { startMs: 0, lengthMs: 0 };
  let run = 0;
  for (let at = 0; at + window <= samples.length; at += hop) {
    run = toneLevel(samples.subarray(at, at + window), rate, hz) < thresholdDb ? run + 1 : 0;
    const lengthMs = run === 0 ? 0 : (run - 1) * HOP_MS + WINDOW_MS;
    if (lengthMs > longest.lengthMs)
      longest = { startMs: ((at + window) * 1000) / rate - lengthMs, lengthMs };
  }
  return longest;
}
