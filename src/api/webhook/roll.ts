import type { GatewayEvent } from '../../events/index.ts';
import type { AdministeredRoom, RoomAdministration } from '../../room/administration.ts';
import type { Participant, Track } from '../../room/participant.ts';

/** Somebody who is in a room, or leaves it with this event. */
export interface Present {
  readonly participant: Participant;
  readonly room: AdministeredRoom;
  /** Its media works, or did. */
  active: boolean;
  readonly tracks: Map<string, Track>;
}

/**
 * Who is where, by the ids that events carry: the room forgets who leaves before it says so. Holds nobody longer than
 * the room does but for that one event.
 */
export class Roll {
  readonly #directory: RoomAdministration;
  readonly #rooms = new Map<string, AdministeredRoom>();
  readonly #present = new Map<string, Present>();
  readonly #bySipCall = new Map<string, Present>();
  #newest: Present | undefined;

  constructor(directory: RoomAdministration) {
    this.#directory = directory;
  }

  /** Somebody by the participant's sid. */
  present(sid: string): Present | undefined {
    return this.#present.get(sid);
  }

  /** The phone by its call's id. */
  caller(call: string): Present | undefined {
    return this.#bySipCall.get(call);
  }

  room(name: string): AdministeredRoom | undefined {
    return this.#rooms.get(name);
  }

  /** Takes in what begins with an event: call before it is told. */
  begin(event: GatewayEvent): void {
    switch (event.type) {
      case 'room.opened': {
        const room = this.#directory.find(event.room);
        if (room !== undefined) this.#rooms.set(event.room, room);
        return;
      }
      case 'participant.joined': {
        const room = this.#rooms.get(event.room);
        const participant = room?.participants.get(event.identity);
        if (room === undefined || participant === undefined) return;
        const present: Present = { participant, room, active: false, tracks: new Map() };
        this.#present.set(event.sid, present);
        this.#newest = present;
        return;
      }
      // A call begins when its phone has just joined.
      case 'call.received':
      case 'call.placed':
        if (this.#newest?.participant.attributes.get('sip.callID') === event.call)
          this.#bySipCall.set(event.call, this.#newest);
        return;
      case 'participant.active': {
        const present = this.#present.get(event.sid);
        if (present !== undefined) present.active = true;
        return;
      }
      case 'track.published': {
        const present = this.#present.get(event.participant);
        const track = present?.participant.tracks.get(event.track);
        if (track !== undefined) present?.tracks.set(event.track, track);
        return;
      }
      default:
        return;
    }
  }

  /** Forgets what ends with an event: call when it is told. */
  end(event: GatewayEvent): void {
    switch (event.type) {
      case 'room.closed':
        this.#rooms.delete(event.room);
        return;
      case 'participant.left':
        if (this.#newest === this.#present.get(event.sid)) this.#newest = undefined;
        this.#present.delete(event.sid);
        return;
      case 'track.unpublished':
        this.#present.get(event.participant)?.tracks.delete(event.track);
        return;
      case 'call.ended':
        // After its participant has left: the end of a call tells who it was.
        this.#bySipCall.delete(event.call);
        return;
      default:
        return;
    }
  }

  /** How many are held, for tests: nothing may stay. */
  get size(): number {
    return this.#rooms.size + this.#present.size + this.#bySipCall.size;
  }
}
