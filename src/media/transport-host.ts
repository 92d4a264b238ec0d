import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { randomText } from '../base/ids.ts';
import type { DatagramSocket, StreamConnection } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { RtpView } from '../rtp/packet.ts';
import type { MakeTransform } from '../rtp/srtp/transform.ts';
import type { FanSource } from '../sfu/fans.ts';
import { Forwarder } from '../sfu/forwarder.ts';
import { NO_LAYER, TrackSender } from '../sfu/track-sender.ts';
import { DropCounter } from './drop-counter.ts';
import type { DtlsEngine } from './dtls-port.ts';
import { IceStreams } from './ice-streams.ts';
import { LegTransport } from './leg-transport.ts';
import { Mux } from './mux.ts';
import type {
  DataChannelLabel,
  Fingerprint,
  IceCredentials,
  MediaCommand,
  MediaEvent,
  SenderId,
  TrackId,
  TransportId,
} from './protocol.ts';
import { Receiver } from './receivers.ts';
import { Transport } from './transport.ts';
import { type MediaTotals, TransportMedia } from './transport-media.ts';

/** Dropped input is told at most this often. */
const TELL_EVERY: Millis = 1000;

/** A {@link MediaCommand} of one type. */
type Command<T extends MediaCommand['type']> = Extract<MediaCommand, { readonly type: T }>;

/** What a host is made of. */
export interface TransportHostOptions {
  readonly socket: DatagramSocket;
  readonly dtls: DtlsEngine;
  /** Who protects packets; undefined: TypeScript alone. */
  readonly srtp?: MakeTransform | undefined;
  readonly digests: Digests;
  readonly random: Random;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  /** The remote address is a relay of the embedded TURN server. */
  isRelay(address: string, port: number): boolean;
  /** A browser's packet, decrypted and not muted; `view.level` is set if the browser says it. Read it during the call. */
  onTrackPacket(track: TrackId, view: RtpView, mime: string, now: Millis): void;
  /** `transport.connected`, `.path`, `.failed`, `data.opened`, `data.received`, `dropped`. */
  listen(event: MediaEvent): void;
}

interface OpenReceiver {
  readonly receiver: Receiver;
  readonly transport: Transport<TransportMedia>;
}

interface OpenSender {
  readonly sender: TrackSender;
  readonly track: TrackId;
  readonly forwarder: Forwarder;
  readonly transport: Transport<TransportMedia>;
}

/**
 * All browser transports of a media worker on one socket, with what they publish and what they subscribe to. The methods
 * are the seam's commands; those that name what is gone do nothing.
 */
export class TransportHost {
  readonly #options: TransportHostOptions;
  readonly #mux: Mux;
  readonly #streams: IceStreams;
  readonly #drops = new DropCounter();
  readonly #totals: MediaTotals = { received: 0, sent: 0 };
  readonly #reporterCname: string;
  readonly #transports = new Map<TransportId, Transport<TransportMedia>>();
  readonly #receivers = new Map<TrackId, OpenReceiver>();
  readonly #senders = new Map<SenderId, OpenSender>();
  readonly #forwarders = new Map<TrackId, Forwarder>();
  readonly #fans: FanSource;
  #closed = false;
  #tellAlarm: Alarm | undefined;

