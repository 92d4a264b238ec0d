import type { TrackId } from '../media/protocol.ts';
import type { Participant, Track } from '../room/participant.ts';
import type { Downlink } from './downlink.ts';

/** Tracks that one client may ask for before they exist. */
const MAX_ASKED = 1000;

/**
 * What of the tracks that the room gives a client it takes: all of them with LiveKit's auto-subscription, else those
 * alone that it asked for.
 */
export class Selection {
  readonly #auto: boolean;
  readonly #downlink: Downlink;
  readonly #given = new Map<TrackId, { track: Track; publisher: Participant }>();
  readonly #asked = new Set<TrackId>();

  constructor(autoSubscribe: boolean, downlink: Downlink) {
    this.#auto = autoSubscribe;
    this.#downlink = downlink;
  }

  /** The room gives a track. True: something is to be negotiated. */
  give(track: Track, publisher: Participant): boolean {
    this.#given.set(track.sid, { track, publisher });
    const taken = this.#auto || this.#asked.has(track.sid);
    if (taken) this.#downlink.add(track, publisher);
    return taken;
  }

  /** The room takes a track back. */
  withdraw(track: TrackId): boolean {
    this.#given.delete(track);
    return this.#downlink.remove(track);
  }

  /** The client asks for a track, or for no more of it; with auto-subscription the room itself sees to that. */
  wish(track: TrackId, wish: 'subscribe' | 'unsubscribe'): boolean {
    if (this.#auto) return false;
    if (wish === 'unsubscribe') {
      this.#asked.delete(track);
      return this.#downlink.remove(track);
    }
    if (this.#asked.size >= MAX_ASKED) return false;
    this.#asked.add(track);
    const given = this.#given.get(track);
    if (given !== undefined) this.#downlink.add(given.track, given.publisher);
    return given !== undefined;
  }
}
