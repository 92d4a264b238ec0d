import type { Millis } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { RtpView } from '../rtp/packet.ts';
import { writeRtpHeader } from '../rtp/packet.ts';
import type { SenderReport } from '../rtp/rtcp/write.ts';
import { SRTP_OVERHEAD } from '../rtp/srtp/transform.ts';
import { copyBytes } from './copy-bytes.ts';
import {
  type CountedCodec,
  FrameContinuity,
  type FrameCounters,
  writeFrameNumber,
  writeVp9Counters,
} from './frame-counters.ts';
import { type ExtensionIds, HeaderExtensions, NOT_NUMBERED, type PlayoutDelay } from './header-extensions.ts';
import type { PacketOutput } from './packet-output.ts';
import { PacketRing } from './packet-ring.ts';
import type { PayloadCache } from './payload-cache.ts';
import { RED, writeRedPayloadType } from './red.ts';
import { Rewriter } from './rewriter.ts';
import { RtxSender } from './rtx-sender.ts';
import type { SentPacket } from './sent-log.ts';
import { type FanLayout, type FanRide, fanLayout, type Rider, type SteadyFan } from './steady-fan.ts';
import { type LayeredPacket, LayerFilter } from './svc.ts';
import { ALL_TEMPORAL, TemporalFilter } from './temporal-filter.ts';
import { Vp8Descriptor, writeVp8Counters } from './vp8.ts';
import { Vp8Continuity } from './vp8-continuity.ts';

/** A codec that the peer takes, with its payload type there. `mime` in lower case. */
export interface SenderCodec {
  readonly mime: string;
  readonly clockRate: number;
  readonly payloadType: number;
  /** Of its retransmissions (RFC 4588). */
  readonly rtx?: number | undefined;
}

/** What a {@link TrackSender} is made for: one m-line of one peer. */
export interface SenderOptions {
  readonly kind: 'audio' | 'video';
  readonly ssrc: number;
  /** Of retransmissions, for codecs that have a payload type for them. */
  readonly rtxSsrc?: number | undefined;
  readonly cname: string;
  readonly mid: string;
  readonly codecs: readonly SenderCodec[];
  readonly extensions: ExtensionIds;
  /** For the peer, if it takes that extension. */
  readonly playoutDelay?: PlayoutDelay | undefined;
  readonly output: PacketOutput;
  readonly random: Random;
}

/** Why a packet was not sent. */
export type SendRefusal = 'muted' | 'left-out' | 'codec' | 'late' | 'too-long' | 'not-ready';

/** No simulcast layer: the track has one stream, or the sender waits for a key frame. */
export const NO_LAYER = -1;

/** Packets kept for a peer that asks again and knows no retransmission stream: 1.3 s of audio, about a second of video. */
const RING = { audio: 64, video: 256 } as const;
/** Audio that was silent for longer was muted or held, not lost. */
const PAUSE: Millis = 500;
const MAX_PAYLOAD = 1400;
/** Packets a second that a peer may ask for again. */
const RESENDS = { perSecond: 200, burst: 200 };

const vp8 = new Vp8Descriptor();

