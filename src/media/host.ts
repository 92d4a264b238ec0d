import type { VoiceCodecs } from '../audio/codec.ts';
import type { Clock, Millis } from '../base/clock.ts';
import type { StreamConnection } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { MakeTransform } from '../rtp/srtp/transform.ts';
import { DropCounter } from './drop-counter.ts';
import { HostCounts } from './host-counts.ts';
import { PhoneLegs } from './phone-legs.ts';
import type {
  Fingerprint,
  MediaCommand,
  MediaEvent,
  RoomId,
  TrackId,
  TransportId,
  WorkerGauges,
} from './protocol.ts';
import { RoomMedia } from './room-media.ts';
import type { RtpPorts } from './rtp-ports.ts';
import { SoundBook } from './sound-book.ts';
import type { MixSettings } from './talkers.ts';
import { Ticker } from './ticker.ts';
import { TransportHost, type TransportHostOptions } from './transport-host.ts';

export interface MediaHostOptions {
  /** What browsers' transports are made of. */
  readonly browsers: Omit<
    TransportHostOptions,
    'clock' | 'timers' | 'random' | 'srtp' | 'onTrackPacket' | 'listen'
  >;
  /** Who protects packets of phones and browsers; undefined: TypeScript alone. */
  readonly srtp?: MakeTransform | undefined;
  readonly ports: RtpPorts;
  readonly codecs: VoiceCodecs;
  /** How rooms are mixed; by default as {@link DEFAULT_MIX} says. */
  readonly mix?: MixSettings;
  /** Recordings that can be played; none when not given. */
  readonly sounds?: SoundBook;
  readonly clock: Clock;
  readonly timers: Timers & { readonly size: number };
  readonly random: Random;
  readonly mediaTimeoutMs: number;
  /** Unix time minus the monotonic clock's, ms. */
  readonly unixOffsetMs: number;
  /** Reads what waits for the tick; absent: nothing does. */
  readonly collect?: () => void;
  emit(event: MediaEvent): void;
  /** A bug: what was thrown, and while doing what. Other rooms go on. */
  onFault(error: unknown, doing: string): void;
}

/**
 * All media of one worker: rooms, legs and transports, driven by {@link MediaCommand}s, packets and one tick. Runs in
 * a thread, or in-process under test; it knows of neither.
 */
export class MediaHost {
  readonly #options: MediaHostOptions;
  readonly #drops = new DropCounter();
  readonly #transports: TransportHost;
  readonly #rooms = new Map<RoomId, RoomMedia>();
  readonly #roomOfTransport = new Map<TransportId, RoomMedia>();
  readonly #roomOfTrack = new Map<TrackId, RoomMedia>();
  readonly #legs: PhoneLegs;
  readonly #sounds: SoundBook;
  readonly #ticker: Ticker;
  /** Alarms that ring as long as the worker lives. */
  readonly #ownAlarms: number;
  readonly #counts: HostCounts;

