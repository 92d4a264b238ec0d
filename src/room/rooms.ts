import type { Clock, Millis, WallClock } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { AdministeredRoom, CreateRefusal, RoomAdministration } from './administration.ts';
import { Anteroom } from './anteroom.ts';
import { isDependent } from './dependent.ts';
import type { MediaWorker, MediaWorkers } from './media-workers.ts';
import type { Door, JoinRefusal, JoinRequest, LeaveReason, Participant } from './participant.ts';
import type { AnteroomHandle, RoomDirectory, RoomHandle } from './ports.ts';
import { Room } from './room.ts';
import type { RoomSettings, RoomWish } from './wish.ts';

export interface RoomLimits {
  readonly rooms: number;
  readonly participantsPerRoom: number;
  /** How long a room stays when the last has left, ms (LiveKit's departure_timeout, 20 s). */
  readonly departureMs: Millis;
  /** How long a room that was made waits for its first participant, ms (LiveKit's empty_timeout, 300 s). */
  readonly emptyMs?: Millis;
}

const DEFAULT_EMPTY_MS: Millis = 300_000;

export const defaultRoomLimits: RoomLimits = {
  rooms: 10_000,
  participantsPerRoom: 1000,
  departureMs: 20_000,
};

export interface RoomsOptions {
  readonly workers: MediaWorkers;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
  readonly limits?: RoomLimits;
  /** Rooms that must be in one worker, for phones choose among them when their media are there already. */
  readonly together?: ((name: string) => boolean) | undefined;
}

interface Entry {
  readonly room: Room;
  readonly openedAt: Millis;
  /** Rings when nobody has come, or come back. */
  departure: Alarm | undefined;
  /** Somebody was in. */
  joined: boolean;
}

/** LiveKit allows any text; control characters would only serve to forge log lines. */
const NAME = /^[^\p{Cc}]{1,256}$/u;

