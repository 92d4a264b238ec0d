import type { EventSink } from '../events/index.ts';
import type { MediaCommand, MediaEvent, TrackId, TransportId } from '../media/protocol.ts';
import type { AdministeredRoom, RoomOrders } from './administration.ts';
import { Broadcast } from './broadcast.ts';
import { isDependent, isRecorder } from './dependent.ts';
import type { MediaWorker, MediaWorkers } from './media-workers.ts';
import type { Member } from './member.ts';
import { Muting } from './muting.ts';
import { Orders } from './orders.ts';
import type {
  Door,
  LeaveReason,
  Participant,
  Speaker,
  Track,
  TrackChange,
  VideoForm,
} from './participant.ts';
import { PhoneHearing } from './phone-hearing.ts';
import type { RoomHandle } from './ports.ts';
import type { SubscriberGrants } from './subscriber-grants.ts';
import { Subscriptions } from './subscriptions.ts';
import type { RoomAgent, RoomSettings } from './wish.ts';

export interface RoomOptions {
  readonly sid: string;
  readonly name: string;
  readonly createdAtUnixMs: number;
  readonly metadata: string;
  readonly settings: RoomSettings;
  readonly agents?: readonly RoomAgent[] | undefined;
  readonly worker: MediaWorker;
  readonly workers: MediaWorkers;
  readonly emit: EventSink;
  /** Nobody is left who is there for himself (`room/dependent.ts`). */
  onEmpty(): void;
}

/**
 * Who is in a room, what they publish and who hears whom. Pure policy: packets are the media worker's.
 */
export class Room implements AdministeredRoom {
  readonly sid: string;
  readonly name: string;
  metadata: string;
  settings: RoomSettings;
  readonly agents: readonly RoomAgent[];
  readonly createdAtUnixMs: number;
  readonly #options: RoomOptions;
  readonly #members = new Map<string, Member>();
  readonly #participants = new Map<string, Participant>();
  readonly #subscriptions = new Subscriptions(this.#members);
  readonly #hearing = new PhoneHearing(this.#members, (command) => this.media(command));
  readonly #broadcast = new Broadcast(this.#members);
  readonly #muting = new Muting((command) => this.media(command), this.#broadcast);
  readonly orders: RoomOrders = new Orders({
    broadcast: this.#broadcast,
    muting: this.#muting,
    subscriptions: this.#subscriptions,
    member: (participant) => this.#member(participant),
    unpublish: (participant, track) => this.unpublish(participant, track),
  });
  #independents = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.sid = options.sid;
    this.name = options.name;
    this.createdAtUnixMs = options.createdAtUnixMs;
    this.metadata = options.metadata;
    this.settings = options.settings;
    this.agents = options.agents ?? [];
    options.worker.rooms++;
    options.worker.send({ type: 'room.open', room: this.sid });
    options.workers.listenRoom(this.sid, (event) => this.#onMedia(event));
  }

  get ice(): RoomHandle['ice'] {
    const { fingerprint, icePort } = this.#options.worker;
    return { port: icePort, fingerprint };
  }

  /** By identity. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#participants;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Those who are there for themselves. */
  get independents(): number {
    return this.#independents;
  }

  get worker(): MediaWorker {
    return this.#options.worker;
  }