/** Sends one track to one peer: its own SSRC, continuous numbers, the peer's payload types and extensions. */
export class TrackSender implements Rider {
  readonly ssrc: number;
  readonly cname: string;
  readonly kind: 'audio' | 'video';
  /** The simulcast layer that is being sent; another one continues where it stopped. */
  layer = NO_LAYER;
  /** The largest layer that the peer has a use for. */
  wantedLayer = Number.POSITIVE_INFINITY;
  /** The largest layer that the peer's bandwidth has room for; -1: for none of them, and nothing is sent. */
  allowedLayer = Number.POSITIVE_INFINITY;
  /** Which frames go through, of a stream in temporal layers. */
  readonly temporal = new TemporalFilter();
  readonly #layered = new LayerFilter();
  /** What of the peer's bandwidth comes first: LiveKit's priority, larger first. */
  priority = 0;
  /** Frames a second that are enough; 0: all. */
  framesPerSecond = 0;
  /** The peer takes what is said twice (RFC 2198): the payload type that the blocks have there; 0: it does not. */
  readonly #redBlocks: number;
  #muted = false;
  #packets = 0;
  #octets = 0;
  readonly #codecs: readonly SenderCodec[];
  readonly #extensions: HeaderExtensions;
  readonly output: PacketOutput;
  readonly rewriter: Rewriter;
  /** Its packets are made there; undefined: here. */
  #ride: FanRide | undefined;
  /** Of codecs in which it has ridden. */
  readonly #layouts: FanLayout[] = [];
  /**
   * Of audio it is made when a peer asks for the first time: none is offered to (`sdp/browser-write.ts`), for RED and Opus repair
   * losses, and packets that are not kept need no memory of their own.
   */
  #ring: PacketRing | undefined;
  readonly #rtx: RtxSender | undefined;
  readonly #vp8 = new Vp8Continuity();
  readonly #frames = new FrameContinuity();
  #resends: TokenBucket | undefined;
  readonly #sent: SentPacket = {
    layer: 0,
    ssrc: 0,
    sourceSequence: 0,
    timestamp: 0,
    marker: false,
    counters: undefined,
    counted: 'vp8',
  };

  constructor(options: SenderOptions) {
    this.ssrc = options.ssrc >>> 0;
    this.cname = options.cname;
    this.kind = options.kind;
    this.#codecs = options.codecs;
    this.#redBlocks = this.#codec(RED) === undefined ? 0 : (this.#codec('audio/opus')?.payloadType ?? 0);
    this.#extensions = new HeaderExtensions(options.extensions, options.mid, options.playoutDelay);
    this.output = options.output;
    this.rewriter = new Rewriter({
      sequence: options.random.u32(),
      timestamp: options.random.u32(),
      closeGapsAfter: options.kind === 'audio' ? PAUSE : Number.POSITIVE_INFINITY,
    });
    if (options.rtxSsrc !== undefined && options.codecs.some(({ rtx }) => rtx !== undefined)) {
      this.#rtx = new RtxSender({
        ssrc: options.rtxSsrc >>> 0,
        sequence: options.random.u32(),
        extensions: this.#extensions,
        output: options.output,
      });
    } else if (options.kind === 'video') this.#ring = new PacketRing(RING.video);
  }

  /** Muted, nothing is sent; unmuted, the stream goes on where it stopped. */
  set muted(muted: boolean) {
    this.alight();
    this.#muted = muted;
    this.beginAnew();
  }

  /** What comes next begins at a key frame and follows what was sent. */
  beginAnew(): void {
    this.alight();
    this.rewriter.pause();
    this.#layered.restart();
    this.layer = NO_LAYER;
  }

  /** What the peer asks for beside the size; see {@link framesPerSecond} and {@link priority}. */
  wish(framesPerSecond: number, priority: number): void {
    this.framesPerSecond = framesPerSecond;
    this.priority = priority;
    if (framesPerSecond === 0) this.temporal.wanted = ALL_TEMPORAL;
  }

  /** Of the codec that the peer likes best, Hz. */
  get clockRate(): number {
    return this.#codecs[0]?.clockRate ?? 90_000;
  }

  get takesRed(): boolean {
    return this.#redBlocks !== 0;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Retransmissions are made anew out of the source's cache (RFC 4588), and there can be padding. */
  get repairs(): boolean {
    return this.#rtx !== undefined;
  }

  /** The peer tells when packets come, and there can be padding: its bandwidth can be known. */
  get isMeasured(): boolean {
    return this.repairs && this.#extensions.hasTransportSequence;
  }

  get packets(): number {
    this.#catchUp();
    return this.#packets;
  }

  /** Of payloads. */
  get octets(): number {
    this.#catchUp();
    return this.#octets;
  }

  /** The layer that the peer gets now, 0 if there is one stream; -1: nothing. */
  get shownLayer(): number {
    if (this.allowedLayer < 0 || this.packets === 0) return -1;
    return Math.max(0, this.layer, this.#layered.spatial);
  }

  /** Of a stream that has its sizes in one: which of them the peer gets, -1 before its first key frame. */
  get size(): number {
    return this.#layered.spatial;
  }

  /** A stream that has its sizes in one: the peer shall have another size, and waits for a key frame. */
  get lacksSize(): boolean {
    return this.#layered.lacks;
  }

  /** The largest layer that bandwidth has room for from now on; -1: for none of them. */
  allow(layer: number): void {
    if (layer < 0) this.beginAnew();
    this.allowedLayer = layer;
  }

  /** The largest layer that is both wanted and allowed. */
  get targetLayer(): number {
    return Math.min(this.wantedLayer, this.allowedLayer);
  }

  /** The source pauses: its next packet follows the last one sent, whatever its number. */
  pause(): void {
    this.alight();
    this.rewriter.pause();
  }

  /** Sends the packet in that of the peer's codecs which is `mime`; of a stream in layers if it is of `size` or belongs to it. */
  push(view: RtpView, mime: string, now: Millis, layered?: LayeredPacket, size = 0): 'sent' | SendRefusal {
    if (this.#muted) return 'muted';
    this.alight();
    const codec = this.#codec(mime);
    if (codec === undefined) return 'codec';
    const payload = view.payloadEnd - view.payloadStart;
    if (payload > MAX_PAYLOAD) return 'too-long';
    const isVp8 = mime === 'video/vp8' && vp8.read(view.bytes, view.payloadStart, view.payloadEnd);
    let blank = false;
    if (layered !== undefined && !this.#layered.takes(layered, view, size, this.temporal.wanted)) {
      if (this.rewriter.skip(view)) return 'left-out';
      blank = true;
    }
    if (isVp8 && !this.temporal.takes(vp8)) {
      this.#vp8.skip(vp8);
      if (this.rewriter.skip(view)) return 'left-out';
      // Its number is shown as missing already: without anything in it the receiver asks no more.
      blank = true;
    }
    const mapped = this.rewriter.map(view, codec.clockRate, now);
    if (mapped === 'late') return 'late';
    const { sequence, timestamp } = this.rewriter;
    const needed = 12 + this.#extensions.maxBytes + (view.descriptor & 0xff) + payload + SRTP_OVERHEAD;
    const bytes = this.#ring === undefined ? this.output.lend() : this.#ring.slot(sequence, needed);
    if (bytes === undefined) return 'not-ready';
    const isNumbered = this.#extensions.hasTransportSequence && this.output.isMeasured;
    const numberedAt = isNumbered ? now : undefined;
    const headerEnd = this.#extensions.write(
      bytes,
      12,
      view.level,
      now,
      isNumbered ? this.output.nextTransportSequence : NOT_NUMBERED,
      view.bytes,
      view.descriptor,
    );
    const marker = view.marker || (layered !== undefined && this.#layered.ends(layered));
    writeRtpHeader(bytes, 0, {
      payloadType: codec.payloadType,
      // RFC 3551 section 4.1: audio marks the first packet of a talkspurt; so it does behind a switch.
      marker: marker || (mapped === 'switched' && this.kind === 'audio'),
      sequence,
      timestamp,
      ssrc: this.ssrc,
      extension: headerEnd === 12 ? 'none' : 'follows',
    });
    if (blank) return this.#sendBlank(bytes, headerEnd, numberedAt);
    copyBytes(view.bytes, view.payloadStart, view.payloadEnd, bytes, headerEnd);
    if (mime === RED) writeRedPayloadType(bytes, headerEnd, headerEnd + payload, this.#redBlocks);
    let counters: FrameCounters | undefined;
    if (layered !== undefined) {
      counters = this.#frames.map(layered, view.ssrc);
      if (counters !== undefined)
        this.#writeCounters(bytes, headerEnd, headerEnd + payload, layered.codec, counters);
    }
    if (isVp8) {
      counters = this.#vp8.map(vp8, mapped === 'switched' ? 'switched' : 'going-on');
      vp8.moveBy(headerEnd - view.payloadStart);
      writeVp8Counters(bytes, vp8, counters);
    }
    const length = this.output.sendRtp(bytes, headerEnd, headerEnd + payload, numberedAt);
    if (length === 0) return 'not-ready';
    this.#ring?.keep(sequence, length);
    if (this.#rtx !== undefined && codec.rtx !== undefined) {
      this.#rtx.follow(codec.rtx, timestamp);
      this.#sent.counted = layered?.codec ?? 'vp8';
      this.#noteSent(view, sequence, timestamp, marker, counters, now);
    }
    this.#packets++;
    this.#octets += payload;
    return 'sent';
  }

  /** Somebody else makes its packets of that codec. */
  rides(mime: string): boolean {
    return this.#ride?.fan.layout.mime === mime;
  }

  /** How its packets of that codec look, if others may make them: undefined for pictures, and for what is kept or numbered. */
  layout(mime: string): FanLayout | undefined {
    if (this.kind === 'video' || this.#ring !== undefined || this.#rtx !== undefined) return undefined;
    if (this.#extensions.hasTransportSequence && this.output.isMeasured) return undefined;
    if (this.output.passage(this.ssrc, this.rewriter.sequence) === undefined) return undefined;
    const known = this.#layouts.find((layout) => layout.mime === mime);
    if (known !== undefined) return known;
    const codec = this.#codec(mime);
    if (codec === undefined) return undefined;
    const redBlocks = mime === RED ? this.#redBlocks : 0;
    const layout = fanLayout(codec, redBlocks, this.#extensions, PAUSE);
    this.#layouts.push(layout);
    return layout;
  }

  /** Rides from now on, if it can: it has just sent `view`. */
  board(fan: SteadyFan, view: RtpView, now: Millis): void {
    if (this.#ride === undefined) this.#ride = fan.board(this, view, now);
  }

  alight(): void {
    const ride = this.#ride;
    if (ride === undefined) return;
    this.#catchUp();
    this.#ride = undefined;
    ride.fan.leave(ride);
  }

  /** The bytes by which the peer knows the m-line; empty: it has no need of them. */
  get mid(): Uint8Array {
    return this.#extensions.mid;
  }

  #catchUp(): void {
    if (this.#ride === undefined) return;
    const { octets, packets } = this.#ride.fan.catchUp(this.#ride);
    this.#packets += packets;
    this.#octets += octets;
  }

  /** Answers a NACK, out of the ring or the source's `caches`. Returns how many packets were sent again. */
  resend(sequences: readonly number[], caches: readonly PayloadCache[], now: Millis): number {
    this.alight();
    if (this.#rtx !== undefined) return this.#rtx.resend(sequences, caches, now);
    this.#ring ??= new PacketRing(RING[this.kind]);
    this.#resends ??= new TokenBucket(RESENDS, now);
    let count = 0;
    for (const sequence of sequences) {
      const packet = this.#ring.find(sequence);
      if (packet === undefined) continue;
      if (!this.#resends.take(now)) break;
      this.output.resend(packet);
      count++;
    }
    return count;
  }

  /** Sends a packet of padding on the retransmission stream. Answers its bytes; 0 when there can be none. */
  pad(now: Millis): number {
    return this.#rtx?.pad(now) ?? 0;
  }

  /** Numbers for a sender report at `now`, which is `unixMs` of wall time; undefined when nothing was sent yet. */
  report(now: Millis, unixMs: number): SenderReport | undefined {
    this.#catchUp();
    if (this.#packets === 0) return undefined;
    const seconds = Math.floor(unixMs / 1000);
    return {
      ssrc: this.ssrc,
      // NTP counts from 1900 (RFC 3550 section 4).
      ntpHigh: (seconds + 2_208_988_800) >>> 0,
      ntpLow: Math.floor(((unixMs - seconds * 1000) / 1000) * 4294967296) >>> 0,
      rtpTimestamp: this.rewriter.timestampAt(now),
      packets: this.#packets >>> 0,
      octets: this.#octets >>> 0,
    };
  }

  /** A packet of padding alone (RFC 3550 section 5.1) under a number that was shown as missing. */
  #sendBlank(bytes: Uint8Array, headerEnd: number, numberedAt: Millis | undefined): 'sent' | 'not-ready' {
    bytes[0] = bytes[0]! | 0x20;
    bytes[headerEnd] = 1;
    const length = this.output.sendRtp(bytes, headerEnd, headerEnd + 1, numberedAt);
    return length === 0 ? 'not-ready' : 'sent';
  }

  #writeCounters(
    bytes: Uint8Array,
    start: number,
    end: number,
    codec: CountedCodec,
    counters: FrameCounters,
  ): void {
    const { descriptorAt } = this.#extensions;
    if (codec === 'vp9') writeVp9Counters(bytes, start, end, counters);
    else if (descriptorAt !== 0) writeFrameNumber(bytes, descriptorAt, counters);
  }

  #noteSent(
    view: RtpView,
    sequence: number,
    timestamp: number,
    marker: boolean,
    counters: FrameCounters | undefined,
    now: Millis,
  ): void {
    const sent = this.#sent;
    sent.layer = Math.max(0, this.layer);
    sent.ssrc = view.ssrc;
    sent.sourceSequence = view.sequence;
    sent.timestamp = timestamp;
    sent.marker = marker;
    sent.counters = counters;
    this.#rtx!.log.note(sequence, sent, now);
  }

  #codec(mime: string): SenderCodec | undefined {
    for (const codec of this.#codecs) if (codec.mime === mime) return codec;
    return undefined;
  }
}
