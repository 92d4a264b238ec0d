import { MuteTrackRequest, ParticipantUpdate, type SpeakerInfo, SpeakersChanged } from '@livekit/protocol';
import type { TrackId } from '../media/protocol.ts';
import type {
  ConnectionScore,
  Door,
  LeaveReason,
  Participant,
  Speaker,
  Track,
  VideoForm,
} from '../room/participant.ts';
import type { PeerContext } from './context.ts';
import { keyPacket } from './data.ts';
import { Departures } from './departures.ts';
import { Dynacast } from './dynacast.ts';
import type { ServerMessage } from './frames.ts';
import type { Joined } from './joined.ts';
import { participantInfo } from './livekit-info.ts';
import { qualityUpdate } from './quality.ts';
import { roomUpdate, trackSubscribed, trackUnpublished } from './room-orders.ts';
import { SpeakerChanges } from './speakers.ts';
import { TrackPermissions } from './track-permissions.ts';

/** A client has made its track known to itself by then, ms after the answer to its offer. */
const WORKED_IN = 500;

/** The session that a {@link RoomDoor} speaks for. */
export interface RoomDoorOwner {
  /** Undefined before it is in a room, and when it is over. */
  readonly joined: Joined | undefined;
  send(message: ServerMessage): void;
  /** The participant goes to another room, by its name. */
  move(room: string): void;
  removed(reason: LeaveReason): void;
}

/** What a room tells of others, as messages to one client. */
export class RoomDoor implements Door {
  readonly #context: Pick<PeerContext, 'clock' | 'timers'>;
  readonly #owner: RoomDoorOwner;
  readonly #speakers = new SpeakerChanges();
  readonly #departures = new Departures();
  readonly #dynacast: Dynacast;
  readonly #permissions = new TrackPermissions();

  constructor(context: Pick<PeerContext, 'clock' | 'timers'>, owner: RoomDoorOwner) {
    this.#context = context;
    this.#owner = owner;
    this.#dynacast = new Dynacast(context.timers, context.clock, (message) => owner.send(message));
  }

  participantsChanged(participants: readonly Participant[]): void {
    if (this.#owner.joined === undefined) return;
    this.#departures.note(participants, this.#context.clock.now());
    const value = new ParticipantUpdate({ participants: participants.map(participantInfo) });
    this.#owner.send({ case: 'update', value });
  }

  subscribed(track: Track, publisher: Participant): void {
    const { joined } = this.#owner;
    if (joined?.selection.give(track, publisher) === true) joined.connection?.changed();
  }

  unsubscribed(track: Track): void {
    const { joined } = this.#owner;
    if (joined?.selection.withdraw(track.sid) === true) joined.connection?.changed();
  }

  subscriptionAllowed(track: Track, publisher: Participant, verdict: 'allowed' | 'refused'): void {
    this.#owner.send(this.#permissions.tell(track, publisher, verdict));
  }

  muteRequested(track: Track): void {
    this.#owner.send({ case: 'mute', value: new MuteTrackRequest({ sid: track.sid, muted: true }) });
  }

  unpublished({ sid }: Track): void {
    if (this.#owner.joined?.publications.withdraw(sid) === true) this.#owner.send(trackUnpublished(sid));
  }

  layersWanted(track: Track, layers: Readonly<Record<VideoForm, number>>): void {
    const { joined } = this.#owner;
    if (joined !== undefined) this.#dynacast.wanted(track, layers, joined.participant.tracks);
  }

  replaced(track: Track): void {
    this.#owner.joined?.downlink.replace(track);
  }

  subscriptionWished(track: TrackId, wish: 'subscribe' | 'unsubscribe'): void {
    const { joined } = this.#owner;
    if (joined?.selection.wish(track, wish) === true) joined.connection?.changed();
  }

  /** Told a while later: a client knows its own track by the answer that this may come together with, once it has worked that in. */
  firstSubscribed({ sid }: Track): void {
    const { clock, timers } = this.#context;
    timers.schedule(clock.now() + WORKED_IN, () => {
      if (this.#owner.joined?.publications.has(sid) === true) this.#owner.send(trackSubscribed(sid));
    });
  }

  roomChanged(): void {
    const { joined } = this.#owner;
    if (joined !== undefined) this.#owner.send(roomUpdate(joined.room));
  }

  speakersChanged(speakers: readonly Speaker[]): void {
    this.#tellSpeakers(this.#speakers.update(speakers));
  }

  dataReceived(channel: 'reliable' | 'lossy', bytes: Uint8Array): void {
    const { joined } = this.#owner;
    if (joined?.connection === undefined) return;
    // With two connections the client publishes data on one and hears it on the other alone.
    const transport = joined.connection.primary.id;
    joined.room.media({ type: 'data.send', transport, channel: `_${channel}`, bytes });
  }

  connectionsRated(scores: readonly ConnectionScore[]): void {
    if (this.#owner.joined === undefined) return;
    this.#owner.send({ case: 'connectionQuality', value: qualityUpdate(scores) });
  }

  keyPressed(digit: string, from: Participant): void {
    this.dataReceived('reliable', keyPacket(digit, from));
  }

  moveTo(room: string): void {
    this.#owner.move(room);
  }

  removed(reason: LeaveReason): void {
    this.#owner.removed(reason);
  }

  /** Says again, from what is so now, all that a client may have missed while it was away. */
  restate({ participant, room }: Joined): void {
    const visible = [...room.participants.values()].filter(
      (one) => one === participant || !one.permissions.hidden,
    );
    this.participantsChanged([...this.#departures.since(room.participants), ...visible]);
    for (const track of participant.tracks.values()) if (track.muted) this.muteRequested(track);
    this.#tellSpeakers(this.#speakers.restate(visible));
    this.roomChanged();
    this.#dynacast.restate();
    for (const message of this.#permissions.restate()) this.#owner.send(message);
  }

  close(): void {
    this.#dynacast.close();
  }

  #tellSpeakers(speakers: SpeakerInfo[]): void {
    if (speakers.length === 0) return;
    this.#owner.send({ case: 'speakersChanged', value: new SpeakersChanged({ speakers }) });
  }
}
