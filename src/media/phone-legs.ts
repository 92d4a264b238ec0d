import type { VoiceCodecs } from '../audio/codec.ts';
import type { Clock } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { LegEvents } from '../leg/leg.ts';
import { PhoneLeg } from '../leg/leg.ts';
import type { RtpView } from '../rtp/packet.ts';
import type { MakeTransform } from '../rtp/srtp/transform.ts';
import type { DropCounter } from './drop-counter.ts';
import type { DtlsEngine } from './dtls-port.ts';
import { DtlsPortPair } from './dtls-port-pair.ts';
import { LegSound } from './leg-sound.ts';
import type { LegTransport } from './leg-transport.ts';
import { FAR_END } from './protected-sockets.ts';
import type {
  IceCredentials,
  LegId,
  LegMedia,
  MediaCommand,
  MediaEvent,
  PlayId,
  TrackId,
} from './protocol.ts';
import type { RoomMedia } from './room-media.ts';
import type { RtpPortPair, RtpPorts } from './rtp-ports.ts';
import type { SoundBook } from './sound-book.ts';
import { SrtpSockets } from './srtp-sockets.ts';

/** Seconds from one word of a leg's quality to the next. */
const QUALITY_EVERY = 5;

interface Leg {
  room: RoomMedia;
  track: TrackId;
  /** As last applied. */
  media?: LegMedia;
  /** Undefined while the ports are being bound. */
  bound: BoundLeg | undefined;
  /** Calls of {@link PhoneLegs.tellQuality} until its next word. */
  judgedIn: number;
}

interface BoundLeg {
  readonly phone: PhoneLeg;
  /** Of a web phone: its packets go this way, not through ports of its own. */
  readonly transport: LegTransport | undefined;
  /** Of a phone with ports: SRTP, where SDP has agreed on keys. */
  readonly sockets: SrtpSockets | undefined;
  /** Below it: DTLS, where SDP has agreed on that. */
  readonly dtls: DtlsPortPair | undefined;
  readonly release: () => void;
}

export interface PhoneLegsOptions {
  readonly ports: RtpPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly drops: DropCounter;
  readonly mediaTimeoutMs: number;
  readonly unixOffsetMs: number;
  readonly cname: string;
  /** Of phones with ports of their own. */
  readonly dtls: DtlsEngine;
  readonly sounds: SoundBook;
  /** What phones may talk in; absent: PCMA, PCMU and G.722. */
  readonly codecs?: VoiceCodecs;
  /** Who protects packets; undefined: TypeScript alone. */
  readonly srtp?: MakeTransform | undefined;
  emit(event: MediaEvent): void;
  /** A phone's voice packet, as it came, for the browsers of its room. */
  forward(track: TrackId, view: RtpView, mime: string, now: number): void;
  /** Whether any browser hears a track of a phone. */
  isForwarded(track: TrackId): boolean;
  /** A place behind ICE and DTLS, at the worker's port for browsers. */
  behindIce(
    local: IceCredentials,
    events: { onConnected(): void; onFailed(reason: string): void },
  ): LegTransport;
}

/** The phones of a worker: their ports, legs and places in their rooms' mixes. */
export class PhoneLegs {
  readonly #options: PhoneLegsOptions;
  readonly #legs = new Map<LegId, Leg>();
  #packetsIn = 0;
  #packetsOut = 0;

  constructor(options: PhoneLegsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#legs.size;
  }

  /** To be called once a second; at every fifth call of a leg's life `leg.quality` is said of it. */
  tellQuality(): void {
    for (const [id, leg] of this.#legs) {
      if (leg.bound === undefined || --leg.judgedIn > 0) continue;
      leg.judgedIn = QUALITY_EVERY;
      const quality = leg.bound.phone.takeQuality();
      if (quality !== undefined) this.#options.emit({ type: 'leg.quality', leg: id, quality });
    }
  }

  /** Packets of all legs since the worker began. */
  totals(): { readonly packetsIn: number; readonly packetsOut: number } {
    let packetsIn = this.#packetsIn;
    let packetsOut = this.#packetsOut;
    for (const leg of this.#legs.values()) {
      packetsIn += leg.bound?.phone.packetsIn ?? 0;
      packetsOut += leg.bound?.phone.packetsOut ?? 0;
    }
    return { packetsIn, packetsOut };
  }

