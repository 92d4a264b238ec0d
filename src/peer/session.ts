import {
  type AddTrackRequest,
  DisconnectReason,
  LeaveRequest,
  LeaveRequest_Action,
  MuteTrackRequest,
  ParticipantUpdate,
  Pong,
  RequestResponse,
  RequestResponse_Reason,
  SpeakersChanged,
  SubscriptionError,
  SubscriptionResponse,
  TrackPublishedResponse,
} from '@livekit/protocol';
import { TokenBucket } from '../base/token-bucket.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { MediaEvent, TrackId, TransportPath } from '../media/protocol.ts';
import type { Door, LeaveReason, Participant, Speaker, Track } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { Admission } from './admission.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { PeerContext, SignalSocket } from './context.ts';
import { stampDataPacket } from './data.ts';
import { Downlink } from './downlink.ts';
import { DualConnection } from './dual-connection.ts';
import { type ClientMessage, readFrame, type ServerMessage, writeFrame } from './frames.ts';
import { joinResponse } from './join-response.ts';
import { disconnectReasons, participantInfo } from './livekit-info.ts';
import { Publications } from './publications.ts';
import { subscriptionTracks, updateMetadata } from './requests.ts';
import { Selection } from './selection.ts';
import { SingleConnection } from './single-connection.ts';
import { SpeakerChanges } from './speakers.ts';
import type { PeerTransport } from './transport.ts';

/** Unsent bytes at which a client that does not read is given up. */
const MAX_QUEUED = 1024 * 1024;
/** Requests of one client. Bursts come with reconnects and crowded rooms; a large one, an offer, counts as many. */
const REQUESTS = { perSecond: 50, burst: 500 };
const REQUEST_SIZE = 8192;

interface Joined {
  readonly name: 'joined';
  readonly room: RoomHandle;
  readonly participant: Participant;
  readonly publications: Publications;
  readonly downlink: Downlink;
  readonly selection: Selection;
  connection: Connection | undefined;
}

type State = { readonly name: 'new' } | Joined | { readonly name: 'ended' };

/**
 * One client of the signaling protocol (livekit_rtc.proto) from WebSocket to room: the browser's door. Sessions are
 * not resumed: who asks for that is told to begin anew, which LiveKit's clients do by themselves.
 */
export class PeerSession implements Door, ConnectionOwner {
  readonly #context: PeerContext;
  readonly #socket: SignalSocket;
  readonly #admission: Admission;
  readonly #requests: TokenBucket;
  readonly #speakers = new SpeakerChanges();
  readonly #openedAt: number;
  #state: State = { name: 'new' };
  #form: 'binary' | 'json' = 'binary';
  #overflowed = false;
  #silence: Alarm | undefined;
  #connecting: Alarm | undefined;

  constructor(context: PeerContext, socket: SignalSocket, admission: Admission) {
    this.#context = context;
    this.#socket = socket;
    this.#admission = admission;
    this.#openedAt = context.clock.now();
    this.#requests = new TokenBucket(REQUESTS, this.#openedAt);
  }

