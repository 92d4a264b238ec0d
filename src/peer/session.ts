import { LeaveRequest_Action } from '@livekit/protocol';
import { TokenBucket } from '../base/token-bucket.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { MediaEvent } from '../media/protocol.ts';
import type { LeaveReason } from '../room/participant.ts';
import type { Admission } from './admission.ts';
import { ClientRequests } from './client-requests.ts';
import type { ConnectionOwner } from './connection.ts';
import type { PeerContext } from './context.ts';
import { Downlink } from './downlink.ts';
import { DualConnection } from './dual-connection.ts';
import { readFrame, type ServerMessage } from './frames.ts';
import { joinResponse, leaveRequest, reconnectResponse } from './join-response.ts';
import type { Joined } from './joined.ts';
import type { LinkedSession, PeerLink } from './link.ts';
import { MediaEvents } from './media-events.ts';
import { movingMessages } from './moving.ts';
import { Publications } from './publications.ts';
import { RoomDoor, type RoomDoorOwner } from './room-door.ts';
import { codecNews } from './room-orders.ts';
import { Selection } from './selection.ts';
import { SingleConnection } from './single-connection.ts';
import { TokenRenewal } from './token-renewal.ts';
import type { PeerTransport } from './transport.ts';

/** Requests of one client. Bursts come with reconnects and crowded rooms; a large one, an offer, counts as many. */
const REQUESTS = { perSecond: 50, burst: 500 };
const REQUEST_SIZE = 8192;

type State = { readonly name: 'new' } | Joined | { readonly name: 'ended' };

/**
 * One client of the signaling protocol (livekit_rtc.proto) in a room: the browser's door. A session whose WebSocket is
 * lost stays in the room for a while, media and all, and goes on when the client comes back with another one.
 */
export class PeerSession implements RoomDoorOwner, ConnectionOwner, LinkedSession {
  readonly #context: PeerContext;
  /** The one WebSocket that drives the session; undefined while the client is away. */
  #link: PeerLink | undefined;
  readonly #admission: Admission;
  readonly #requests: TokenBucket;
  readonly #ended: (sid: string) => void;
  readonly #openedAt: number;
  readonly #requested: ClientRequests;
  readonly #media: MediaEvents;
  readonly #door: RoomDoor;
  #state: State = { name: 'new' };
  #renewal: TokenRenewal | undefined;
  /** The client wants to see its next resume fail. */
  #failResume: 'before-words' | 'after-words' | undefined;
  #silence: Alarm | undefined;
  #connecting: Alarm | undefined;
  #away: Alarm | undefined;

