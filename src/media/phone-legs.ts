import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { LegEvents } from '../leg/leg.ts';
import { PhoneLeg } from '../leg/leg.ts';
import type { RtpView } from '../rtp/packet.ts';
import type { DropCounter } from './drop-counter.ts';
import type { LegId, LegMedia, MediaEvent, TrackId } from './protocol.ts';
import type { RoomMedia } from './room-media.ts';
import type { RtpPortPair, RtpPorts } from './rtp-ports.ts';

interface Leg {
  readonly room: RoomMedia;
  track: TrackId;
  /** Undefined while the ports are being bound. */
  bound: { readonly pair: RtpPortPair; readonly phone: PhoneLeg } | undefined;
}

export interface PhoneLegsOptions {
  readonly ports: RtpPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly drops: DropCounter;
  readonly mediaTimeoutMs: number;
  readonly unixOffsetMs: number;
  readonly cname: string;
  emit(event: MediaEvent): void;
  /** A phone's voice packet, as it came, for the browsers of its room. */
  forward(track: TrackId, view: RtpView, mime: string, now: number): void;
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

  /** Binds a port pair and says `leg.opened` or `leg.failed`. */
  open(id: LegId, room: RoomMedia, track: TrackId): void {
    if (this.#legs.has(id)) return;
    const { ports, emit } = this.#options;
    const leg: Leg = { room, track, bound: undefined };
    this.#legs.set(id, leg);
    room.legs.add(id);
    ports.open((pair) => {
      // The call may be over before its ports are there.
      if (this.#legs.get(id) !== leg) {
        if (pair !== undefined) ports.release(pair);
      } else if (pair === undefined) {
        this.#legs.delete(id);
        room.legs.delete(id);
        emit({ type: 'leg.failed', leg: id, reason: 'no-ports' });
      } else {
        leg.bound = { pair, phone: this.#phone(id, leg, pair) };
        emit({ type: 'leg.opened', leg: id, port: pair.rtp.local.port });
      }
    });
  }

  /** Media begin or change; with `track` what the phone says goes out under another name. */
  apply(id: LegId, media: LegMedia, track?: TrackId): void {
    const leg = this.#legs.get(id);
    if (leg?.bound === undefined) return;
    if (!leg.bound.phone.apply(media, this.#options.clock.now())) {
      this.#options.drops.count('worker', 'leg-codec');
      return;
    }
    if (track !== undefined) {
      leg.room.forgetSpeaker(leg.track);
      leg.track = track;
    }
    leg.room.addPhone(id, leg.bound.phone);
  }

  mute(id: LegId, muted: boolean): void {
    this.#legs.get(id)?.bound?.phone.mute(muted);
  }

  dtmf(id: LegId, digit: string, durationMs: number): void {
    const sent = this.#legs.get(id)?.bound?.phone.dtmf(digit, durationMs);
    if (sent === false) this.#options.drops.count('worker', 'leg-dtmf');
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
    const { pair, phone } = leg.bound;
    leg.room.removePhone(id, phone, leg.track);
    const quality = phone.close(this.#options.clock.now());
    this.#packetsIn += phone.packetsIn;
    this.#packetsOut += phone.packetsOut;
    this.#options.ports.release(pair);
    this.#options.emit({ type: 'leg.closed', leg: id, quality });
  }

  #phone(id: LegId, leg: Leg, pair: RtpPortPair): PhoneLeg {
    const { clock, random, cname, mediaTimeoutMs, unixOffsetMs, emit, drops, forward } = this.#options;
    const events: LegEvents = {
      onVoice: (view, mime, now) => {
        forward(leg.track, view, mime, now);
        leg.room.phonePacket(leg.track, view, now);
      },
      onHeard: () => emit({ type: 'leg.heard', leg: id }),
      onSpoke: () => emit({ type: 'leg.spoke', leg: id }),
      onDigit: ({ digit, durationMs }) => emit({ type: 'leg.digit', leg: id, digit, durationMs }),
      onSilent: () => emit({ type: 'leg.silent', leg: id }),
      onDropped: ({ where, reason }) => drops.count(where, reason),
    };
    return new PhoneLeg({ ...pair, random, clock, events, cname, mediaTimeoutMs, unixOffsetMs }, clock.now());
  }
}

const NO_QUALITY = { packetsIn: 0, packetsOut: 0, lost: 0, concealed: 0, late: 0, jitterMs: 0 };