  /** Joins the room and says so. Call once, when the WebSocket is open. */
  start(): void {
    const { addTracks, autoSubscribe, connections, grants, offer, resume } = this.#admission;
    if (resume) {
      this.#end('state_mismatch', LeaveRequest_Action.RECONNECT);
      return;
    }
    const { attributes, identity, kind, metadata, name, permissions, room: roomName } = grants;
    const joined = this.#context.rooms.join(
      { room: roomName, identity, name, kind, metadata, attributes, permissions, autoCreate: true },
      this,
    );
    if (!joined.ok) {
      this.drop(`join-${joined.error}`);
      this.#end(
        joined.error === 'stopping' ? 'server_shutdown' : 'join_failure',
        LeaveRequest_Action.DISCONNECT,
      );
      return;
    }
    const { participant, room } = joined.value;
    const { options, random } = this.#context;
    const publications = new Publications(room, participant, random);
    const downlink = new Downlink(room, random, (track) => this.#unmatched(track));
    const state: Joined = {
      name: 'joined',
      room,
      participant,
      publications,
      downlink,
      selection: new Selection(autoSubscribe, downlink),
      connection: undefined,
    };
    this.#state = state;
    this.send({
      case: 'join',
      value: joinResponse(room, participant, this.#context.iceServers(identity), connections, options),
    });
    const Way = connections === 'single' ? SingleConnection : DualConnection;
    state.connection = new Way(this.#context, room, publications, downlink, this);
    for (const request of addTracks) this.#addTrack(state, request);
    if (offer !== undefined) this.#negotiated(state.connection.offer(offer.sdp, offer.id));
    this.#alive();
    this.#connecting = this.#context.timers.schedule(this.#openedAt + options.connectMs, () =>
      this.#end('connection_timeout', LeaveRequest_Action.DISCONNECT),
    );
  }

  /** A frame of the client's. */
  message(data: Uint8Array | string): void {
    const state = this.#state;
    if (state.name !== 'joined') return;
    if (!this.#requests.take(this.#context.clock.now(), 1 + data.length / REQUEST_SIZE)) {
      this.drop('too-many-requests');
      this.#end('state_mismatch', LeaveRequest_Action.DISCONNECT);
      return;
    }
    this.#form = typeof data === 'string' ? 'json' : 'binary';
    const frame = readFrame(data);
    if (!frame.ok) {
      this.drop(`frame-${frame.error}`);
      return;
    }
    this.#alive();
    this.#dispatch(state, frame.value);
  }

  /** The WebSocket is gone, by whomever. */
  closed(): void {
    this.#leave('signal_close');
  }

  /** Ends the session in good order, with a reason that the client shows. */
  close(reason: LeaveReason): void {
    this.#end(reason, LeaveRequest_Action.DISCONNECT);
  }

  // -- Door: what the room tells

  participantsChanged(participants: readonly Participant[]): void {
    if (this.#state.name !== 'joined') return;
    this.send({
      case: 'update',
      value: new ParticipantUpdate({ participants: participants.map(participantInfo) }),
    });
  }

  subscribed(track: Track, publisher: Participant): void {
    if (this.#state.name !== 'joined') return;
    if (this.#state.selection.give(track, publisher)) this.#state.connection?.changed();
  }

  unsubscribed(track: Track): void {
    if (this.#state.name !== 'joined') return;
    if (this.#state.selection.withdraw(track.sid)) this.#state.connection?.changed();
  }

  muteRequested(track: Track): void {
    this.send({ case: 'mute', value: new MuteTrackRequest({ sid: track.sid, muted: true }) });
  }

  speakersChanged(speakers: readonly Speaker[]): void {
    const changes = this.#speakers.update(speakers);
    if (changes.length > 0)
      this.send({ case: 'speakersChanged', value: new SpeakersChanged({ speakers: changes }) });
  }

  dataReceived(channel: 'reliable' | 'lossy', bytes: Uint8Array): void {
    if (this.#state.name !== 'joined' || this.#state.connection === undefined) return;
    const transport = this.#state.connection.primary.id;
    this.#state.room.media({ type: 'data.send', transport, channel: `_${channel}`, bytes });
  }

  removed(reason: LeaveReason): void {
    this.#end(reason, LeaveRequest_Action.DISCONNECT);
  }

  // -- ConnectionOwner: what negotiation and media tell

  send(message: ServerMessage): void {
    if (this.#state.name === 'ended' || this.#overflowed) return;
    if (this.#socket.queued > MAX_QUEUED) {
      this.drop('client-does-not-read');
      this.#overflowed = true;
      this.#socket.close(1008, 'too much unread');
      // Not now: it may be the room that is speaking.
      this.#context.timers.schedule(this.#context.clock.now(), () => this.#leave('signal_close'));
      return;
    }
    this.#socket.send(writeFrame(message, this.#form));
  }

  onMedia(event: MediaEvent, transport: PeerTransport): void {
    const state = this.#state;
    if (state.name !== 'joined') return;
    const { participant, room } = state;
    switch (event.type) {
      case 'transport.connected':
        this.#context.emit({
          type: 'transport.connected',
          transport: transport.id,
          participant: participant.sid,
          path: pathName(event.path),
          connectMs: this.#context.clock.now() - this.#openedAt,
        });
        if (transport !== state.connection?.primary) return;
        this.#context.timers.cancel(this.#connecting);
        room.activate(participant);
        return;
      case 'transport.failed':
        this.#context.emit({
          type: 'transport.failed',
          transport: transport.id,
          participant: participant.sid,
          reason: event.reason,
        });
        // The signaling still works, so the client may try anew at once: its network has probably changed.
        this.#end('connection_timeout', LeaveRequest_Action.RECONNECT);
        return;
      case 'data.received': {
        const stamped = stampDataPacket(event.bytes, participant);
        if (!stamped.ok) {
          this.drop(stamped.error);
          return;
        }
        const channel = event.channel === '_reliable' ? 'reliable' : 'lossy';
        room.sendData(participant, channel, stamped.value.packet, stamped.value.to);
        return;
      }
      default:
        return;
    }
  }

  drop(reason: string): void {
    this.#context.emit({ type: 'dropped', where: 'signal', reason, count: 1 });
  }

  #dispatch(state: Joined, message: ClientMessage): void {
    const { connection, downlink, participant, publications, room } = state;
    switch (message.case) {
      case 'offer':
        this.#negotiated(connection?.offer(message.value.sdp, message.value.id) ?? true);
        break;
      case 'answer':
        connection?.answer(message.value.sdp, message.value.id);
        break;
      case 'addTrack':
        this.#addTrack(state, message.value);
        break;
      case 'mute':
        publications.mute(message.value.sid, message.value.muted);
        break;
      case 'subscription': {
        const tracks = subscriptionTracks(message.value);
        const wish = message.value.subscribe ? 'subscribe' : 'unsubscribe';
        for (const track of tracks) if (state.selection.wish(track, wish)) connection?.changed();
        room.setSubscribed(participant, tracks, wish);
        break;
      }
      case 'trackSetting':
        for (const track of message.value.trackSids) downlink.pause(track, message.value.disabled);
        break;
      case 'updateMetadata':
        this.send({ case: 'requestResponse', value: updateMetadata(room, participant, message.value) });
        break;
      case 'ping':
        this.send({ case: 'pong', value: this.#unixMs() });
        break;
      case 'pingReq': {
        const { timestamp } = message.value;
        this.send({
          case: 'pongResp',
          value: new Pong({ lastPingTimestamp: timestamp, timestamp: this.#unixMs() }),
        });
        break;
      }
      case 'leave':
        this.#leave('client_initiated');
        this.#socket.close(1000, 'left');
        break;
      default:
        // Trickled candidates: an ICE-lite agent learns the browser's addresses from its checks (RFC 8445 section 7.3.1.3).
        // The rest are hints that a room of single-layer tracks has no use for.
        break;
    }
  }

  #unixMs(): bigint {
    return BigInt(Math.floor(this.#context.wall.unixMs()));
  }

  #addTrack({ publications }: Joined, request: AddTrackRequest): void {
    const announced = publications.announce(request);
    if (typeof announced === 'string') {
      this.drop(`publish-${announced}`);
      this.send({
        case: 'requestResponse',
        value: new RequestResponse({
          reason:
            announced === 'too-many'
              ? RequestResponse_Reason.LIMIT_EXCEEDED
              : RequestResponse_Reason.NOT_ALLOWED,
          message: `track refused: ${announced}`,
          request: { case: 'addTrack', value: request },
        }),
      });
      return;
    }
    this.send({
      case: 'trackPublished',
      value: new TrackPublishedResponse({ cid: request.cid, track: announced.info }),
    });
    publications.matchUnannounced();
  }

  #unmatched(trackSid: TrackId): void {
    this.send({
      case: 'subscriptionResponse',
      value: new SubscriptionResponse({ trackSid, err: SubscriptionError.SE_CODEC_UNSUPPORTED }),
    });
  }

  /** A refused offer leaves the client waiting for an answer for ever: it is told to begin anew. */
  #negotiated(accepted: boolean): void {
    if (!accepted) this.#end('state_mismatch', LeaveRequest_Action.DISCONNECT);
  }

  #alive(): void {
    const { clock, options, timers } = this.#context;
    timers.cancel(this.#silence);
    this.#silence = timers.schedule(clock.now() + options.silenceMs, () =>
      this.#end('connection_timeout', LeaveRequest_Action.RECONNECT),
    );
  }

  /** Says good-bye, leaves and hangs up. */
  #end(reason: LeaveReason, action: LeaveRequest_Action): void {
    if (this.#state.name === 'ended') return;
    this.send({
      case: 'leave',
      value: new LeaveRequest({
        reason: disconnectReasons[reason] ?? DisconnectReason.UNKNOWN_REASON,
        action,
        canReconnect: action !== LeaveRequest_Action.DISCONNECT,
      }),
    });
    this.#leave(reason);
    this.#socket.close(1000, reason);
  }

  #leave(reason: LeaveReason): void {
    const state = this.#state;
    this.#state = { name: 'ended' };
    this.#context.timers.cancel(this.#silence);
    this.#context.timers.cancel(this.#connecting);
    if (state.name !== 'joined') return;
    state.room.leave(state.participant, reason);
    state.publications.close();
    state.connection?.close();
  }
}

/** `udp`, `tcp` or, over the embedded TURN server, `relay/udp`. */
function pathName({ protocol, relayed }: TransportPath): string {
  return relayed ? `relay/${protocol}` : protocol;
}
