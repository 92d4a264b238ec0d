import type { Millis } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { RtpView } from '../rtp/packet.ts';
import { writeRtpHeader } from '../rtp/packet.ts';
import type { SenderReport } from '../rtp/rtcp/write.ts';
import { SRTP_OVERHEAD } from '../rtp/srtp/transform.ts';
import type { ExtensionIds } from './header-extensions.ts';
import { HeaderExtensions } from './header-extensions.ts';
import { PacketRing } from './packet-ring.ts';
import { Rewriter } from './rewriter.ts';
import { Vp8Continuity } from './vp8.ts';

/** A codec that the peer takes, with its payload type there. `mime` in lower case. */
export interface SenderCodec {
  readonly mime: string;
  readonly clockRate: number;
  readonly payloadType: number;
}

/** Where a sender's packets go: the peer's association. Buffers belong to the sender; `bytes` is read during the call. */
export interface PacketOutput {
  /**
   * Seals the RTP packet `bytes[0, length)`, whose header ends at `headerEnd`, in place and sends it. Answers the sealed
   * length, or 0 when it was not sent: no keys yet, no path, or the socket is busy.
   */
  sendRtp(bytes: Uint8Array, headerEnd: number, length: number): number;
  /** Sends sealed bytes once more. */
  resend(bytes: Uint8Array): void;
}

/** What a {@link TrackSender} is made for: one m-line of one peer. */
export interface SenderOptions {
  readonly kind: 'audio' | 'video';
  readonly ssrc: number;
  readonly cname: string;
  readonly mid: string;
  readonly codecs: readonly SenderCodec[];
  readonly extensions: ExtensionIds;
  readonly output: PacketOutput;
  readonly random: Random;
}

/** Why a packet was not sent. */
export type SendRefusal = 'muted' | 'codec' | 'late' | 'too-long' | 'not-ready';

/** No simulcast layer: the track has one stream, or the sender waits for a key frame. */
export const NO_LAYER = -1;

/** Packets kept for NACK: 1.3 s of audio, about a second of video. */
const RING = { audio: 64, video: 256 } as const;
/** Audio that was silent for longer was muted or held, not lost. */
const PAUSE: Millis = 500;
const MAX_PAYLOAD = 1400;
/** Packets a second that a peer may ask for again. */
const RESENDS = { perSecond: 200, burst: 200 };

/** Sends one track to one peer: its own SSRC, continuous numbers, the peer's payload types and extensions. */
export class TrackSender {
  readonly ssrc: number;
  readonly cname: string;
  readonly kind: 'audio' | 'video';
  /** The simulcast layer that is being sent; another one continues where it stopped. */
  layer = NO_LAYER;
  /** The largest layer that the peer has a use for. */
  wantedLayer = Number.POSITIVE_INFINITY;
  #muted = false;
  #packets = 0;
  #octets = 0;
  readonly #codecs: readonly SenderCodec[];
  readonly #extensions: HeaderExtensions;
  readonly #output: PacketOutput;
  readonly #rewriter: Rewriter;
  readonly #ring: PacketRing;
  readonly #vp8 = new Vp8Continuity();
  #resends: TokenBucket | undefined;

  constructor(options: SenderOptions) {
    this.ssrc = options.ssrc >>> 0;
    this.cname = options.cname;
    this.kind = options.kind;
    this.#codecs = options.codecs;
    this.#extensions = new HeaderExtensions(options.extensions, options.mid);
    this.#output = options.output;
    this.#rewriter = new Rewriter({
      sequence: options.random.u32(),
      timestamp: options.random.u32(),
      closeGapsAfter: options.kind === 'audio' ? PAUSE : Number.POSITIVE_INFINITY,
    });
    this.#ring = new PacketRing(RING[options.kind]);
  }

  /** Muted, nothing is sent; unmuted, the stream goes on where it stopped. */
  set muted(muted: boolean) {
    this.#muted = muted;
    this.#rewriter.pause();
    this.layer = NO_LAYER;
  }

  /** Of the codec that the peer likes best, Hz. */
  get clockRate(): number {
    return this.#codecs[0]?.clockRate ?? 90_000;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** The source pauses: its next packet follows the last one sent, whatever its number. */
  pause(): void {
    this.#rewriter.pause();
  }

  /** Sends the packet in that of the peer's codecs which is `mime`. */
  push(view: RtpView, mime: string, now: Millis): 'sent' | SendRefusal {
    if (this.#muted) return 'muted';
    const codec = this.#codec(mime);
    if (codec === undefined) return 'codec';
    const payload = view.payloadEnd - view.payloadStart;
    if (payload > MAX_PAYLOAD) return 'too-long';
    const mapped = this.#rewriter.map(view, codec.clockRate, now);
    if (mapped === 'late') return 'late';
    const { sequence, timestamp } = this.#rewriter;
    const bytes = this.#ring.slot(sequence, 12 + this.#extensions.maxBytes + payload + SRTP_OVERHEAD);
    const headerEnd = this.#extensions.write(bytes, 12, view.level, now);
    writeRtpHeader(bytes, 0, {
      payloadType: codec.payloadType,
      // RFC 3551 section 4.1: audio marks the first packet of a talkspurt; so it does behind a switch.
      marker: view.marker || (mapped === 'switched' && this.kind === 'audio'),
      sequence,
      timestamp,
      ssrc: this.ssrc,
      extension: headerEnd === 12 ? 'none' : 'follows',
    });
    const from = view.bytes;
    for (let i = view.payloadStart, j = headerEnd; i < view.payloadEnd; i++, j++) bytes[j] = from[i]!;
    if (mime === 'video/vp8') {
      const moment = mapped === 'switched' ? 'switched' : 'going-on';
      this.#vp8.rewrite(bytes, headerEnd, headerEnd + payload, moment);
    }
    const length = this.#output.sendRtp(bytes, headerEnd, headerEnd + payload);
    if (length === 0) return 'not-ready';
    this.#ring.keep(sequence, length);
    this.#packets++;
    this.#octets += payload;
    return 'sent';
  }

  /** Answers a NACK from the ring. Returns how many packets were sent again. */
  resend(sequences: readonly number[], now: Millis): number {
    this.#resends ??= new TokenBucket(RESENDS, now);
    let count = 0;
    for (const sequence of sequences) {
      const packet = this.#ring.find(sequence);
      if (packet === undefined) continue;
      if (!this.#resends.take(now)) break;
      this.#output.resend(packet);
      count++;
    }
    return count;
  }

  /** Numbers for a sender report at `now`, which is `unixMs` of wall time; undefined when nothing was sent yet. */
  report(now: Millis, unixMs: number): SenderReport | undefined {
    if (this.#packets === 0) return undefined;
    const seconds = Math.floor(unixMs / 1000);
    return {
      ssrc: this.ssrc,
      // NTP counts from 1900 (RFC 3550 section 4).
      ntpHigh: (seconds + 2_208_988_800) >>> 0,
      ntpLow: Math.floor(((unixMs - seconds * 1000) / 1000) * 4294967296) >>> 0,
      rtpTimestamp: this.#rewriter.timestampAt(now),
      packets: this.#packets >>> 0,
      octets: this.#octets >>> 0,
    };
  }

  #codec(mime: string): SenderCodec | undefined {
    for (const codec of this.#codecs) if (codec.mime === mime) return codec;
    return undefined;
  }
}
