import { SpeakerInfo } from '@livekit/protocol';
import type { Participant, Speaker } from '../room/participant.ts';

/** Turns the room's whole list of speakers into what LiveKit's clients expect: those who changed. */
export class SpeakerChanges {
  #last = new Map<string, number>();
  #now: readonly Speaker[] = [];

  /** Who began, went on at another level, or fell silent. Empty: nothing to say. */
  update(speakers: readonly Speaker[]): SpeakerInfo[] {
    this.#now = speakers;
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

  /** Everything anew, for a client that may have missed changes: of `everyone`, who does not speak is said to be silent. */
  restate(everyone: Iterable<Participant>): SpeakerInfo[] {
    this.#last = new Map([...everyone].map(({ sid }) => [sid, -1]));
    return this.update(this.#now);
  }
}
