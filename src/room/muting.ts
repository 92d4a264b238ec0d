import type { MediaCommand } from '../media/protocol.ts';
import type { Broadcast } from './broadcast.ts';
import { type Member, mayPublish } from './member.ts';
import type { Track } from './participant.ts';

/**
 * Which tracks of a room are muted, at their source. A phone's is for as long as anything mutes it: its own door (hold), an
 * administrator, or the lack of a right. A browser's is as was said last.
 */
export class Muting {
  readonly #media: (command: MediaCommand) => void;
  readonly #broadcast: Broadcast;

  constructor(media: (command: MediaCommand) => void, broadcast: Broadcast) {
    this.#media = media;
    this.#broadcast = broadcast;
  }

  /** A track is there, before others are told of it. A phone has a new one when its codec changes: who was muted stays so. */
  begin(publisher: Member, track: Track): void {
    if (track.origin.from !== 'leg') return;
    publisher.doorMutes = track.muted;
    track.muted = isPhoneMuted(publisher, track);
    if (track.muted) this.#media({ type: 'leg.mute', leg: track.origin.leg, muted: true });
  }

  /** The publisher's own wish. */
  byPublisher(publisher: Member, track: Track, muted: boolean): void {
    if (track.origin.from === 'leg') publisher.doorMutes = muted;
    this.#settle(publisher, track, muted);
  }

  /** An administrator's. */
  byRoom(publisher: Member, track: Track, muted: boolean): void {
    if (track.origin.from === 'leg') publisher.roomMutes = muted;
    this.#settle(publisher, track, muted);
  }

  /** The publisher has other rights. */
  rightsChanged(publisher: Member, track: Track): void {
    this.#settle(publisher, track, track.muted);
  }

  #settle(publisher: Member, track: Track, said: boolean): void {
    const muted = track.origin.from === 'leg' ? isPhoneMuted(publisher, track) : said;
    if (track.muted === muted) return;
    track.muted = muted;
    this.#media(
      track.origin.from === 'leg'
        ? { type: 'leg.mute', leg: track.origin.leg, muted }
        : { type: 'receiver.mute', track: track.sid, muted },
    );
    if (track.backup !== undefined) this.#media({ type: 'receiver.mute', track: track.backup.source, muted });
    this.#broadcast.changed(publisher.participant);
  }
}

function isPhoneMuted({ doorMutes, participant, roomMutes }: Member, track: Track): boolean {
  return doorMutes || roomMutes || !mayPublish(participant.permissions, track);
}
