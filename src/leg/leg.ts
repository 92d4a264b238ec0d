/**
 * A phone's media in a room: one RTP session over two sockets. In: latch, parse, statistics, DTMF, forwarding as it
 * came, and the playout that the mix pulls from. Out: a packet every 20 ms while the call's direction allows it.
 */

import { G711Decoder, type VoiceDecoder } from '../audio/codec.ts';
import { encodeG711, energyG711, type G711Law, lawOf } from '../audio/g711.ts';
import { levelOfEnergy } from '../audio/level.ts';
import type { Millis } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { LegQuality } from '../events/index.ts';
import { type Digit, DtmfReceiver } from '../rtp/dtmf.ts';
import { parseRtp, RtpView } from '../rtp/packet.ts';
import { ReceiveStats } from '../rtp/receive-stats.ts';
import { SourceLatch } from '../rtp/source-latch.ts';
import type { LegDescription } from './description.ts';
import { LegOutput } from './leg-output.ts';
import type { PrivateSound } from './private-sound.ts';
import { RtcpReporter } from './rtcp-report.ts';
import { TalkGate } from './talk-gate.ts';
import { FRAME, VoicePlayout } from './voice-playout.ts';

/** Why a datagram was dropped: the `reason` of a `dropped` event. */
export type LegDrop = { readonly where: 'rtp' | 'rtcp'; readonly reason: string };

/** What a leg tells its owner. `view` and `drop` are lent for the call only. */
export interface LegEvents {
  /** A voice packet as it came, level set, for whoever understands `mime`. Never telephone-events or comfort noise. */
  onVoice(view: RtpView, mime: string, now: Millis): void;
  onHeard(now: Millis): void;
  /** The first packet went to the phone. */
  onSpoke(): void;
  onDigit(digit: Digit, now: Millis): void;
  /** Nothing came for the media time-out, though the phone should send; told once until something comes again. */
  onSilent(now: Millis): void;
  onDropped(drop: LegDrop): void;
}

/** What a leg is made of. */
export interface LegOptions {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
  readonly random: Random;
  /** Tells the time to what arrives. */
  readonly clock: { now(): Millis };
  readonly events: LegEvents;
  /** RTCP's name of this end. */
  readonly cname: string;
  /** 0: never. */
  readonly mediaTimeoutMs: number;
  /** Unix time minus the monotonic clock's, ms; 0 makes RTCP's NTP times relative. */
  readonly unixOffsetMs: number;
}

interface AcceptedPayload {
  readonly law: G711Law;
  readonly mime: string;
  readonly decoder: VoiceDecoder;
}

const PHONE_CLOCK = 8000;
/** Packets of 10 ms and keys make 150; each that is let in goes to every browser of the room. */
const MAX_PACKETS_PER_SECOND = 300;
/** Comfort noise (RFC 3389): silence to us, and nothing that a browser knows. */
const COMFORT_NOISE = 13;

/** One phone. Create it with its sockets, {@link apply} what SDP says, then with every tick {@link pull} and one `send…`. */
export class PhoneLeg {
  readonly #options: LegOptions;
  readonly #latch = new SourceLatch();
  #spoke = false;
  readonly #view = new RtpView();
  readonly #stats = new ReceiveStats(PHONE_CLOCK);
  readonly #dtmf = new DtmfReceiver(PHONE_CLOCK);
  readonly #output: LegOutput;
  readonly #rtcp: RtcpReporter;
  readonly #rate: TokenBucket;
  readonly #playout: VoicePlayout;
  readonly #gate = new TalkGate();
  readonly #accepted = new Map<number, AcceptedPayload>();
  #media: LegDescription | undefined;
  #heardAt: Millis = 0;
  #everHeard = false;
  #toldSilent = false;
  #muted = false;
  #closed = false;
  /** What the phone hears for itself alone; its owner's to set. */
  sound: PrivateSound | undefined;
  /** The frame that {@link pull} wrote: 160 samples at 8 kHz. */
  readonly frame = new Int16Array(FRAME);

