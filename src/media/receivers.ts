import { utf8 } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import type { RtpView } from '../rtp/packet.ts';
import { findExtension } from '../rtp/packet.ts';
import { Reception } from '../rtp/rtcp/reception.ts';
import type { Forwarder } from '../sfu/forwarder.ts';
import { MAX_LAYERS } from '../sfu/layers.ts';
import { RED, RedReader } from '../sfu/red.ts';
import { NO_LAYER } from '../sfu/track-sender.ts';
import type { Codec, MediaCommand, MediaKind, TrackId } from './protocol.ts';

/** Sources that one m-line may have at a time: simulcast has three. */
const MAX_SOURCES = 8;
/** A source of an m-line that is silent for longer may be followed by another. */
const SOURCE_GONE: Millis = 500;
/** Sources that one browser's packets may teach us. */
const MAX_LEARNED = 64;

/** What a browser publishes on one m-line. */
export interface ReceiverOptions
  extends Omit<Extract<MediaCommand, { type: 'receiver.open' }>, 'type' | 'transport' | 'encryption'> {
  readonly forwarder: Forwarder;
}

/** One published track at the browser's transport, with the statistics of its sources. */
export class Receiver {
  readonly track: TrackId;
  readonly kind: MediaKind;
  readonly ssrcs: readonly number[];
  readonly forwarder: Forwarder;
  muted = false;
  readonly #options: ReceiverOptions;
  readonly #mid: Uint8Array;
  readonly #rids: readonly Uint8Array[];
  readonly #layers = new Map<number, number>();
  /** Sources of retransmissions, and which layer each repairs. */
  readonly #repairs = new Map<number, number>();
  readonly #receptions = new Map<number, Reception>();
  /** Takes RED apart; undefined when it was not agreed to. */
  readonly red: RedReader | undefined;
  /** What RED has in its blocks. */
  readonly redBlocks: Codec | undefined;
  #active: number | undefined;
  #activeAt: Millis = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.track = options.track;
    this.kind = options.kind;
    this.ssrcs = options.ssrcs;
    this.forwarder = options.forwarder;
    this.#mid = utf8(options.mid);
    this.red = options.codecs.some(({ mime }) => mime === RED) ? new RedReader() : undefined;
    this.redBlocks = options.codecs.find(({ mime }) => mime !== RED);
    this.#rids = (options.simulcast?.rids ?? []).slice(0, MAX_LAYERS).map(utf8);
  }

  /** The track comes in several sizes at once. */
  get simulcast(): boolean {
    return this.#rids.length > 0;
  }

  /** The packet's simulcast layer: what its source was once named as (RFC 8852 section 3); NO_LAYER while that is unknown. */
  layer(view: RtpView): number {
    const known = this.#layers.get(view.ssrc);
    if (known !== undefined) return known;
    const extension = this.#options.simulcast?.ridExtension ?? 0;
    const layer = this.#rids.findIndex((rid) => hasText(view, extension, rid));
    if (layer === NO_LAYER || this.#layers.size >= MAX_SOURCES) return layer;
    this.#layers.set(view.ssrc, layer);
    return layer;
  }

  /** The source that a retransmission repairs: of its layer, which a header extension names, or the only one. */
  repairedSource(view: RtpView): number | undefined {
    if (!this.simulcast) return this.#active;
    let layer = this.#repairs.get(view.ssrc);
    if (layer === undefined) {
      const extension = this.#options.simulcast?.repairedExtension ?? 0;
      layer = this.#rids.findIndex((rid) => hasText(view, extension, rid));
      if (layer === NO_LAYER || this.#repairs.size >= MAX_SOURCES) return undefined;
      this.#repairs.set(view.ssrc, layer);
    }
    for (const [ssrc, its] of this.#layers) if (its === layer) return ssrc;
    return undefined;
  }

  layerOf(ssrc: number): number {
    return this.#layers.get(ssrc) ?? NO_LAYER;
  }

  get receptions(): Iterable<Reception> {
    return this.#receptions.values();
  }

  codec(payloadType: number): Codec | undefined {
    for (const codec of this.#options.codecs) if (codec.payloadType === payloadType) return codec;
    return undefined;
  }

  /** The codec whose retransmissions have this payload type. */
  repaired(payloadType: number): Codec | undefined {
    for (const codec of this.#options.codecs) if (codec.rtx === payloadType) return codec;
    return undefined;
  }

  /** The packet's transport-wide number; -1 without one. */
  transportSequence(view: RtpView): number {
    const found = findExtension(view, this.#options.extensions.transportCc);
    return (found & 0xff) === 2 ? (view.bytes[found >> 8]! << 8) | view.bytes[(found >> 8) + 1]! : -1;
  }

  /** The packet's MID extension names this m-line (RFC 8843 section 9.2). */
  isNamedBy(view: RtpView): boolean {
    return hasText(view, this.#options.extensions.mid, this.#mid);
  }

  /** Reads the browser's own level (RFC 6464) into `view.level`. */
  readLevel(view: RtpView): void {
    const found = findExtension(view, this.#options.extensions.audioLevel);
    if (found !== 0) view.level = view.bytes[found >> 8]! & 0x7f;
  }

  /** Finds AV1's Dependency Descriptor, for `view.descriptor`. */
  findDescriptor(view: RtpView): void {
    const { dependencyDescriptor } = this.#options.extensions;
    if (dependencyDescriptor !== undefined) view.descriptor = findExtension(view, dependencyDescriptor);
  }

  /**
   * The source is the one that is forwarded: of several at a time, the layers of simulcast, the first heard is taken until
   * it falls silent. Call it for every packet.
   */
  isActive(ssrc: number, now: Millis): boolean {
    if (ssrc !== this.#active && this.#active !== undefined && now - this.#activeAt < SOURCE_GONE)
      return false;
    this.#active = ssrc;
    this.#activeAt = now;
    return true;
  }

  /** The statistics of a source; undefined when the m-line has too many. */
  reception(ssrc: number, clockRate: number): Reception | undefined {
    let reception = this.#receptions.get(ssrc);
    if (reception === undefined && this.#receptions.size < MAX_SOURCES) {
      reception = new Reception(ssrc, clockRate);
      this.#receptions.set(ssrc, reception);
    }
    return reception;
  }

  findReception(ssrc: number): Reception | undefined {
    return this.#receptions.get(ssrc);
  }
}

/** Finds whose a packet is, among what one browser publishes (RFC 8843 section 9.2). */
export class Receivers {
  readonly #list: Receiver[] = [];
  readonly #bySsrc = new Map<number, Receiver>();
  #learned = 0;

  get list(): readonly Receiver[] {
    return this.#list;
  }

  add(receiver: Receiver): void {
    this.#list.push(receiver);
    for (const ssrc of receiver.ssrcs.slice(0, MAX_SOURCES)) this.#bySsrc.set(ssrc >>> 0, receiver);
  }

  remove(receiver: Receiver): void {
    const at = this.#list.indexOf(receiver);
    if (at >= 0) this.#list.splice(at, 1);
    for (const [ssrc, owner] of this.#bySsrc) {
      if (owner !== receiver) continue;
      this.#bySsrc.delete(ssrc);
      if (!receiver.ssrcs.includes(ssrc)) this.#learned--;
    }
  }

  /** By SSRC, else by the MID extension, else by the payload type when one m-line alone has it. */
  find(view: RtpView): Receiver | undefined {
    const known = this.#bySsrc.get(view.ssrc);
    if (known !== undefined) return known;
    let byType: Receiver | undefined;
    let candidates = 0;
    for (const receiver of this.#list) {
      if (receiver.isNamedBy(view)) {
        this.#learn(view.ssrc, receiver);
        return receiver;
      }
      if ((receiver.codec(view.payloadType) ?? receiver.repaired(view.payloadType)) !== undefined) {
        byType = receiver;
        candidates++;
      }
    }
    // Not remembered: another m-line with the same payload type may come.
    return candidates === 1 ? byType : undefined;
  }

  /** Sources whose statistics are due in a report. */
  reports(now: Millis): ReturnType<Reception['report']>[] {
    return this.#list.flatMap((receiver) =>
      [...receiver.receptions].map((reception) => reception.report(now)),
    );
  }

  /** Of a source that is received, Hz. */
  clockRate(ssrc: number): number {
    for (const receiver of this.#list) {
      const rate = receiver.findReception(ssrc)?.clockRate;
      if (rate !== undefined) return rate;
    }
    return 90_000;
  }

  #learn(ssrc: number, receiver: Receiver): void {
    if (this.#learned >= MAX_LEARNED) return;
    this.#learned++;
    this.#bySsrc.set(ssrc, receiver);
  }
}

/** The packet's header extension `id` says exactly `text`. */
function hasText(view: RtpView, id: number, text: Uint8Array): boolean {
  const found = findExtension(view, id);
  if (found === 0 || (found & 0xff) !== text.length) return false;
  const at = found >> 8;
  for (let i = 0; i < text.length; i++) if (view.bytes[at + i] !== text[i]) return false;
  return true;
}