  constructor(options: TransportHostOptions) {
    this.#options = options;
    this.#mux = new Mux({ ...options, drops: this.#drops });
    this.#streams = new IceStreams({ ...options, mux: this.#mux, drops: this.#drops });
    this.#fans = {
      open: () => this.#mux.fanOut(),
      sent: (count) => {
        this.#totals.sent += count;
      },
    };
    this.#reporterCname = randomText(options.random, 16);
    this.#tellLater(options.clock.now());
  }

  /** A connection to the ICE-TCP port (RFC 6544). */
  acceptStream(connection: StreamConnection): void {
    if (this.#closed) connection.close();
    else this.#streams.accept(connection);
  }

  /** The UDP port of all candidates. */
  get port(): number {
    return this.#mux.port;
  }

  /** Of the certificate of all transports. */
  get fingerprint(): Fingerprint {
    return this.#options.dtls.fingerprint;
  }

  open(id: TransportId, local: IceCredentials, ways?: 'relay'): void {
    if (this.#closed || this.#transports.has(id)) return;
    const options = this.#options;
    const transport = new Transport({
      ...{ local, ways },
      mux: this.#mux,
      dtls: options.dtls,
      digests: options.digests,
      timers: options.timers,
      clock: options.clock,
      wall: options.wall,
      drops: this.#drops,
      isRelay: (address, port) => options.isRelay(address, port),
      media: (path) =>
        new TransportMedia({
          path: {
            ...path,
            onPacket: (track, view, mime, now) => options.onTrackPacket(track, view, mime, now),
          },
          drops: this.#drops,
          totals: this.#totals,
          srtp: options.srtp,
          reporter: { ssrc: options.random.u32(), cname: this.#reporterCname },
          bandwidth: {
            timers: options.timers,
            clock: options.clock,
            onState: (sender, state) => this.#tellState(id, sender, state),
          },
        }),
      onConnected: (path) => {
        options.listen({ type: 'transport.connected', transport: id, path });
        this.#askKeyframes(transport);
      },
      onQuality: (quality) => options.listen({ type: 'transport.quality', transport: id, quality }),
      onPath: (path) => options.listen({ type: 'transport.path', transport: id, path }),
      onFailed: (reason) => {
        this.#forget(id, transport);
        options.listen({ type: 'transport.failed', transport: id, reason });
      },
      onDataOpened: (channel) => options.listen({ type: 'data.opened', transport: id, channel }),
      onData: (channel, bytes) => options.listen({ type: 'data.received', transport: id, channel, bytes }),
    });
    this.#transports.set(id, transport);
  }

  remote(
    id: TransportId,
    remote: IceCredentials,
    fingerprints: readonly Fingerprint[],
    dtls?: 'client',
  ): void {
    this.#transports.get(id)?.setRemote(remote, fingerprints, dtls);
  }

  restart(id: TransportId, local: IceCredentials): void {
    this.#transports.get(id)?.restart(local);
  }

  close(id: TransportId): void {
    const transport = this.#transports.get(id);
    if (transport === undefined) return;
    this.#forget(id, transport);
    transport.close();
  }

  /** A phone's transport, whose packets are its leg's and nobody else's; it and its end are the caller's. */
  openLeg(
    local: IceCredentials,
    events: { onConnected(): void; onFailed(reason: string): void },
  ): LegTransport {
    return new LegTransport({ ...this.#options, ...events, local, mux: this.#mux, drops: this.#drops });
  }

  openReceiver(command: Omit<Command<'receiver.open'>, 'type'>): void {
    const transport = this.#transports.get(command.transport);
    if (transport === undefined || this.#receivers.has(command.track)) return;
    const receiver = new Receiver({ ...command, forwarder: this.#forwarder(command.track) });
    this.#receivers.set(command.track, { receiver, transport });
    transport.media.receivers.add(receiver);
  }

  muteReceiver(track: TrackId, muted: boolean): void {
    const open = this.#receivers.get(track);
    if (open === undefined || open.receiver.muted === muted) return;
    open.receiver.muted = muted;
    open.receiver.forwarder.pause();
    if (!muted && open.receiver.kind === 'video')
      open.receiver.forwarder.requestKeyframe(NO_LAYER, this.#options.clock.now());
  }

  closeReceiver(track: TrackId): void {
    const open = this.#receivers.get(track);
    if (open === undefined) return;
    this.#receivers.delete(track);
    open.transport.media.receivers.remove(open.receiver);
    this.#dropIdleForwarder(track);
  }

  openSender(command: Omit<Command<'sender.open'>, 'type'>): void {
    const transport = this.#transports.get(command.transport);
    if (transport === undefined || this.#senders.has(command.sender)) return;
    const forwarder = this.#forwarder(command.track);
    const sender = new TrackSender({ ...command, output: transport.media, random: this.#options.random });
    this.#senders.set(command.sender, { sender, track: command.track, forwarder, transport });
    transport.media.addSender(sender, forwarder);
    forwarder.add(sender, this.#options.clock.now());
  }

  /** A sender goes on with another track: from its next key frame on. */
  redirectSender(id: SenderId, track: TrackId): void {
    const open = this.#senders.get(id);
    if (open === undefined || open.track === track) return;
    const { sender, transport } = open;
    open.forwarder.remove(sender);
    transport.media.removeSender(sender);
    this.#dropIdleForwarder(open.track);
    sender.beginAnew();
    const forwarder = this.#forwarder(track);
    this.#senders.set(id, { sender, track, forwarder, transport });
    transport.media.addSender(sender, forwarder);
    forwarder.add(sender, this.#options.clock.now());
  }

  muteSender(id: SenderId, muted: boolean): void {
    const open = this.#senders.get(id);
    if (open === undefined) return;
    open.sender.muted = muted;
    if (!muted && open.sender.kind === 'video')
      open.forwarder.requestKeyframe(NO_LAYER, this.#options.clock.now());
  }

  /** The largest simulcast layer for a sender; it takes effect at a key frame. */
  chooseLayer(id: SenderId, layer: number): void {
    const open = this.#senders.get(id);
    if (open !== undefined) open.sender.wantedLayer = layer;
  }

  /** How many frames are enough for a sender, and how much it matters beside others. */
  wishSender(id: SenderId, framesPerSecond: number, priority: number): void {
    this.#senders.get(id)?.sender.wish(framesPerSecond, priority);
  }

  closeSender(id: SenderId): void {
    const open = this.#senders.get(id);
    if (open === undefined) return;
    this.#senders.delete(id);
    open.forwarder.remove(open.sender);
    open.transport.media.removeSender(open.sender);
    this.#dropIdleForwarder(open.track);
  }

  /** A message for a browser's data channel; dropped, and counted, while the channel is not open. */
  sendData(id: TransportId, channel: DataChannelLabel, bytes: Uint8Array): void {
    const transport = this.#transports.get(id);
    if (transport !== undefined && !transport.sendData(channel, bytes))
      this.#drops.count('dtls', 'data-not-open');
  }

  /**
   * Forwards a packet of a track that comes from elsewhere, a phone: `mime` is its codec, `view.level` its level. Returns
   * to how many browsers it went.
   */
  forward(track: TrackId, view: RtpView, mime: string, now: Millis): number {
    return this.#forwarders.get(track)?.push(view, mime, now) ?? 0;
  }

  /** Whether packets of a track go to anybody. */
  isForwarded(track: TrackId): boolean {
    return (this.#forwarders.get(track)?.size ?? 0) > 0;
  }

  /** What is open; all 0 after the last transport closed. */
  gauges(): {
    transports: number;
    receivers: number;
    senders: number;
    forwarders: number;
    addresses: number;
    ufrags: number;
    streams: number;
  } {
    return {
      transports: this.#transports.size,
      receivers: this.#receivers.size,
      senders: this.#senders.size,
      forwarders: this.#forwarders.size,
      ...this.#mux.size,
      streams: this.#streams.size,
    };
  }

  /** Packets since the last call. */
  takeCounts(): { rtpFromBrowsers: number; rtpToBrowsers: number } {
    const counts = { rtpFromBrowsers: this.#totals.received, rtpToBrowsers: this.#totals.sent };
    this.#totals.received = 0;
    this.#totals.sent = 0;
    return counts;
  }

  /** Closes all transports and the socket. */
  stop(): void {
    if (this.#closed) return;
    for (const id of [...this.#transports.keys()]) this.close(id);
    this.#closed = true;
    this.#options.timers.cancel(this.#tellAlarm);
    this.#streams.close();
    this.#mux.close();
    this.#tellDrops();
  }

  #forwarder(track: TrackId): Forwarder {
    let forwarder = this.#forwarders.get(track);
    if (forwarder === undefined) {
      forwarder = new Forwarder(
        {
          keyframeNeeded: (layer) => {
            const open = this.#receivers.get(track);
            open?.transport.media.requestKeyframe(open.receiver, layer);
          },
          refused: (reason) => this.#drops.count('rtp', `forward-${reason}`),
        },
        this.#fans,
      );
      this.#forwarders.set(track, forwarder);
    }
    return forwarder;
  }

  #dropIdleForwarder(track: TrackId): void {
    if (this.#forwarders.get(track)?.size === 0 && !this.#receivers.has(track))
      this.#forwarders.delete(track);
  }

  /** What it published and subscribed to goes with a transport. */
  #forget(id: TransportId, transport: Transport<TransportMedia>): void {
    if (this.#transports.get(id) === transport) this.#transports.delete(id);
    transport.media.close();
    for (const [track, open] of this.#receivers) if (open.transport === transport) this.closeReceiver(track);
    for (const [sender, open] of this.#senders) if (open.transport === transport) this.closeSender(sender);
  }

  #tellState(transport: TransportId, its: TrackSender, state: 'paused' | 'active'): void {
    for (const [id, { sender }] of this.#senders)
      if (sender === its) this.#options.listen({ type: 'sender.state', transport, sender: id, state });
  }

  #askKeyframes(transport: Transport<TransportMedia>): void {
    const now = this.#options.clock.now();
    for (const open of this.#senders.values()) {
      if (open.transport === transport && open.sender.kind === 'video')
        open.forwarder.requestKeyframe(open.sender.layer, now);
    }
  }

  #tellLater(now: Millis): void {
    this.#tellAlarm = this.#options.timers.schedule(now + TELL_EVERY, (at) => {
      this.#tellDrops();
      this.#tellLater(at);
    });
  }

  #tellDrops(): void {
    this.#drops.flush((where, reason, count) =>
      this.#options.listen({ type: 'dropped', where, reason, count }),
    );
  }
}