  /** Lets somebody in; who has the same identity goes out (LiveKit's DUPLICATE_IDENTITY). */
  admit(participant: Participant, door: Door): void {
    const before = this.#members.get(participant.identity);
    if (before !== undefined) this.remove(before.participant, 'duplicate_identity');
    this.#members.set(participant.identity, {
      participant,
      door,
      subscriptions: undefined,
      declined: undefined,
      refused: undefined,
      grants: undefined,
      scores: undefined,
      doorMutes: false,
      roomMutes: false,
    });
    this.#participants.set(participant.identity, participant);
    if (participant.kind === 'sip') this.#hearing.phonesChanged();
    if (!isDependent(participant)) this.#independents++;
    this.#options.emit({ type: 'participant.joined', room: this.name, ...names(participant) });
    this.#broadcast.changed(participant);
    if (isRecorder(participant)) this.#broadcast.roomChanged();
  }

  activate(participant: Participant): void {
    const member = this.#member(participant);
    if (member === undefined || participant.state === 'active') return;
    participant.state = 'active';
    this.#broadcast.changed(participant);
    this.#options.emit({ type: 'participant.active', room: this.name, ...names(participant) });
    this.#subscriptions.giveAll(member);
  }

  publish(participant: Participant, track: Track): void {
    const publisher = this.#member(participant);
    if (publisher === undefined) return;
    this.#muting.begin(publisher, track);
    participant.tracks.set(track.sid, track);
    this.#subscriptions.own(track.sid, publisher);
    this.#options.emit({
      type: 'track.published',
      room: this.name,
      participant: participant.sid,
      track: track.sid,
      kind: track.kind,
      mime: track.codecs[0]?.mime ?? '',
    });
    this.#broadcast.changed(participant);
    this.#subscriptions.offer(track, publisher);
    this.#hearing.check(publisher);
  }

  unpublish(participant: Participant, sid: TrackId): void {
    const publisher = this.#member(participant);
    const track = participant.tracks.get(sid);
    if (publisher === undefined || track === undefined) return;
    this.#withdraw(publisher, track);
    this.#broadcast.changed(participant);
  }

  setMuted(participant: Participant, sid: TrackId, muted: boolean): void {
    const track = participant.tracks.get(sid);
    const member = this.#member(participant);
    if (track !== undefined && member !== undefined) this.#muting.byPublisher(member, track, muted);
  }

  changeTrack(participant: Participant, sid: TrackId, change: TrackChange): void {
    const track = participant.tracks.get(sid);
    if (track === undefined || this.#member(participant) === undefined) return;
    Object.assign(track, change);
    this.#broadcast.changed(participant);
  }

  update(
    participant: Participant,
    change: { name?: string; metadata?: string; attributes?: ReadonlyMap<string, string> },
  ): void {
    if (this.#member(participant) === undefined) return;
    if (change.name !== undefined) participant.name = change.name;
    if (change.metadata !== undefined) participant.metadata = change.metadata;
    for (const [key, value] of change.attributes ?? []) {
      // LiveKit: an empty value removes the attribute.
      if (value === '') participant.attributes.delete(key);
      else participant.attributes.set(key, value);
    }
    this.#broadcast.changed(participant);
  }

  setSubscribed(
    participant: Participant,
    tracks: readonly TrackId[],
    wish: 'subscribe' | 'unsubscribe',
  ): void {
    const member = this.#member(participant);
    if (member !== undefined) this.#subscriptions.wish(member, tracks, wish);
  }

  allowSubscribers(participant: Participant, grants: SubscriberGrants | undefined): void {
    const publisher = this.#member(participant);
    if (publisher === undefined) return;
    publisher.grants = grants;
    this.#subscriptions.allowed(publisher);
    this.#hearing.check(publisher);
  }

  demandLayer(participant: Participant, sid: TrackId, layer: number, form: VideoForm): void {
    const member = this.#member(participant);
    if (member !== undefined) this.#subscriptions.demand(member, sid, layer, form);
  }

  backupChanged(participant: Participant, sid: TrackId): void {
    const track = participant.tracks.get(sid);
    if (this.#member(participant) === undefined || track?.backup === undefined) return;
    this.#broadcast.changed(participant);
    if (track.backup.live !== undefined && track.backup.replaces) this.#subscriptions.replaced(track);
  }

  sendData(
    from: Participant,
    channel: 'reliable' | 'lossy',
    packet: Uint8Array,
    to: readonly string[],
  ): void {
    if (from.permissions.canPublishData) this.#broadcast.data(from, channel, packet, to);
  }

  rate(participant: Participant, transport: TransportId, score: number): void {
    const member = this.#member(participant);
    if (member !== undefined) this.#broadcast.rated(member, transport, score);
  }

  pressKey(from: Participant, digit: string, to: readonly string[]): void {
    if (!from.permissions.canPublishData || this.#member(from) === undefined) return;
    this.#broadcast.key(from, digit, to);
  }

  /** Somebody goes by their own door's wish: the door is not told. */
  leave(participant: Participant, reason: LeaveReason): void {
    const member = this.#member(participant);
    if (member !== undefined) this.#part(member, reason);
  }

  /** Somebody is put out: their door is told why. */
  remove(participant: Participant, reason: LeaveReason): void {
    const member = this.#member(participant);
    if (member === undefined) return;
    this.#part(member, reason);
    member.door.removed(reason);
  }

  /** Puts everybody out and gives the room back. */
  close(reason: LeaveReason): void {
    for (const member of [...this.#members.values()]) this.remove(member.participant, reason);
    this.#options.workers.unlistenRoom(this.sid);
    this.#options.worker.rooms--;
    this.media({ type: 'room.close', room: this.sid });
  }

  setMetadata(metadata: string): void {
    if (metadata === this.metadata) return;
    this.metadata = metadata;
    this.#broadcast.roomChanged();
  }

  media(command: MediaCommand): void {
    this.#options.worker.send(command);
  }

  listen(id: string, listener: (event: MediaEvent) => void): void {
    this.#options.workers.listen(id, listener);
  }

  unlisten(id: string): void {
    this.#options.workers.unlisten(id);
  }

  /** The member that this very participant is: a namesake that came later is another one. */
  #member(participant: Participant): Member | undefined {
    const member = this.#members.get(participant.identity);
    return member?.participant === participant ? member : undefined;
  }

  #part(member: Member, reason: LeaveReason): void {
    const { participant } = member;
    for (const track of [...participant.tracks.values()]) this.#withdraw(member, track);
    this.#members.delete(participant.identity);
    this.#subscriptions.forget(member);
    this.#participants.delete(participant.identity);
    if (participant.kind === 'sip') this.#hearing.phonesChanged();
    participant.state = 'disconnected';
    participant.leftFor = reason;
    this.#broadcast.changed(participant);
    this.#options.emit({ type: 'participant.left', room: this.name, ...names(participant), reason });
    if (isRecorder(participant)) this.#broadcast.roomChanged();
    if (isDependent(participant)) return;
    this.#independents--;
    if (this.#independents === 0) this.#options.onEmpty();
  }

  #withdraw(publisher: Member, track: Track): void {
    publisher.participant.tracks.delete(track.sid);
    this.#subscriptions.withdraw(track, publisher.participant);
    this.#hearing.forget(track.sid);
    this.#options.emit({
      type: 'track.unpublished',
      room: this.name,
      participant: publisher.participant.sid,
      track: track.sid,
    });
  }

  #onMedia(event: MediaEvent): void {
    if (event.type !== 'speakers') return;
    const speakers: Speaker[] = [];
    for (const { track, level } of event.speakers) {
      const participant = this.#subscriptions.owner(track);
      if (participant !== undefined && !participant.permissions.hidden) speakers.push({ participant, level });
    }
    this.#broadcast.speakers(speakers);
  }
}

function names(participant: Participant): { sid: string; identity: string; kind: string } {
  return { sid: participant.sid, identity: participant.identity, kind: participant.kind };
}