  constructor(options: MediaHostOptions) {
    this.#options = options;
    const { browsers, ports, clock, random, mediaTimeoutMs, unixOffsetMs, timers, emit } = options;
    this.#transports = new TransportHost({
      ...browsers,
      srtp: options.srtp,
      clock,
      timers,
      random,
      onTrackPacket: (track, view, mime, now) =>
        this.#roomOfTrack.get(track)?.voicePacket(track, view, mime, now),
      listen: (event) => {
        if (event.type === 'transport.failed') this.#forgetTransport(event.transport);
        emit(event);
      },
    });
    this.#sounds = options.sounds ?? new SoundBook();
    this.#legs = new PhoneLegs({
      ports,
      dtls: browsers.dtls,
      codecs: options.codecs,
      clock,
      random,
      drops: this.#drops,
      mediaTimeoutMs,
      unixOffsetMs,
      cname: 'trunkroom',
      sounds: this.#sounds,
      srtp: options.srtp,
      emit,
      forward: (track, view, mime, now) => this.#transports.forward(track, view, mime, now),
      isForwarded: (track) => this.#transports.isForwarded(track),
      behindIce: (local, events) => this.#transports.openLeg(local, events),
    });
    this.#ticker = new Ticker({ timers, clock, tick: (now) => this.#tick(now) });
    const counted = {
      drops: this.#drops,
      legs: this.#legs,
      transports: this.#transports,
      ticker: this.#ticker,
    };
    this.#counts = new HostCounts({ timers, emit, ...counted }, clock.now());
    this.#ownAlarms = timers.size;
  }

  /** The UDP port of all browsers, and the certificate that all of them see. */
  get ready(): { readonly icePort: number; readonly fingerprint: Fingerprint } {
    const { fingerprint, port } = this.#transports;
    return { icePort: port, fingerprint };
  }

  /** A browser's connection to the ICE-TCP port. */
  acceptStream(connection: StreamConnection): void {
    this.#transports.acceptStream(connection);
  }

  /** Carries one command out. A bug in it is reported and hurts no other room. */
  handle(command: MediaCommand): void {
    try {
      this.#carryOut(command);
    } catch (error) {
      this.#options.onFault(error, command.type);
    }
    // A tick that finds no work stops the ticker; only these can bring work.
    const { type } = command;
    if (type === 'leg.open' || type === 'receiver.open' || type === 'track.play') this.#ticker.start();
  }

  /** Closes everything, sockets too. */
  stop(): void {
    for (const room of [...this.#rooms.values()]) this.#closeRoom(room);
    this.#ticker.stop();
    this.#transports.stop();
    this.#counts.stop();
  }

  #carryOut(command: MediaCommand): void {
    const { codecs, mix, emit } = this.#options;
    const transports = this.#transports;
    switch (command.type) {
      case 'room.open':
        if (!this.#rooms.has(command.room))
          this.#rooms.set(command.room, new RoomMedia(command.room, codecs, mix, emit));
        return;
      case 'room.close': {
        const room = this.#rooms.get(command.room);
        if (room !== undefined) this.#closeRoom(room);
        return;
      }
      case 'leg.open': {
        const room = this.#rooms.get(command.room);
        if (room === undefined) emit({ type: 'leg.failed', leg: command.leg, reason: 'no-room' });
        else this.#legs.open(command.leg, room, command.track, command.ice);
        return;
      }
      case 'leg.media':
        this.#legs.apply(command.leg, command.media, command.track);
        return;
      case 'leg.mute':
        this.#legs.mute(command.leg, command.muted);
        return;
      case 'leg.dtmf':
        this.#legs.dtmf(command);
        return;
      case 'leg.move': {
        const room = this.#rooms.get(command.room);
        if (room !== undefined) this.#legs.move(command.leg, room, command.track);
        return;
      }
      case 'leg.play':
        this.#legs.play(command);
        return;
      case 'leg.stop':
        this.#legs.stop(command.leg, command.play);
        return;
      case 'room.play':
        this.#rooms.get(command.room)?.play(command, this.#sounds);
        return;
      case 'room.stop':
        this.#rooms.get(command.room)?.stop(command.play);
        return;
      case 'track.play':
        this.#rooms.get(command.room)?.trackSounds.play(command, {
          ...{ codecs, book: this.#sounds, ssrc: this.#options.random.u32() },
          forward: (track, view, mime, now) => transports.forward(track, view, mime, now),
        });
        return;
      case 'track.stop':
        this.#rooms.get(command.room)?.trackSounds.stop(command.track, command.play);
        return;
      case 'leg.close':
        this.#legs.close(command.leg);
        return;
      case 'transport.open': {
        const room = this.#rooms.get(command.room);
        if (room === undefined) return;
        this.#roomOfTransport.set(command.transport, room);
        room.transports.add(command.transport);
        transports.open(command.transport, command.local, command.ways);
        return;
      }
      case 'transport.remote':
        transports.remote(command.transport, command.remote, command.fingerprints, command.dtls);
        return;
      case 'transport.restart':
        transports.restart(command.transport, command.local);
        return;
      case 'transport.close':
        transports.close(command.transport);
        this.#forgetTransport(command.transport);
        return;
      case 'receiver.open': {
        const room = this.#roomOfTransport.get(command.transport);
        if (room === undefined) return;
        transports.openReceiver(command);
        this.#roomOfTrack.set(command.track, room);
        // What only its receivers can read would be noise in the mix.
        if (command.kind === 'audio' && command.encryption === undefined) room.addVoice(command.track);
        return;
      }
      case 'receiver.mute':
        transports.muteReceiver(command.track, command.muted);
        this.#roomOfTrack.get(command.track)?.muteVoice(command.track, command.muted);
        return;
      case 'receiver.phones': {
        const room = this.#roomOfTrack.get(command.track);
        if (command.hear === 'all') room?.addVoice(command.track);
        else room?.removeVoice(command.track);
        return;
      }
      case 'receiver.close':
        transports.closeReceiver(command.track);
        this.#roomOfTrack.get(command.track)?.removeVoice(command.track);
        this.#roomOfTrack.delete(command.track);
        return;
      case 'sender.open': {
        const room = this.#roomOfTransport.get(command.transport);
        if (room !== undefined) this.#legs.wake(room, command.track);
        transports.openSender(command);
        return;
      }
      case 'sender.source':
        transports.redirectSender(command.sender, command.track);
        return;
      case 'sender.mute':
        transports.muteSender(command.sender, command.muted);
        return;
      case 'sender.layer':
        transports.chooseLayer(command.sender, command.layer);
        return;
      case 'sender.wish':
        transports.wishSender(command.sender, command.framesPerSecond, command.priority);
        return;
      case 'sender.close':
        transports.closeSender(command.sender);
        return;
      case 'data.send':
        transports.sendData(command.transport, command.channel, command.bytes);
        return;
      case 'gauges.ask':
        emit({ type: 'gauges', gauges: this.#gauges() });
        return;
      case 'worker.stop':
        this.stop();
        return;
    }
  }

  #closeRoom(room: RoomMedia): void {
    for (const leg of [...room.legs]) this.#legs.close(leg);
    for (const transport of [...room.transports]) {
      this.#transports.close(transport);
      this.#forgetTransport(transport);
    }
    for (const [track, its] of [...this.#roomOfTrack]) if (its === room) this.#roomOfTrack.delete(track);
    room.close();
    this.#rooms.delete(room.room);
  }

  #forgetTransport(transport: TransportId): void {
    this.#roomOfTransport.get(transport)?.transports.delete(transport);
    this.#roomOfTransport.delete(transport);
  }

  #tick(now: Millis): void {
    let busy = false;
    this.#options.collect?.();
    for (const room of this.#rooms.values()) {
      if (room.idle) continue;
      busy = true;
      try {
        const speakers = room.tick(now);
        if (speakers !== undefined) this.#options.emit({ type: 'speakers', room: room.room, speakers });
      } catch (error) {
        // A bug in one room must not silence the others: its calls end, with the reason in the log.
        this.#options.onFault(error, `tick of ${room.room}`);
        this.#closeRoom(room);
      }
    }
    if (!busy) this.#ticker.stop();
  }

  #gauges(): WorkerGauges {
    const { ports, timers } = this.#options;
    const { transports, receivers, senders } = this.#transports.gauges();
    return {
      rooms: this.#rooms.size,
      legs: this.#legs.size,
      transports,
      receivers,
      senders,
      rtpPorts: 2 * ports.inUse,
      sockets: 1 + 2 * ports.inUse,
      alarms: timers.size - this.#ownAlarms,
    };
  }
}
