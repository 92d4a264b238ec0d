import { type AddTrackRequest, SessionDescription, SignalRequest, SignalResponse } from '@livekit/protocol';
import type { EventSink, GatewayEvent } from '../../../src/events/index.ts';
import type { MediaCommand, MediaEvent, MediaWorkerPort } from '../../../src/media/protocol.ts';
import type { Admission } from '../../../src/peer/admission.ts';
import { defaultPeerOptions, type PeerContext, type PeerOptions } from '../../../src/peer/context.ts';
import type { ServerMessage } from '../../../src/peer/frames.ts';
import type { PeerLink } from '../../../src/peer/link.ts';
import { ServerRpc } from '../../../src/peer/server-rpc.ts';
import { PeerSessions } from '../../../src/peer/sessions.ts';
import { MediaWorkers } from '../../../src/room/media-workers.ts';
import type { Door, Participant, Permissions, Track } from '../../../src/room/participant.ts';
import type { RoomHandle } from '../../../src/room/ports.ts';
import { Rooms } from '../../../src/room/rooms.ts';
import { VirtualTime } from '../../support/virtual-time.ts';
import { all } from '../room/world.ts';

/** Real rooms over a media worker that only writes down what it is told, in virtual time. */
export class Rig extends VirtualTime {
  readonly commands: MediaCommand[] = [];
  readonly events: GatewayEvent[] = [];
  /** Others that hear the events. */
  readonly faults: unknown[] = [];
  /** Where the clients were that TURN servers were asked for. */
  readonly sources: (string | undefined)[] = [];
  readonly listeners: EventSink[] = [];
  /** The TURN server that clients are told of. */
  turnUrls: readonly string[] = ['turn:192.0.2.1:3478'];
  /** Undefined: one for each identity. */
  turnAccount: { readonly username: string; readonly credential: string } | undefined;
  /** Of the rooms that are opened from now on. */
  icePolicy: PeerContext['icePolicy'] = () => 'all';
  readonly rooms: Rooms;
  readonly context: PeerContext;
  readonly sessions: PeerSessions;
  readonly #port: MediaWorkerPort;

  constructor(options: Partial<PeerOptions> = {}) {
    super();
    let seed = 1;
    const next = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed;
    };
    const shared = {
      clock: this.clock,
      wall: { unixMs: () => 1_700_000_000_000 + this.now },
      random: { bytes: (length: number) => Uint8Array.from({ length }, () => next() >>> 24), u32: next },
      timers: this.timers,
      emit: (event: GatewayEvent) => {
        this.events.push(event);
        for (const listener of this.listeners) listener(event);
      },
    };
    const workers = new MediaWorkers(shared.emit);
    this.#port = { send: (command) => this.commands.push(command), onEvent: () => {} };
    workers.add(this.#port, {
      icePort: 7882,
      fingerprint: { algorithm: 'sha-256', value: 'AB:CD' },
    });
    this.rooms = new Rooms({ ...shared, workers });
    this.context = {
      ...shared,
      rooms: this.rooms,
      iceServers: (identity, source) => {
        this.sources.push(source);
        const account = this.turnAccount ?? { username: `u:${identity}`, credential: 'c' };
        return [{ urls: this.turnUrls, ...account }];
      },
      candidates: (port) => [{ transport: 'udp', address: '192.0.2.1', port }],
      icePolicy: (room) => this.icePolicy(room),
      options: { ...defaultPeerOptions, ...options },
      renewToken: ({ identity, room }, ttlMs) =>
        Promise.resolve(`token of ${identity} for ${room}, ${ttlMs} ms`),
      serverRpc: new ServerRpc(shared),
      onFault: (error) => this.faults.push(error),
    };
    this.sessions = new PeerSessions(this.context);
  }

  media(event: MediaEvent): void {
    this.#port.onEvent(event);
  }

  /** The commands of one type so far. */
  told<T extends MediaCommand['type']>(type: T): Extract<MediaCommand, { type: T }>[] {
    return this.commands.filter(
      (command): command is Extract<MediaCommand, { type: T }> => command.type === type,
    );
  }

  /** Reasons of dropped input. */
  get drops(): string[] {
    return this.events.flatMap((event) => (event.type === 'dropped' ? [event.reason] : []));
  }

  /** A phone in the room `lobby`, publishing A-law. */
  phone(
    number: string,
    codec = { mime: 'audio/pcma', payloadType: 8 },
    keyPressed: (digit: string, from: Participant) => void = () => {},
  ): { room: RoomHandle; participant: Participant; track: Track } {
    const door: Door = {
      participantsChanged() {},
      subscribed() {},
      unsubscribed() {},
      muteRequested() {},
      speakersChanged() {},
      dataReceived() {},
      keyPressed,
      removed() {},
    };
    const joined = this.rooms.join(
      {
        room: 'lobby',
        identity: `sip_${number}`,
        name: `Phone ${number}`,
        kind: 'sip',
        metadata: '',
        attributes: new Map([['sip.phoneNumber', number]]),
        permissions: all,
        autoCreate: true,
      },
      door,
    );
    if (!joined.ok) throw new Error(joined.error);
    const { participant, room } = joined.value;
    const track: Track = {
      sid: `TR_phone${number}`,
      name: 'phone',
      kind: 'audio',
      source: 'microphone',
      origin: { from: 'leg', leg: `LG_${number}` },
      codecs: [{ ...codec, clockRate: 8000, channels: 1, fmtp: '' }],
      stream: '',
      muted: false,
      disableDtx: true,
      stereo: false,
    };
    room.publish(participant, track);
    return { room, participant, track };
  }
}

