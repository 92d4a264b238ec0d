/**
 * A phone's media in a room: one RTP session over two sockets. In: latch, parse, statistics, DTMF, forwarding as it
 * came, and the playout that the mix pulls from. Out: a packet every 20 ms while the call's direction allows it.
 */

import { builtInCodecs } from '../audio/built-in-codecs.ts';
import type { VoiceCodecs } from '../audio/codec.ts';
import { type VoiceFormat, voiceFormat } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { QuietLane } from '../base/quiet-lane.ts';
import type { Random } from '../base/random.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { CallQuality, LegQuality } from '../events/index.ts';
import type { Digit } from '../rtp/dtmf.ts';
import { parseRtp, RtpView } from '../rtp/packet.ts';
import { ReceiveStats } from '../rtp/receive-stats.ts';
import { SourceLatch } from '../rtp/source-latch.ts';
import type { LegCodec, LegDescription } from './description.ts';
import { legQuality } from './e-model.ts';
import { LegInput } from './leg-input.ts';
import { type KeyForm, LegKeys } from './leg-keys.ts';
import { type FrameContent, LegOutput } from './leg-output.ts';
import { LegRest } from './leg-rest.ts';
import { LegRtcp } from './leg-rtcp.ts';
import { Liveness } from './liveness.ts';
import { FRAME_MS } from './packetizer.ts';
import type { PrivateSound } from './private-sound.ts';
import { QualityMeter } from './quality-meter.ts';
import { TalkGate } from './talk-gate.ts';
import { VoiceNumbers } from './voice-numbers.ts';

/** Why a datagram was dropped: the `reason` of a `dropped` event. */
export type LegDrop = { readonly where: 'rtp' | 'rtcp'; readonly reason: string };

/** What a leg tells its owner. `view` and `drop` are lent for the call only. */
export interface LegEvents {
  /**
   * A voice packet as it came, level set, for whoever understands `mime`. Never telephone-events or comfort noise, nor
   * the sequence numbers that they took.
   */
  onVoice(view: RtpView, mime: string, now: Millis): void;
  /** Whether anybody waits for each packet of {@link onVoice}; otherwise it may be told a little later. */
  isForwarded(): boolean;
  onHeard(now: Millis): void;
  /** The first packet went to the phone. */
  onSpoke(): void;
  onDigit(digit: Digit, form: KeyForm, now: Millis): void;
  /** Nothing came for the media time-out, though the phone should send; told once until something comes again. */
  onSilent(now: Millis): void;
  onDropped(drop: LegDrop): void;
}

/** What a leg is made of. */
export interface LegOptions {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
  readonly random: Random;
  /** What may be decoded; absent: PCMA, PCMU and G.722. */
  readonly codecs?: VoiceCodecs;
  /** Tells the time to what arrives. */
  readonly clock: { now(): Millis };
  readonly events: LegEvents;
  /** RTCP's name of this end. */
  readonly cname: string;
  /** Where the description says no other; 0: never. */
  readonly mediaTimeoutMs: number;
  /** Unix time minus the monotonic clock's, ms; 0 makes RTCP's NTP times relative. */
  readonly unixOffsetMs: number;
}

const PHONE_CLOCK = 8000;
/** Packets of 10 ms and keys make 150; each that is let in goes to every browser of the room. */
const MAX_PACKETS_PER_SECOND = 300;
/** Comfort noise (RFC 3389) that nobody negotiated comes all the same. */
const COMFORT_NOISE = 13;

