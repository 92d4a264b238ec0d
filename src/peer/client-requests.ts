import { type AddTrackRequest, LeaveRequest_Action, Pong } from '@livekit/protocol';
import type { WallClock } from '../base/clock.ts';
import type { LeaveReason } from '../room/participant.ts';
import type { ClientMessage, ServerMessage } from './frames.ts';
import { announceTrack, type Joined, selectTracks, syncState } from './joined.ts';
import { updateMetadata } from './requests.ts';
import { type SimulatedSession, simulate } from './simulation.ts';
import { changeTrack } from './track-changes.ts';
import { subscriberGrants } from './track-permissions.ts';

/** What a client's requests may do to its session. */
export interface RequestingSession extends SimulatedSession {
  readonly wall: WallClock;
  send(message: ServerMessage): void;
  /** Bad input by its name, to be counted. */
  drop(reason: string): void;
  /** Says good-bye with advice, leaves and hangs up. */
  end(reason: LeaveReason, action: LeaveRequest_Action): void;
  /** The client says that it goes. */
  left(): void;
}

/** Carries out what a client that is in a room asks for (SignalRequest of livekit_rtc.proto). */
export class ClientRequests {
  readonly #session: RequestingSession;

  constructor(session: RequestingSession) {
    this.#session = session;
  }

  carryOut(state: Joined, message: ClientMessage): void {
    const session = this.#session;
    const { connection, downlink, participant, publications, room } = state;
    switch (message.case) {
      case 'offer':
        this.offer(state, message.value.sdp, message.value.id);
        break;
      case 'answer':
        connection?.answer(message.value.sdp, message.value.id);
        break;
      case 'addTrack':
        this.addTrack(state, message.value);
        break;
      case 'mute':
        publications.mute(message.value.sid, message.value.muted);
        break;
      case 'updateAudioTrack':
      case 'updateVideoTrack': {
        const refusal = changeTrack(publications, message);
        if (refusal !== undefined) session.send({ case: 'requestResponse', value: refusal });
        break;
      }
      case 'subscription':
        selectTracks(state, message.value);
        break;
      case 'trackSetting':
        for (const track of new Set(message.value.trackSids)) {
          downlink.adjust(track, message.value);
          const { form, layer } = downlink.demanded(track);
          room.demandLayer(participant, track, layer, form);
        }
        break;
      case 'subscriptionPermission': {
        const grants = subscriberGrants(message.value, room.participants);
        if (grants === 'names-nobody') session.drop('permission-names-nobody');
        else room.allowSubscribers(participant, grants);
        break;
      }
      case 'updateMetadata':
        session.send({ case: 'requestResponse', value: updateMetadata(room, participant, message.value) });
        break;
      case 'ping':
        session.send({ case: 'pong', value: this.#unixMs() });
        break;
      case 'pingReq': {
        const { timestamp } = message.value;
        session.send({
          case: 'pongResp',
          value: new Pong({ lastPingTimestamp: timestamp, timestamp: this.#unixMs() }),
        });
        break;
      }
      case 'syncState':
        if (syncState(state, message.value)) break;
        session.drop('sync-unknown-track');
        session.end('state_mismatch', LeaveRequest_Action.RECONNECT);
        break;
      case 'simulate':
        simulate(session, participant, message.value);
        break;
      case 'leave':
        session.left();
        break;
      default:
        // Trickled candidates: an ICE-lite agent learns the browser's addresses from its checks (RFC 8445 section 7.3.1.3).
        // The rest are hints that nothing here has a use for.
        break;
    }
  }

  /** The client's offer. A refused one leaves it waiting for an answer for ever: it is told to begin anew. */
  offer({ connection }: Joined, sdp: string, id: number): void {
    if (connection === undefined || connection.offer(sdp, id)) return;
    this.#session.end('state_mismatch', LeaveRequest_Action.DISCONNECT);
  }

  /** Announces a track, which an m-line may carry already. */
  addTrack(state: Joined, request: AddTrackRequest): void {
    const { answer, refusal } = announceTrack(state, request);
    if (refusal !== undefined) this.#session.drop(`publish-${refusal}`);
    this.#session.send(answer);
    state.publications.matchUnannounced();
  }

  #unixMs(): bigint {
    return BigInt(Math.floor(this.#session.wall.unixMs()));
  }
}