type MessageOf<C extends ServerMessage['case']> = Extract<ServerMessage, { case: C }>;

/** A client at the other end of a session's WebSocket. */
export class Client {
  readonly session: PeerLink;
  readonly received: ServerMessage[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  queued = 0;
  readonly #rig: Rig;

  constructor(
    rig: Rig,
    admission: Partial<Admission> & {
      identity?: string;
      source?: string;
      permissions?: Permissions;
      expiresAtUnixMs?: number;
    } = {},
  ) {
    const {
      expiresAtUnixMs,
      identity = 'ada',
      source = '203.0.113.5',
      permissions = all,
      ...rest
    } = admission;
    this.#rig = rig;
    const self = this;
    this.session = rig.sessions.open(
      {
        source,
        get queued() {
          return self.queued;
        },
        send: (frame) => {
          const { message } =
            typeof frame === 'string'
              ? SignalResponse.fromJsonString(frame)
              : SignalResponse.fromBinary(frame);
          if (message.case !== undefined) this.received.push(message);
        },
        close: (code, reason) => {
          this.closes.push({ code, reason });
        },
      },
      {
        grants: {
          key: 'devkey',
          identity,
          name: identity,
          metadata: '',
          attributes: new Map(),
          kind: 'standard',
          room: 'lobby',
          roomJoin: true,
          sipAdmin: false,
          permissions,
          expiresAtUnixMs,
        },
        connections: 'single',
        autoSubscribe: true,
        resume: false,
        participantSid: '',
        offer: undefined,
        addTracks: [],
        ...rest,
      },
    );
    this.session.start();
  }

  say(message: SignalRequest['message']): void {
    this.session.message(new SignalRequest({ message }).toBinary());
  }

  offer(sdp: string, id = 1): void {
    this.say({ case: 'offer', value: new SessionDescription({ type: 'offer', sdp, id }) });
  }

  addTrack(request: Partial<AddTrackRequest>): void {
    this.say({ case: 'addTrack', value: request as AddTrackRequest });
  }

  /** The last message of a kind; an error when none came. */
  last<C extends ServerMessage['case']>(kind: C): MessageOf<C>['value'] {
    const found = this.received.findLast((message): message is MessageOf<C> => message.case === kind);
    if (found === undefined)
      throw new Error(`no ${kind} came, only ${this.received.map((m) => m.case).join()}`);
    return found.value as MessageOf<C>['value'];
  }

  count(kind: ServerMessage['case']): number {
    return this.received.filter((message) => message.case === kind).length;
  }

  /** The media worker says that this client's first transport works. */
  connect(index = 0): void {
    const transport = this.#rig.told('transport.open')[index]?.transport ?? '';
    this.#rig.media({
      type: 'transport.connected',
      transport,
      path: { protocol: 'udp', remote: '192.0.2.9:5000', relayed: false },
    });
  }
}