/** One phone. Create it with its sockets, {@link apply} what SDP says, then with every tick {@link pull} and one `send…`. */
export class PhoneLeg {
  readonly #options: LegOptions;
  readonly #latch = new SourceLatch();
  #spoke = false;
  readonly #view = new RtpView();
  readonly #stats = new ReceiveStats(PHONE_CLOCK);
  readonly #keys: LegKeys;
  #clockRate = PHONE_CLOCK;
  readonly #output: LegOutput;
  readonly #rtcp: LegRtcp;
  readonly #rate: TokenBucket;
  readonly #input: LegInput;
  readonly #numbers = new VoiceNumbers();
  readonly #gate = new TalkGate();
  readonly #meter = new QualityMeter();
  #media: LegDescription | undefined;
  readonly #liveness = new Liveness();
  #muted = false;
  #closed = false;
  #played: PrivateSound | undefined;
  readonly #rest: LegRest;
  constructor(options: LegOptions, now: Millis) {
    this.#options = options;
    this.#output = new LegOutput(options.rtp, options.random, () => {
      options.events.onDropped({ where: 'rtp', reason: 'congested' });
    });
    this.#rate = new TokenBucket({ perSecond: MAX_PACKETS_PER_SECOND, burst: MAX_PACKETS_PER_SECOND }, now);
    this.#rtcp = new LegRtcp(
      { ...options, latch: this.#latch, sender: this.#output.sender, stats: this.#stats },
      now,
    );
    this.#keys = new LegKeys((digit, form, now) => options.events.onDigit(digit, form, now));
    this.#input = new LegInput(options.codecs ?? builtInCodecs);
    this.#rest = new LegRest({
      ...{ socket: options.rtp, latch: this.#latch, stats: this.#stats, liveness: this.#liveness },
      ...{ input: this.#input, output: this.#output, isBusy: () => this.#isBusy },
    });
    options.rtp.onDatagram = (bytes, address, port, cameAt) =>
      this.#receive(bytes, address, port, cameAt ?? options.clock.now());
    options.rtcp.onDatagram = (bytes, address) => this.#receiveRtcp(bytes, address, options.clock.now());
  }

  /** What this leg is sent; undefined before {@link apply}. Legs of one format share the encoded mix. */
  get format(): VoiceFormat | undefined {
    return this.#output.format;
  }

  /** The frame that {@link pull} wrote, at the rate of {@link format}. */
  get frame(): Int16Array {
    return this.#input.frame;
  }

  /** What the phone hears for itself alone: keys before anything else. */
  get sound(): PrivateSound | undefined {
    return this.#keys.sound ?? this.played;
  }

  /** Our SSRC towards the phone. */
  get ssrc(): number {
    return this.#output.sender.ssrc;
  }

  /** What is played to the phone for itself alone; its owner's to set. */
  get played(): PrivateSound | undefined {
    return this.#played;
  }

  set played(sound: PrivateSound | undefined) {
    this.wake();
    this.#played = sound;
  }

  /** Packets since the beginning; while it rests, as of when it was settled last. */
  get packetsIn(): number {
    return this.#stats.packets;
  }

  get packetsOut(): number {
    return this.#output.packets;
  }

  /** Last round trip by RTCP, ms. */
  get roundTripMs(): number | undefined {
    return this.#rtcp.roundTripMs;
  }

  /** The call's media begin, or change. False when the codec is none that a leg can send: then nothing changes. */
  apply(media: LegDescription, now: Millis): boolean {
    const format = voiceFormat(media.codec.mime, media.codec.fmtp ?? '');
    if (format === undefined) return false;
    this.wake();
    this.#latch.expect(media.remote, media.allowedSources, now);
    this.#input.apply(media.accept, format.sampleRate);
    this.#setClock(media.codec.clockRate);
    this.#keys.apply(format.sampleRate, media.keyTones);
    // RFC 7160 section 4.1: with another clock begins another SSRC, and the one before says BYE.
    if (this.#output.changesClock(format)) this.#rtcp.bye(now);
    this.#output.apply(format, media);
    this.#rtcp.apply(media, format.ticksPerMs);
    this.#media = media;
    // The time-out runs from the moment that the phone may send.
    this.#liveness.restart(now);
    return true;
  }

  /** Shuts the phone's voice out of the room. DTMF and statistics go on. */
  mute(muted: boolean): void {
    this.#muted = muted;
  }

  /** Sends a key to the phone; false when it agreed on no telephone-events, it is no key, or too many wait. */
  dtmf(digit: string, durationMs: number, form: KeyForm = 'event'): boolean {
    this.wake();
    return form === 'tone' ? this.#keys.play(digit, durationMs) : this.#output.press(digit, durationMs);
  }

  /** Writes the phone's next 20 ms into {@link frame}; true when it holds something that belongs into the mix. */
  pull(now: Millis): boolean {
    this.#housekeep(now);
    const kind = this.#input.pull(now);
    const hears = this.#hears();
    if (hears) this.#keys.listen(this.#input.frame, now);
    if (kind === 'silence' || this.#muted || !hears || this.#keys.sounding) return this.#gate.shut();
    return this.#gate.observe(this.#input.level);
  }

  /** Sends 20 ms that are encoded already, in this leg's format. */
  sendFrame(payload: Uint8Array, content: FrameContent, now: Millis): void {
    if (this.#closed) return;
    this.#output.frame(payload, content, this.#latch.destination);
    if (!this.#spoke && this.#output.packets > 0) {
      this.#spoke = true;
      this.#options.events.onSpoke();
    }
    this.#rtcp.poll(now);
  }

  /** How the call fared since the last call of this; undefined when there is nothing to say. */
  takeQuality(): CallQuality | undefined {
    const { packets: packetsIn, lost, jitterMs } = this.#stats;
    const { late, concealedMs } = this.#input;
    const { roundTripMs } = this;
    return this.#meter.take({ packetsIn, lost, late, concealedMs }, this.#rtcp.far.take(), {
      jitterMs,
      roundTripMs,
    });
  }

  /**
   * Rests until something happens: then `onAwake` is called. It is neither pulled nor sent frames meanwhile: what the lane
   * that this answers is sent, the phone hears. Undefined while it cannot rest.
   */
  rest(onAwake: () => void): QuietLane | undefined {
    return this.#rest.begin(onAwake);
  }

  /** Catches up with what came while it rests; it rests on, or is awake. */
  settle(now: Millis): void {
    if (!this.#rest.isResting) return;
    this.#rest.catchUp();
    this.#housekeep(now);
    if (!this.#rest.isPossible) this.wake();
    this.#rtcp.poll(now);
  }

  /** Rests no more; harmless when it does not. */
  wake(): void {
    this.#rest.wake();
  }

  /** Says BYE and answers the last numbers. The sockets are the owner's to close. */
  close(now: Millis): LegQuality {
    this.wake();
    if (!this.#closed) this.#rtcp.bye(now);
    this.#closed = true;
    this.#input.close();
    return legQuality({
      packetsIn: this.#stats.packets,
      packetsOut: this.#output.packets,
      lost: this.#stats.lost,
      concealed: Math.round(this.#input.concealedMs / FRAME_MS),
      late: this.#input.late,
      jitterMs: this.#stats.jitterMs,
      roundTripMs: this.roundTripMs,
      far: this.#rtcp.far,
    });
  }

  #receive(bytes: Uint8Array, address: string, port: number, now: Millis): void {
    if (this.#closed || this.#rest.holds(bytes, address, port, now)) return;
    // RFC 5761: RTCP that came to the RTP port (types 192 … 223) is RTCP all the same.
    if (bytes.length >= 2 && bytes[1]! >= 192 && bytes[1]! <= 223) {
      this.#receiveRtcp(bytes, address, now);
      return;
    }
    const reason = this.#take(bytes, address, port, now);
    if (reason !== undefined) this.#options.events.onDropped({ where: 'rtp', reason });
  }

  /** Takes a datagram of RTP; the reason when it was dropped. */
  #take(bytes: Uint8Array, address: string, port: number, now: Millis): string | undefined {
    const view = this.#view;
    const fault = parseRtp(bytes, bytes.length, view);
    if (fault !== undefined) return fault;
    const { payloadType } = view;
    const codec = this.#input.codec(payloadType);
    const isEvent = payloadType === this.#media?.dtmfIn;
    const isNoise =
      codec === undefined && (payloadType === COMFORT_NOISE || payloadType === this.#media?.comfortNoiseIn);
    // What nobody agreed on must not latch.
    if (codec === undefined && !isEvent && !isNoise) return 'payload-type';
    const verdict = this.#latch.admit(address, port, now);
    if (verdict !== 'ok') return verdict;
    this.wake();
    if (!this.#rate.take(now)) return 'rate';
    if (codec !== undefined) this.#setClock(codec.clockRate);
    if (!this.#stats.push(view, now)) return 'sequence-jump';
    if (this.#liveness.hear(now)) this.#options.events.onHeard(now);
    if (codec !== undefined) return this.#voice(view, codec, now);
    this.#numbers.remove(view.ssrc, view.sequence);
    if (isEvent) this.#keys.event(view, now);
    else this.#input.pause(view);
    return undefined;
  }

  #voice(view: RtpView, codec: LegCodec, now: Millis): string | undefined {
    if (view.payloadEnd === view.payloadStart) return 'empty';
    const outcome = this.#input.push(view, codec, now);
    if (outcome !== 'kept' && outcome !== 'late') return outcome;
    if (this.#muted || !this.#hears()) return undefined;
    if (this.#keys.sounding) {
      this.#numbers.remove(view.ssrc, view.sequence);
      return undefined;
    }
    view.level = this.#input.levelOf(view, codec);
    view.sequence = this.#numbers.map(view.ssrc, view.sequence);
    this.#options.events.onVoice(view, codec.mime, now);
    return undefined;
  }

  /** What is going on besides packets, and is no rest. */
  get #isBusy(): boolean {
    if (this.#closed || this.#media?.direction !== 'sendrecv' || this.sound !== undefined) return true;
    return this.#keys.listens || this.#options.events.isForwarded();
  }

  #setClock(clockRate: number): void {
    if (clockRate === this.#clockRate) return;
    this.#clockRate = clockRate;
    this.#stats.setClockRate(clockRate);
    this.#keys.setClock(clockRate);
  }

  #receiveRtcp(bytes: Uint8Array, address: string, now: Millis): void {
    if (this.#closed) return;
    const reason = this.#rtcp.receive(bytes, address, now);
    // A phone that sends no sound, by VAD or muted, still reports: it lives.
    if (reason === undefined) this.#liveness.restart(now);
    else this.#options.events.onDropped({ where: 'rtcp', reason });
  }

  #housekeep(now: Millis): void {
    this.#keys.poll(now);
    const timeoutMs = this.#media?.mediaTimeoutMs ?? this.#options.mediaTimeoutMs;
    if (!this.#hears() || timeoutMs === 0) this.#liveness.excuse(now);
    else if (this.#liveness.fellSilent(now, timeoutMs)) this.#options.events.onSilent(now);
  }

  /** True while the phone is to be heard. */
  #hears(): boolean {
    const direction = this.#media?.direction;
    return direction === 'sendrecv' || direction === 'recvonly';
  }
}
