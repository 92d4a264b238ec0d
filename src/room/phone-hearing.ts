import type { MediaCommand, TrackId } from '../media/protocol.ts';
import type { Member } from './member.ts';
import type { Track } from './participant.ts';
import { mayHave } from './subscriber-grants.ts';

/**
 * Which browsers' sound phones may hear. All phones hear one mix: what its publisher keeps from one of them, none of them hears.
 */
export class PhoneHearing {
  readonly #members: ReadonlyMap<string, Member>;
  readonly #media: (command: MediaCommand) => void;
  /** What is kept out of the mix. */
  readonly #kept = new Set<TrackId>();

  /** `members` is the room's own map, by identity. */
  constructor(members: ReadonlyMap<string, Member>, media: (command: MediaCommand) => void) {
    this.#members = members;
    this.#media = media;
  }

  /** A phone has come or gone. */
  phonesChanged(): void {
    for (const publisher of this.#members.values()) this.check(publisher);
  }

  /** A publisher has a new track, or has said anew who may have what. */
  check(publisher: Member): void {
    for (const track of publisher.participant.tracks.values()) {
      if (!isMixed(track)) continue;
      const kept = !this.#mayAllHave(publisher, track.sid);
      if (kept === this.#kept.has(track.sid)) continue;
      if (kept) this.#kept.add(track.sid);
      else this.#kept.delete(track.sid);
      this.#media({ type: 'receiver.phones', track: track.sid, hear: kept ? 'nothing' : 'all' });
    }
  }

  /** A track is no more. */
  forget(track: TrackId): void {
    this.#kept.delete(track);
  }

  #mayAllHave({ grants }: Member, track: TrackId): boolean {
    if (grants === undefined) return true;
    for (const { participant } of this.#members.values())
      if (participant.kind === 'sip' && !mayHave(grants, participant.identity, track)) return false;
    return true;
  }
}

/** What is encrypted from end to end is in no mix anyway. */
function isMixed({ kind, origin, said }: Track): boolean {
  return kind === 'audio' && origin.from === 'transport' && (said?.encryption ?? 0) === 0;
}
