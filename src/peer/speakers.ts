import { SpeakerInfo } from '@livekit/protocol';
import type { Speaker } from '../room/participant.ts';

/** Turns the room's whole list of speakers into what LiveKit's clients expect: those who changed. */
export class SpeakerChanges {
  #last = new Map<string, number>();

  /** Who began, went on at another level, or fell silent. Empty: nothing to say. */
  update(speakers: readonly Speaker[]): SpeakerInfo[] {
    const now = new Map(speakers.map(({ level, participant }) => [participant.sid, level]));
    const changes: SpeakerInfo[] = [];
    for (const [sid, level] of now) {
      if (this.#last.get(sid) !== level) changes.push(new SpeakerInfo({ sid, level, active: true }));
    }
    for (const sid of this.#last.keys()) {
      if (!now.has(sid)) changes.push(new SpeakerInfo({ sid, level: 0, active: false }));
    }
    this.#last = now;
    return changes;
  }
}