  /** Binds a port pair, or with `ice` makes a transport, and says `leg.opened` or `leg.failed`. */
  open(id: LegId, room: RoomMedia, track: TrackId, ice?: IceCredentials): void {
    if (this.#legs.has(id)) return;
    const leg: Leg = { room, track, bound: undefined, judgedIn: QUALITY_EVERY };
    this.#legs.set(id, leg);
    room.legs.add(id);
    if (ice === undefined) this.#bind(id, leg);
    else this.#openTransport(id, leg, ice);
  }

  #bind(id: LegId, leg: Leg): void {
    const { ports, emit } = this.#options;
    ports.open((pair) => {
      // The call may be over before its ports are there.
      if (this.#legs.get(id) !== leg) {
        if (pair !== undefined) ports.release(pair);
      } else if (pair === undefined) {
        this.#legs.delete(id);
        leg.room.legs.delete(id);
        emit({ type: 'leg.failed', leg: id, reason: 'no-ports' });
      } else {
        const { clock, drops, srtp } = this.#options;
        const dtls = new DtlsPortPair(pair, {
          ...{ engine: this.#options.dtls, clock, drops },
          onKeys: (keys) => sockets.setKeys(keys),
        });
        const sockets = new SrtpSockets(dtls, clock, drops, srtp);
        const phone = this.#phone(id, leg, sockets);
        const release = () => {
          dtls.close();
          ports.release(pair);
        };
        leg.bound = { phone, transport: undefined, dtls, sockets, release };
        emit({ type: 'leg.opened', leg: id, port: pair.rtp.local.port });
      }
    });
  }

  #openTransport(id: LegId, leg: Leg, ice: IceCredentials): void {
    const { emit, behindIce, clock } = this.#options;
    const transport = behindIce(ice, {
      onConnected: () => {
        // From now on what is sent arrives: the leg may begin.
        if (leg.media !== undefined) phone.apply(addressed(leg.media, transport), clock.now());
      },
      onFailed: (reason) => emit({ type: 'leg.failed', leg: id, reason }),
    });
    const phone = this.#phone(id, leg, transport.pair);
    const release = () => transport.close();
    leg.bound = { phone, transport, dtls: undefined, sockets: undefined, release };
    emit({ type: 'leg.opened', leg: id, port: transport.port });
  }

  /** Media begin or change; with `track` what the phone says goes out under another name. */
  apply(id: LegId, media: LegMedia, track?: TrackId): void {
    const leg = this.#legs.get(id);
    if (leg?.bound === undefined) return;
    const { phone, transport, sockets, dtls } = leg.bound;
    // First of all, while the keys are those that were: what waits came under them, and what cannot be changes nothing.
    if (!phone.apply(addressed(media, transport), this.#options.clock.now())) {
      this.#options.drops.count('worker', 'leg-codec');
      return;
    }
    const keys = dtls?.expect(media.dtls, media);
    if (media.dtls === undefined) sockets?.setKeys(media.crypto);
    else if (keys === 'anew') sockets?.setKeys('awaited');
    if (transport !== undefined && media.association !== undefined) transport.associate(media.association);
    leg.media = media;
    if (track !== undefined) {
      leg.room.forgetSpeaker(leg.track);
      leg.track = track;
    }
    leg.room.addPhone(id, phone);
  }

  /** A browser is about to hear `track`: its phone's packets must not wait. */
  wake(room: RoomMedia, track: TrackId): void {
    for (const id of room.legs) {
      const leg = this.#legs.get(id);
      if (leg?.track === track) leg.bound?.phone.wake();
    }
  }

  mute(id: LegId, muted: boolean): void {
    this.#legs.get(id)?.bound?.phone.mute(muted);
  }

  dtmf({ leg, digit, durationMs, form }: Extract<MediaCommand, { type: 'leg.dtmf' }>): void {
    const sent = this.#legs.get(leg)?.bound?.phone.dtmf(digit, durationMs, form);
    if (sent === false) this.#options.drops.count('worker', 'leg-dtmf');
  }

  /** Into another room, as its `track`; what is played to the phone goes on. */
  move(id: LegId, room: RoomMedia, track: TrackId): void {
    const leg = this.#legs.get(id);
    if (leg === undefined) return;
    const phone = leg.bound?.phone;
    leg.room.legs.delete(id);
    if (phone !== undefined) leg.room.removePhone(id, phone, leg.track);
    leg.room = room;
    leg.track = track;
    room.legs.add(id);
    // Before its media begin it is in no mix.
    if (phone?.format !== undefined) room.addPhone(id, phone);
  }

  play(command: Extract<MediaCommand, { type: 'leg.play' }>): void {
    const { leg: id, play } = command;
    const phone = this.#legs.get(id)?.bound?.phone;
    if (phone === undefined) return;
    this.#silence(id, phone, 'replaced');
    const { sounds, emit } = this.#options;
    const sound = new LegSound(command, sounds, phone.format?.sampleRate ?? 8000, () => {
      phone.played = undefined;
      emit({ type: 'leg.played', leg: id, play, why: 'finished' });
    });
    if (sound.isEmpty) emit({ type: 'leg.played', leg: id, play, why: 'missing' });
    else phone.played = sound;
  }

  /** Harmless when something else is played by now. */
  stop(id: LegId, play: PlayId): void {
    const phone = this.#legs.get(id)?.bound?.phone;
    if (phone?.played instanceof LegSound && phone.played.play === play) this.#silence(id, phone, 'stopped');
  }

  #silence(id: LegId, phone: PhoneLeg, why: 'replaced' | 'stopped'): void {
    const { played: sound } = phone;
    phone.played = undefined;
    if (sound instanceof LegSound) this.#options.emit({ type: 'leg.played', leg: id, play: sound.play, why });
  }