  /** `ended` is told when a session that was in a room is no more. */
  constructor(context: PeerContext, link: PeerLink, admission: Admission, ended: (sid: string) => void) {
    this.#context = context;
    this.#link = link;
    this.#admission = admission;
    this.#ended = ended;
    this.#openedAt = context.clock.now();
    this.#requests = new TokenBucket(REQUESTS, this.#openedAt);
    this.#requested = new ClientRequests({
      wall: context.wall,
      send: (message) => this.send(message),
      drop: (reason) => this.drop(reason),
      end: (reason, action) => this.#end(reason, action),
      left: () => this.#left(),
      vanish: () => this.#vanish(),
      failResume: (when) => {
        this.#failResume = when;
      },
    });
    this.#door = new RoomDoor(context, this);
    this.#media = new MediaEvents({
      emit: context.emit,
      drop: (reason) => this.drop(reason),
      takes: (from, packet) => context.serverRpc.take(from, packet),
      send: (message) => this.send(message),
      connected: (primary) => this.#connected(primary),
      // The signaling still works, so the client may try anew at once: its network has probably changed.
      failed: () => this.#end('connection_timeout', LeaveRequest_Action.RECONNECT),
    });
  }

  /** Of the participant; undefined before the session has joined, and when it is over. */
  get sid(): string | undefined {
    return this.joined?.participant.sid;
  }

  get joined(): Joined | undefined {
    return this.#state.name === 'joined' ? this.#state : undefined;
  }

  get connections(): Admission['connections'] {
    return this.#admission.connections;
  }

  /** Joins the room and says so. Call once, when the WebSocket is open. */
  start(): void {
    const { addTracks, autoSubscribe, client, connections, grants, offer } = this.#admission;
    const { attributes, identity, kind, kindDetails, metadata, name, permissions, roomConfig } = grants;
    const joined = this.#context.rooms.join(
      {
        room: grants.room,
        identity,
        name,
        kind,
        metadata,
        attributes,
        permissions,
        self: { protocol: 0, capabilities: [], ...client, kindDetails: kindDetails ?? [] },
        autoCreate: true,
        wish: roomConfig,
      },
      this.#door,
    );
    if (!joined.ok) {
      this.drop(`join-${joined.error}`);
      const reason = /^(draining|stopping)$/.test(joined.error) ? 'server_shutdown' : 'join_failure';
      this.#end(reason, LeaveRequest_Action.DISCONNECT);
      return;
    }
    const { participant, room } = joined.value;
    const { options, random } = this.#context;
    const publications = new Publications(room, participant, random);
    const downlink = new Downlink(room, random, codecNews(room, participant, this));
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
    const value = joinResponse(room, participant, connections, this.#context, this.#link?.source);
    this.send({ case: 'join', value });
    const Way = connections === 'single' ? SingleConnection : DualConnection;
    state.connection = new Way(this.#context, room, publications, downlink, this);
    for (const request of addTracks) this.#requested.addTrack(state, request);
    if (offer !== undefined) this.#requested.offer(state, offer.sdp, offer.id);
    this.#alive();
    this.#renewal = new TokenRenewal(this.#context, grants, participant, (token) =>
      this.send({ case: 'refreshToken', value: token }),
    );
    this.#renewal.start();
    this.#connecting = this.#context.timers.schedule(this.#openedAt + options.connectMs, () =>
      this.#end('connection_timeout', LeaveRequest_Action.DISCONNECT),
    );
  }

  /** The client is back over another WebSocket. What it may have missed is told again, from what is so now. */
  resume(link: PeerLink): void {
    const state = this.#state;
    if (state.name !== 'joined') return;
    const fails = this.#failResume;
    this.#failResume = undefined;
    if (fails === 'before-words') {
      link.close(1000, 'simulated');
      return;
    }
    const { connection, participant, room } = state;
    const { timers } = this.#context;
    this.#link?.close(1000, 'resumed over another connection');
    this.#link = link;
    timers.cancel(this.#away);
    this.#alive();
    const value = reconnectResponse(room, participant, this.#context, link.source);
    this.send({ case: 'reconnect', value });
    this.#door.restate(state);
    connection?.resumed();
    if (fails === 'after-words') link.close(1000, 'simulated');
  }

  /** A frame of the client's. */
  message(link: PeerLink, data: Uint8Array | string): void {
    const state = this.#state;
    if (state.name !== 'joined' || link !== this.#link) return;
    if (!this.#requests.take(this.#context.clock.now(), 1 + data.length / REQUEST_SIZE)) {
      this.drop('too-many-requests');
      this.#end('state_mismatch', LeaveRequest_Action.DISCONNECT);
      return;
    }
    const frame = readFrame(data);
    if (!frame.ok) {
      this.drop(`frame-${frame.error}`);
      return;
    }
    this.#alive();
    this.#requested.carryOut(state, frame.value);
  }

  lost(link: PeerLink): void {
    if (link !== this.#link) return;
    this.#link = undefined;
    const { clock, options, timers } = this.#context;
    timers.cancel(this.#silence);
    // Whose media never worked has nothing to come back to.
    if (this.#state.name !== 'joined' || this.#state.participant.state !== 'active') {
      this.#leave('signal_close');
      return;
    }
    this.#away = timers.schedule(clock.now() + options.resumeMs, () => this.#leave('signal_close'));
  }

  // -- RoomDoorOwner: what the room does with the participant

  move(name: string): void {
    void this.#renewal?.token(name).then((token) => {
      const state = this.#state;
      const room = this.#context.rooms.find(name);
      if (state.name !== 'joined' || room === undefined) return;
      const link = this.#link;
      for (const message of movingMessages(room, state.participant, token)) this.send(message);
      this.#leave('migration');
      link?.close(1000, 'moved to another room');
    }, this.#context.onFault);
  }

  removed(reason: LeaveReason): void {
    // A gateway that is started again, or another media worker, has the room as well: it is worth coming back.
    const back = reason === 'server_shutdown' || reason === 'media_failure';
    this.#end(reason, back ? LeaveRequest_Action.RECONNECT : LeaveRequest_Action.DISCONNECT);
  }

  // -- ConnectionOwner: what negotiation and media tell

  send(message: ServerMessage): void {
    const link = this.#link;
    // What is said while the client is away, it is told when it resumes.
    if (this.#state.name === 'ended' || link === undefined || link.send(message)) return;
    this.drop('client-does-not-read');
    this.#leave('signal_close');
    link.close(1008, 'too much unread');
  }

  onMedia(event: MediaEvent, transport: PeerTransport): void {
    if (this.#state.name === 'joined') this.#media.heard(this.#state, event, transport);
  }

  drop(reason: string): void {
    this.#context.emit({ type: 'dropped', where: 'signal', reason, count: 1 });
  }

  #alive(): void {
    const { clock, options, timers } = this.#context;
    timers.cancel(this.#silence);
    this.#silence = timers.schedule(clock.now() + options.silenceMs, () =>
      this.#end('connection_timeout', LeaveRequest_Action.RECONNECT),
    );
  }

  /** Media works over a transport for the first time. Answers how long that took, ms. */
  #connected(way: 'primary' | 'other'): number {
    if (way === 'primary') this.#context.timers.cancel(this.#connecting);
    return this.#context.clock.now() - this.#openedAt;
  }

  /** The client says that it goes. */
  #left(): void {
    const link = this.#link;
    this.#leave('client_initiated');
    link?.close(1000, 'left');
  }

  /** Gone without a word: the client finds nothing to resume. */
  #vanish(): void {
    const link = this.#link;
    this.#leave('state_mismatch');
    link?.close(1001, 'simulated');
  }

  /** Says good-bye, leaves and hangs up. */
  #end(reason: LeaveReason, action: LeaveRequest_Action): void {
    if (this.#state.name === 'ended') return;
    const link = this.#link;
    this.send({ case: 'leave', value: leaveRequest(reason, action) });
    this.#leave(reason);
    link?.close(1000, reason);
  }

  #leave(reason: LeaveReason): void {
    const state = this.#state;
    this.#state = { name: 'ended' };
    this.#context.timers.cancel(this.#silence);
    this.#context.timers.cancel(this.#connecting);
    this.#context.timers.cancel(this.#away);
    this.#renewal?.stop();
    this.#link = undefined;
    this.#door.close();
    if (state.name !== 'joined') return;
    this.#ended(state.participant.sid);
    state.room.leave(state.participant, reason);
    state.publications.close();
    state.connection?.close();
  }
}
