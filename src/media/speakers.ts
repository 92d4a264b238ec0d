/**
 * Who speaks, as LiveKit's server finds it (its pkg/sfu/audio and active speaker update): levels of 400 ms windows, in
 * which a track must be at -35 dBov or louder for 40 % of the time, weighted by that share, smoothed over two windows,
 * told in steps of 1/8, loudest first.
 */
import type { Millis } from '../base/clock.ts';
import type { SpeakerLevel, TrackId } from './protocol.ts';

const WINDOW_MS = 400;
/** -dBov. */
const ACTIVE_LEVEL = 35;
const ACTIVE_SHARE = 0.4;
/** Exponential smoothing over 2 windows: 2 / (2 + 1). */
const SMOOTHING = 2 / 3;
const STEPS = 8;
const SILENT = 127;
/** A track that said nothing at all for two windows is silent, whatever it was before (DTX, mute, loss). */
const STALE_MS = 2 * WINDOW_MS;
/** Packets that are further apart have a pause between them. */
const PAUSE_MS = 100;

interface Loudness {
  smoothed: number;
  loudest: number;
  activeMs: number;
  observedMs: number;
  lastAt: Millis;
}

/** The speakers of one room. */
export class Speakers {
  readonly #tracks = new Map<TrackId, Loudness>();
  #told: readonly SpeakerLevel[] = [];
  #nextAt: Millis = 0;

  /** A packet of `track` with RFC 6464 `level` (-dBov, 0 … 127) that lasts `durationMs`; other levels are passed over. */
  observe(track: TrackId, level: number, durationMs: number, now: Millis): void {
    if (level < 0 || level > SILENT) return;
    let entry = this.#tracks.get(track);
    if (entry === undefined) {
      entry = { smoothed: 0, loudest: SILENT, activeMs: 0, observedMs: 0, lastAt: now };
      this.#tracks.set(track, entry);
    }
    const pause = now - entry.lastAt - durationMs;
    if (pause > STALE_MS) restart(entry, 0);
    // DTX sends a packet every 400 ms: the time between two was silence. Less is jitter and loss.
    else if (pause > PAUSE_MS) entry.observedMs += pause;
    entry.lastAt = now;
    entry.observedMs += durationMs;
    if (level <= ACTIVE_LEVEL) {
      entry.activeMs += durationMs;
      if (level < entry.loudest) entry.loudest = level;
    }
    if (entry.observedMs >= WINDOW_MS) closeWindow(entry);
  }

  /** The track is gone, or muted. */
  remove(track: TrackId): void {
    this.#tracks.delete(track);
  }

  /** Call with every tick: the speakers, when a window has passed and they are not as told before; else undefined. */
  poll(now: Millis): SpeakerLevel[] | undefined {
    if (now < this.#nextAt) return undefined;
    this.#nextAt = now + WINDOW_MS;
    const speakers: SpeakerLevel[] = [];
    for (const [track, entry] of this.#tracks) {
      if (now - entry.lastAt > STALE_MS) restart(entry, 0);
      if (entry.smoothed >= ACTIVE_AMPLITUDE) {
        speakers.push({ track, level: Math.min(1, Math.ceil(entry.smoothed * STEPS) / STEPS) });
      }
    }
    speakers.sort((a, b) => b.level - a.level || (a.track < b.track ? -1 : 1));
    if (same(speakers, this.#told)) return undefined;
    this.#told = speakers;
    return speakers;
  }
}

function closeWindow(entry: Loudness): void {
  let smoothed = 0;
  if (entry.activeMs >= ACTIVE_SHARE * WINDOW_MS) {
    const adjusted = entry.loudest - 20 * Math.log10(Math.min(1, entry.activeMs / WINDOW_MS));
    smoothed = entry.smoothed + (amplitude(adjusted) - entry.smoothed) * SMOOTHING;
  }
  restart(entry, smoothed);
}

function restart(entry: Loudness, smoothed: number): void {
  entry.smoothed = smoothed;
  entry.loudest = SILENT;
  entry.activeMs = 0;
  entry.observedMs = 0;
}

function amplitude(level: number): number {
  return 10 ** (-level / 20);
}

const ACTIVE_AMPLITUDE = amplitude(ACTIVE_LEVEL);

function same(a: readonly SpeakerLevel[], b: readonly SpeakerLevel[]): boolean {
  return a.length === b.length && a.every((one, i) => one.track === b[i]!.track && one.level === b[i]!.level);
}
