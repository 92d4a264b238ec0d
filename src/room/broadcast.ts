import type { TransportId } from '../media/protocol.ts';
import type { Member } from './member.ts';
import type { Participant, Speaker } from './participant.ts';

/** What a room tells all who are in it, or some of them. */
export class Broadcast {
  readonly #members: ReadonlyMap<string, Member>;

  /** `members` is the room's own map, by identity. */
  constructor(members: ReadonlyMap<string, Member>) {
    this.#members = members;
  }

  /** Tells all of a change of `changed`; a hidden participant's is told to itself alone. */
  changed(changed: Participant): void {
    changed.version++;
    const { hidden } = changed.permissions;
    const news = [changed];
    for (const member of this.#members.values()) {
      if (!hidden || member.participant === changed) member.door.participantsChanged(news);
    }
  }

  /** The room's metadata has changed, or whether it is recorded. */
  roomChanged(): void {
    for (const { door } of this.#members.values()) door.roomChanged?.();
  }

  /** Who speaks, the loudest first. */
  speakers(speakers: readonly Speaker[]): void {
    for (const { door } of this.#members.values()) door.speakersChanged(speakers);
  }

  /** One of a member's transports has a new score: others hear of its worst. */
  rated(member: Member, transport: TransportId, score: number): void {
    member.scores ??= new Map();
    member.scores.set(transport, score);
    const { participant } = member;
    const worst = { participant, score: Math.min(...member.scores.values()) };
    for (const { door, participant: to } of this.#members.values()) {
      if (to === participant || !participant.permissions.hidden) door.connectionsRated?.([worst]);
    }
  }

  /** A key that `from` pressed; `to`: identities, none for all others. */
  key(from: Participant, digit: string, to: readonly string[]): void {
    for (const { door, participant } of this.#members.values()) {
      if (participant === from || (to.length > 0 && !to.includes(participant.identity))) continue;
      door.keyPressed?.(digit, from);
    }
  }

  /** A data packet of `from`; undefined: of the gateway's own. `to`: identities, none for all others. */
  data(
    from: Participant | undefined,
    channel: 'reliable' | 'lossy',
    packet: Uint8Array,
    to: readonly string[],
  ): void {
    for (const { door, participant } of this.#members.values()) {
      if (participant === from || (to.length > 0 && !to.includes(participant.identity))) continue;
      door.dataReceived(channel, packet);
    }
  }
}