  /** Gives everything back and tells the last numbers. */
  close(id: LegId): void {
    const leg = this.#legs.get(id);
    if (leg === undefined) return;
    this.#legs.delete(id);
    leg.room.legs.delete(id);
    if (leg.bound === undefined) {
      this.#options.emit({ type: 'leg.closed', leg: id, quality: NO_QUALITY });
      return;
    }
    const { phone, release } = leg.bound;
    leg.room.removePhone(id, phone, leg.track);
    const quality = phone.close(this.#options.clock.now());
    this.#packetsIn += phone.packetsIn;
    this.#packetsOut += phone.packetsOut;
    release();
    this.#options.emit({ type: 'leg.closed', leg: id, quality });
  }

  #phone(id: LegId, leg: Leg, pair: RtpPortPair): PhoneLeg {
    const { clock, random, cname, mediaTimeoutMs, unixOffsetMs, emit, drops, forward, isForwarded } =
      this.#options;
    const events: LegEvents = {
      onVoice: (view, mime, now) => {
        // A sound in the phone's track has its voice in it.
        if (!leg.room.trackSounds.has(leg.track)) forward(leg.track, view, mime, now);
        leg.room.phonePacket(leg.track, view, mime, now);
      },
      isForwarded: () => isForwarded(leg.track),
      onHeard: () => emit({ type: 'leg.heard', leg: id }),
      onSpoke: () => emit({ type: 'leg.spoke', leg: id }),
      onDigit: ({ digit, durationMs }, form) => emit({ type: 'leg.digit', leg: id, digit, durationMs, form }),
      onSilent: () => emit({ type: 'leg.silent', leg: id }),
      onDropped: ({ where, reason }) => drops.count(where, reason),
    };
    const { codecs } = this.#options;
    return new PhoneLeg(
      {
        ...pair,
        ...(codecs !== undefined && { codecs }),
        random,
        clock,
        events,
        cname,
        mediaTimeoutMs,
        unixOffsetMs,
      },
      clock.now(),
    );
  }
}

const NOWHERE: HostPort = { address: '0.0.0.0', port: 9 };

/** Behind ICE the far end is nowhere until there are keys, and then always at the same place. */
function addressed(media: LegMedia, transport: LegTransport | undefined): LegMedia {
  if (transport === undefined) return media;
  const far = transport.connected ? FAR_END : NOWHERE;
  return { ...media, allowedSources: [], remote: { ...far, rtcpPort: far.port } };
}

const NO_QUALITY = { packetsIn: 0, packetsOut: 0, lost: 0, concealed: 0, late: 0, jitterMs: 0 };
