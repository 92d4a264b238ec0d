import type { Participant } from '../room/participant.ts';
import type { AnteroomHandle, MediaPlace, RoomHandle } from '../room/ports.ts';

/** A phone that is a participant. */
export interface Present {
  readonly room: RoomHandle;
  readonly participant: Participant;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Where a phone is: in an anteroom as long as nobody knows its room, then a participant, in the end nowhere. */
export class LinePresence {
  #anteroom: AnteroomHandle | undefined;
  #present: Present | undefined;
  #participant: Participant | undefined;

  /** It has no room yet, but its media begin. */
  waitIn(anteroom: AnteroomHandle): void {
    this.#anteroom = anteroom;
  }

  /** It is a participant from now on. */
  enter(room: RoomHandle, participant: Participant): void {
    this.#present = { room, participant };
    this.#participant = participant;
  }

  /** It is nowhere any more. */
  end(): void {
    this.leaveAnteroom();
    this.#present = undefined;
  }

  /** Its media are not in the anteroom any more. */
  leaveAnteroom(): void {
    this.#anteroom?.close();
    this.#anteroom = undefined;
  }

  /** Where its media are; undefined: nowhere yet, or no more. */
  get media(): MediaPlace | undefined {
    return this.#present?.room ?? this.#anteroom;
  }

  /** Its media are in an anteroom. */
  get waiting(): AnteroomHandle | undefined {
    return this.#anteroom;
  }

  /** Undefined before it is in its room, and after the end. */
  get inRoom(): Present | undefined {
    return this.#present;
  }

  /** It has been in its room, and may be still. */
  get isKnown(): boolean {
    return this.#participant !== undefined;
  }

  /** Attributes of the participant that it is, or was at last. */
  get attributes(): ReadonlyMap<string, string> {
    return this.#participant?.attributes ?? NONE;
  }

  /** Metadata of that participant. */
  get metadata(): string {
    return this.#participant?.metadata ?? '';
  }

  /** Somebody else is in the room, who is not hidden. */
  get hasCompany(): boolean {
    if (this.#present === undefined) return false;
    const { room, participant } = this.#present;
    for (const other of room.participants.values())
      if (other !== participant && !other.permissions.hidden) return true;
    return false;
  }

  /** What the room is to know of the phone. An empty value takes an attribute away. */
  describe(attributes: ReadonlyMap<string, string>): void {
    this.#present?.room.update(this.#present.participant, { attributes });
  }
}