  constructor(options: LegOptions, now: Millis) {
    this.#options = options;
    this.#output = new LegOutput(options.rtp, options.random, () => {
      options.events.onDropped({ where: 'rtp', reason: 'congested' });
    });
    this.#rate = new TokenBucket({ perSecond: MAX_PACKETS_PER_SECOND, burst: MAX_PACKETS_PER_SECOND }, now);
    this.#rtcp = new RtcpReporter({ ...options, sender: this.#output.sender, stats: this.#stats }, now);
    this.#playout = new VoicePlayout(PHONE_CLOCK, (payloadType) => this.#accepted.get(payloadType)?.decoder);
    options.rtp.onDatagram = (bytes, address, port) =>
      this.#receive(bytes, address, port, options.clock.now());
    options.rtcp.onDatagram = (bytes, address) => this.#receiveRtcp(bytes, address, options.clock.now());
  }

  /** The law that this leg sends; undefined before {@link apply}. Legs of one law share the encoded mix. */
  get law(): G711Law | undefined {
    return this.#output.law;
  }

  /** Our SSRC towards the phone. */
  get ssrc(): number {
    return this.#output.sender.ssrc;
  }

  /** Packets since the beginning. */
  get packetsIn(): number {
    return this.#stats.packets;
  }

  get packetsOut(): number {
    return this.#output.sender.packets;
  }

  /** Last round trip by RTCP, ms. */
  get roundTripMs(): number | undefined {
    return this.#rtcp.roundTripMs;
  }

  /** The call's media begin, or change. False when the codec is none that a leg can send: then nothing changes. */
  apply(media: LegDescription, now: Millis): boolean {
    const law = lawOf(media.codec.mime);
    if (law === undefined) return false;
    this.#latch.expect(media.remote, media.allowedSources, now);
    this.#accepted.clear();
    for (const { mime, payloadType } of media.accept) {
      const accepted = lawOf(mime);
      if (accepted === undefined) continue;
      this.#accepted.set(payloadType, { law: accepted, mime, decoder: new G711Decoder(accepted) });
    }
    this.#output.apply(law, media);
    this.#media = media;
    // The time-out runs from the moment that the phone may send.
    this.#heardAt = now;
    this.#toldSilent = false;
    return true;
  }

  /** Shuts the phone's voice out of the room. DTMF and statistics go on. */
  mute(muted: boolean): void {
    this.#muted = muted;
  }

  /** Sends a key to the phone; false when it agreed on no telephone-events, or it is no key. */
  dtmf(digit: string, durationMs: number): boolean {
    return this.#output.press(digit, durationMs);
  }

  /** Writes the phone's next 20 ms into {@link frame}; true when it holds something that belongs into the mix. */
  pull(now: Millis): boolean {
    this.#housekeep(now);
    const kind = this.#playout.pull(now, this.frame);
    if (kind === 'silence' || this.#muted || !this.#hears()) return this.#gate.shut();
    return this.#gate.observe(this.frame);
  }

  /** Sends 20 ms of sound (160 samples). */
  send(frame: Int16Array, now: Millis): void {
    const law = this.#output.law;
    if (law === undefined) return;
    encodeG711(law, frame, 0, FRAME, this.#encoded, 0);
    this.sendFrame(this.#encoded, now);
  }

  readonly #encoded = new Uint8Array(FRAME);

  /** Sends 20 ms that are encoded already, in this leg's law. */
  sendFrame(payload: Uint8Array, now: Millis): void {
    if (this.#closed) return;
    this.#output.frame(payload, this.#latch.destination);
    if (!this.#spoke && this.#output.sender.packets > 0) {
      this.#spoke = true;
      this.#options.events.onSpoke();
    }
    const report = this.#rtcp.poll(now);
    if (report !== undefined) this.#sendRtcp(report);
  }

  /** Says BYE and answers the last numbers. The sockets are the owner's to close. */
  close(now: Millis): LegQuality {
    if (!this.#closed && this.#media !== undefined) this.#sendRtcp(this.#rtcp.bye(now).slice());
    this.#closed = true;
    return {
      packetsIn: this.#stats.packets,
      packetsOut: this.#output.sender.packets,
      lost: this.#stats.lost,
      concealed: Math.round(this.#playout.concealedSamples / FRAME),
      late: this.#playout.late,
      jitterMs: Math.round(this.#stats.jitterMs * 10) / 10,
    };
  }

  #receive(bytes: Uint8Array, address: string, port: number, now: Millis): void {
    if (this.#closed) return;
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
    const accepted = this.#accepted.get(payloadType);
    const isEvent = payloadType === this.#media?.dtmfIn;
    // What nobody agreed on must not latch.
    if (accepted === undefined && !isEvent && payloadType !== COMFORT_NOISE) return 'payload-type';
    const verdict = this.#latch.admit(address, port, now);
    if (verdict !== 'ok') return verdict;
    if (!this.#rate.take(now)) return 'rate';
    if (!this.#stats.push(view, now)) return 'sequence-jump';
    this.#hear(now);
    if (isEvent) this.#tell(this.#dtmf.push(view, now), now);
    else if (accepted !== undefined) return this.#voice(view, accepted, now);
    return undefined;
  }

  #voice(view: RtpView, { law, mime }: AcceptedPayload, now: Millis): string | undefined {
    const { payloadStart: start, payloadEnd: end } = view;
    if (end === start) return 'empty';
    const outcome = this.#playout.push(view, now);
    if (outcome !== 'kept' && outcome !== 'late') return outcome;
    if (this.#muted || !this.#hears()) return undefined;
    view.level = levelOfEnergy(energyG711(law, view.bytes, start, end), end - start);
    this.#options.events.onVoice(view, mime, now);
    return undefined;
  }

  #receiveRtcp(bytes: Uint8Array, address: string, now: Millis): void {
    if (this.#closed) return;
    const verdict = this.#latch.admitRtcp(address);
    const reason = verdict === 'ok' ? this.#rtcp.push(bytes, now) : verdict;
    if (reason !== undefined) this.#options.events.onDropped({ where: 'rtcp', reason });
  }

  /** RTCP goes to the port that the SDP named, or beside the learned RTP port when the phone is behind a NAT. */
  #sendRtcp(bytes: Uint8Array): void {
    const remote = this.#media?.remote;
    const destination = this.#latch.destination;
    if (remote === undefined || destination === undefined || remote.rtcpPort === 0) return;
    const moved = destination.address !== remote.address || destination.port !== remote.port;
    const port = moved ? destination.port + 1 : remote.rtcpPort;
    if (port > 65535 || this.#options.rtcp.queued > 0) return;
    this.#options.rtcp.send(bytes, port, destination.address);
  }

  #hear(now: Millis): void {
    this.#heardAt = now;
    this.#toldSilent = false;
    if (this.#everHeard) return;
    this.#everHeard = true;
    this.#options.events.onHeard(now);
  }

  #housekeep(now: Millis): void {
    this.#tell(this.#dtmf.poll(now), now);
    const { mediaTimeoutMs, events } = this.#options;
    if (!this.#hears() || mediaTimeoutMs === 0) {
      this.#heardAt = now;
      return;
    }
    if (this.#toldSilent || now - this.#heardAt < mediaTimeoutMs) return;
    this.#toldSilent = true;
    events.onSilent(now);
  }

  #tell(digit: Digit | undefined, now: Millis): void {
    if (digit !== undefined) this.#options.events.onDigit(digit, now);
  }

  /** True while the phone is to be heard. */
  #hears(): boolean {
    const direction = this.#media?.direction;
    return direction === 'sendrecv' || direction === 'recvonly';
  }
}