/** All rooms of the gateway: opened by the API or by the first who joins, closed a while after the last has left. */
export class Rooms implements RoomDirectory, RoomAdministration {
  readonly #options: RoomsOptions;
  readonly #limits: RoomLimits;
  readonly #byName = new Map<string, Entry>();
  /** By sid; told when their worker dies. */
  readonly #anterooms = new Map<string, { readonly anteroom: Anteroom; readonly lost: () => void }>();
  #phase: 'open' | 'draining' | 'stopping' = 'open';

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultRoomLimits;
    options.workers.onFailed = (worker) => this.#lost(worker);
  }

  get rooms(): Iterable<AdministeredRoom> {
    return [...this.#byName.values()].map((entry) => entry.room);
  }

  /** How many rooms and how many people there are. */
  gauges(): { rooms: number; participants: number } {
    let participants = 0;
    for (const { room } of this.#byName.values()) participants += room.size;
    return { rooms: this.#byName.size, participants };
  }

  find(name: string): AdministeredRoom | undefined {
    return this.#byName.get(name)?.room;
  }

  join(
    request: JoinRequest,
    door: Door,
  ): Result<{ room: RoomHandle; participant: Participant }, JoinRefusal> {
    if (this.#phase === 'stopping') return fail('stopping');
    if (!NAME.test(request.room)) return fail('bad-room-name');
    if (!NAME.test(request.identity)) return fail('bad-identity');
    const found = this.#byName.get(request.room);
    if (found === undefined && !request.autoCreate) return fail('no-such-room');
    // A caller who keyed his PIN was let in before.
    const isNew = found === undefined && request.from === undefined;
    if (isNew && this.#phase === 'draining') return fail('draining');
    const from = this.#anterooms.get(request.from?.sid ?? '')?.anteroom.worker;
    if (found !== undefined && from !== undefined && found.room.worker !== from) return fail('out-of-reach');
    const entry = found ?? this.#open(request.room, request.wish ?? {}, from);
    if (entry === undefined) return fail('no-worker');
    const isFull = !entry.room.participants.has(request.identity) && this.#isFull(entry.room, request);
    if (isFull) return fail('room-full');
    const participant: Participant = {
      sid: newId(this.#options.random, 'PA'),
      identity: request.identity,
      kind: request.kind,
      joinedAtUnixMs: this.#options.wall.unixMs(),
      self: request.self,
      permissions: request.permissions,
      name: request.name,
      metadata: request.metadata,
      attributes: new Map(request.attributes),
      state: 'joined',
      tracks: new Map(),
      version: 0,
    };
    entry.room.admit(participant, door);
    if (entry.room.independents > 0) {
      // After admit: a namesake who had to go may have emptied the room for a moment.
      this.#options.timers.cancel(entry.departure);
      entry.departure = undefined;
      entry.joined = true;
    } else if (entry.departure === undefined) this.#wait(entry);
    return ok({ room: entry.room, participant });
  }

  create(name: string, wish: RoomWish): Result<AdministeredRoom, CreateRefusal> {
    if (this.#phase === 'stopping') return fail('stopping');
    if (!NAME.test(name)) return fail('bad-room-name');
    const found = this.#byName.get(name);
    if (found === undefined && this.#phase === 'draining') return fail('draining');
    const entry = found ?? this.#open(name, wish);
    if (entry === undefined) return fail('no-worker');
    const { room } = entry;
    if (found !== undefined) {
      room.settings = settingsOf(wish, room.settings);
      if (wish.metadata !== undefined) room.setMetadata(wish.metadata);
    }
    if (room.independents === 0) this.#wait(entry);
    return ok(room);
  }

  anteroom(near: readonly string[], lost: () => void): AnteroomHandle | undefined {
    const { workers, random } = this.#options;
    const nearest = near.map((name) => this.#byName.get(name)?.room.worker ?? this.#workerFor(name));
    const worker = nearest[0] ?? workers.leastLoaded();
    if (worker === undefined || this.#phase === 'stopping') return undefined;
    const sid = newId(random, 'RM');
    const anteroom = new Anteroom({ sid, worker, workers, onClose: () => this.#anterooms.delete(sid) });
    this.#anterooms.set(sid, { anteroom, lost });
    return anteroom;
  }

  delete(name: string): boolean {
    const entry = this.#byName.get(name);
    if (entry === undefined) return false;
    this.#close(entry, 'room_deleted');
    return true;
  }

  /** No new rooms; who comes into those that are open is let in. */
  drain(): void {
    this.#phase = 'draining';
  }

  /** Closes every room and lets nobody in any more. */
  stop(reason: LeaveReason): void {
    this.#phase = 'stopping';
    for (const entry of [...this.#byName.values()]) this.#close(entry, reason);
  }

  #open(name: string, wish: RoomWish = {}, of?: MediaWorker): Entry | undefined {
    const worker = of ?? this.#workerFor(name);
    if (worker === undefined || this.#byName.size >= this.#limits.rooms) return undefined;
    const room = new Room({
      sid: newId(this.#options.random, 'RM'),
      name,
      createdAtUnixMs: this.#options.wall.unixMs(),
      metadata: wish.metadata ?? '',
      agents: wish.agents,
      settings: settingsOf(wish, {
        emptyMs: this.#limits.emptyMs ?? DEFAULT_EMPTY_MS,
        departureMs: this.#limits.departureMs,
        maxParticipants: 0,
        playoutDelay: undefined,
        syncStreams: false,
      }),
      worker,
      workers: this.#options.workers,
      emit: this.#options.emit,
      onEmpty: () => this.#wait(entry),
    });
    const entry: Entry = {
      room,
      openedAt: this.#options.clock.now(),
      departure: undefined,
      joined: false,
    };
    this.#byName.set(name, entry);
    this.#options.emit({ type: 'room.opened', room: name, sid: room.sid });
    return entry;
  }

  /** The room's own limit is for those who are there for themselves, the gateway's for all. */
  #isFull(room: Room, request: JoinRequest): boolean {
    if (room.size >= this.#limits.participantsPerRoom) return true;
    const { maxParticipants } = room.settings;
    return maxParticipants > 0 && room.independents >= maxParticipants && !isDependent(request);
  }

  #workerFor(name: string): MediaWorker | undefined {
    const { workers, together } = this.#options;
    return together?.(name) === true ? workers.first : workers.leastLoaded();
  }

  /** Nobody is in who is there for himself: gives the room the time that it has until somebody comes, or comes back. */
  #wait(entry: Entry): void {
    if (this.#byName.get(entry.room.name) !== entry) return;
    const { clock, timers } = this.#options;
    const { departureMs, emptyMs } = entry.room.settings;
    timers.cancel(entry.departure);
    entry.departure = timers.schedule(clock.now() + (entry.joined ? departureMs : emptyMs), () =>
      this.#close(entry, 'room_closed'),
    );
  }

  #close(entry: Entry, reason: LeaveReason): void {
    if (this.#byName.get(entry.room.name) !== entry) return;
    this.#byName.delete(entry.room.name);
    this.#options.timers.cancel(entry.departure);
    entry.room.close(reason);
    this.#options.emit({
      type: 'room.closed',
      room: entry.room.name,
      sid: entry.room.sid,
      durationMs: this.#options.clock.now() - entry.openedAt,
    });
  }

  #lost(worker: MediaWorker): void {
    for (const { anteroom, lost } of [...this.#anterooms.values()]) if (anteroom.worker === worker) lost();
    for (const entry of [...this.#byName.values()]) {
      if (entry.room.worker === worker) this.#close(entry, 'media_failure');
    }
  }
}

/** The settings with what was said changed. */
function settingsOf(wish: RoomWish, before: RoomSettings): RoomSettings {
  return {
    emptyMs: wish.emptyMs ?? before.emptyMs,
    departureMs: wish.departureMs ?? before.departureMs,
    maxParticipants: wish.maxParticipants ?? before.maxParticipants,
    playoutDelay: wish.playoutDelay ?? before.playoutDelay,
    syncStreams: wish.syncStreams ?? before.syncStreams,
  };
}
