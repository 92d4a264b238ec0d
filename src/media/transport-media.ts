import type { Millis } from '../base/clock.ts';
import type { SealingWay } from '../base/sealing-way.ts';
import { parseRtp, RtpView, readU32 } from '../rtp/packet.ts';
import { Arrivals } from '../rtp/rtcp/arrivals.ts';
import { parseRtcp, type ReportBlock } from '../rtp/rtcp/parse.ts';
import type { SrtpMaster, SrtpProfile } from '../rtp/srtp/key-derivation.ts';
import { type SrtpFault, SrtpOpener, SrtpSealer } from '../rtp/srtp/session.ts';
import type { MakeTransform } from '../rtp/srtp/transform.ts';
import type { Forwarder } from '../sfu/forwarder.ts';
import type { PacketOutput, Passage } from '../sfu/packet-output.ts';
import { RED, type RedReader } from '../sfu/red.ts';
import { NO_LAYER, type TrackSender } from '../sfu/track-sender.ts';
import { DownlinkBandwidth, type DownlinkBandwidthOptions } from './downlink-bandwidth.ts';
import type { DropCounter } from './drop-counter.ts';
import { PathQualityMeter } from './path-quality.ts';
import type { ProtectedMedia, ProtectedPath } from './protected-media.ts';
import type { Codec, TrackId } from './protocol.ts';
import { type Receiver, Receivers } from './receivers.ts';
import { restore } from './retransmissions.ts';
import { type Reporter, writeArrivals, writeFeedback, writeReports } from './transport-reports.ts';

/** Longest packet that is made here, with its seal. */
const MAX_PACKET = 2048;
/** Packets are made in here, sealed, and given to the socket, which takes them at once: one buffer does for a thread. */
const scratch = new Uint8Array(MAX_PACKET);

/** What a browser's media need of the rest. */
export interface MediaPath extends ProtectedPath {
  onPacket(track: TrackId, view: RtpView, mime: string, now: Millis): void;
}

/** How many packets passed since the start. */
export interface MediaTotals {
  received: number;
  sent: number;
}

/** RTP and RTCP of one browser, protected: what it publishes comes in, what it subscribes to goes out. */
export class TransportMedia implements PacketOutput, ProtectedMedia {
  readonly receivers = new Receivers();
  readonly quality = new PathQualityMeter();
  readonly #senders = new Map<number, { readonly sender: TrackSender; readonly forwarder: Forwarder }>();
  readonly #path: MediaPath;
  readonly #drops: DropCounter;
  readonly #totals: MediaTotals;
  readonly #reporter: Reporter;
  readonly #view = new RtpView();
  readonly #make: MakeTransform | undefined;
  readonly #arrivals = new Arrivals();
  readonly #bandwidth: DownlinkBandwidth;
  /** Of the last packet that was sent with one. */
  #transportSequence = 0;
  #opener: SrtpOpener | undefined;
  #sealer: SrtpSealer | undefined;
  /** What was lent is of this way, which seals it as it leaves; undefined: it is {@link scratch}, and is sealed here. */
  #way: SealingWay | undefined;
  /** The one for all packets until the path changes. */
  #steadyWay: SealingWay | undefined;
  #lent: Uint8Array | undefined;

  /** `srtp`: who protects; undefined: TypeScript alone. */
  constructor(options: {
    path: MediaPath;
    drops: DropCounter;
    totals: MediaTotals;
    reporter: Reporter;
    srtp: MakeTransform | undefined;
    bandwidth: DownlinkBandwidthOptions;
  }) {
    this.#path = options.path;
    this.#drops = options.drops;
    this.#totals = options.totals;
    this.#reporter = options.reporter;
    this.#make = options.srtp;
    this.#bandwidth = new DownlinkBandwidth(options.bandwidth);
  }

  /** The handshake is done and audited. */
  setKeys(profile: SrtpProfile, local: SrtpMaster, remote: SrtpMaster): void {
    this.#letAlight();
    this.#opener = new SrtpOpener(profile, remote, this.#make);
    this.#sealer = new SrtpSealer(profile, local, this.#make);
  }

  addSender(sender: TrackSender, forwarder: Forwarder): void {
    // With a picture beside it sound may have transport-wide numbers from now on.
    this.#letAlight();
    this.#senders.set(sender.ssrc, { sender, forwarder });
    this.#bandwidth.add({ sender, forwarder });
  }

  removeSender(sender: TrackSender): void {
    if (this.#senders.get(sender.ssrc)?.sender !== sender) return;
    this.#senders.delete(sender.ssrc);
    this.#bandwidth.remove(sender);
  }

  /** The transport is gone. */
  close(): void {
    this.#bandwidth.close();
  }

  sendRtp(bytes: Uint8Array, headerEnd: number, length: number, numberedAt?: Millis): number {
    if (this.#sealer === undefined) return 0;
    const way = bytes === this.#lent ? this.#way : undefined;
    const sealed =
      way === undefined
        ? this.#sealAndSend(this.#sealer, bytes, headerEnd, length)
        : this.#sendSealing(this.#sealer, way, headerEnd, length);
    if (typeof sealed === 'string') {
      this.#drops.count('srtp', `seal-${sealed}`);
      return 0;
    }
    if (sealed === 0) return 0;
    this.#totals.sent++;
    if (numberedAt !== undefined) {
      this.#transportSequence = this.nextTransportSequence;
      this.#bandwidth.sent(this.#transportSequence, sealed, numberedAt);
    }
    return sealed;
  }

  /** Seals at once. */
  #sealAndSend(sealer: SrtpSealer, bytes: Uint8Array, headerEnd: number, length: number): number | SrtpFault {
    const sealed = sealer.sealRtp(bytes, headerEnd, length);
    if (typeof sealed === 'string') return sealed;
    return this.#path.sendReused(bytes.subarray(0, sealed)) ? sealed : 0;
  }

  /** Lets the way seal what was lent, together with all that leaves then. */
  #sendSealing(sealer: SrtpSealer, way: SealingWay, headerEnd: number, length: number): number | SrtpFault {
    const bytes = this.#lent!;
    this.#lent = undefined;
    const index = sealer.admit(readU32(bytes, 8), (bytes[2]! << 8) | bytes[3]!);
    if (typeof index === 'string') return index;
    return way.commit(headerEnd, length, index) ? length + sealer.by.tagBytes : 0;
  }

  lend(): Uint8Array | undefined {
    if (this.#sealer === undefined) return undefined;
    this.#way = this.#steadyWay ?? this.#findWay(this.#sealer);
    this.#lent = this.#way?.lend();
    if (this.#lent !== undefined) return this.#lent;
    return this.#path.isReady() ? scratch : undefined;
  }

  pathChanged(): void {
    this.#letAlight();
    this.#steadyWay = undefined;
  }

  passage(ssrc: number, sequence: number): Passage | undefined {
    const way = this.#steadyWay?.steady?.(this.#letAlight);
    const next = way && this.#sealer?.lend(ssrc, (sequence + 1) & 0xffff)?.next;
    return next === undefined ? undefined : { way: way!, index: next - 1 };
  }

  used(ssrc: number, index: number): void {
    this.#sealer?.sealedElsewhere(ssrc, index, 1);
  }

  /** All make and send their own packets, until they ask for a passage again. */
  readonly #letAlight = (): void => {
    for (const { sender } of this.#senders.values()) sender.alight();
  };

  #findWay(sealer: SrtpSealer): SealingWay | undefined {
    const way = this.#path.sealing(sealer.by);
    if (this.#path.isSteady()) this.#steadyWay = way;
    return way;
  }

  /** Only videos are fitted to what the peer's connection carries. */
  get isMeasured(): boolean {
    return this.#bandwidth.hasVideo;
  }

  get nextTransportSequence(): number {
    return (this.#transportSequence + 1) & 0xffff;
  }

  resend(bytes: Uint8Array): void {
    this.#path.sendReused(bytes);
  }

  /** An SRTP packet, opened in place. */
  onSrtp(bytes: Uint8Array, now: Millis): void {
    if (this.#opener === undefined) {
      this.#drops.count('srtp', 'no-keys');
      return;
    }
    const length = this.#opener.openRtp(bytes, bytes.length);
    if (typeof length === 'string') {
      this.#drops.count('srtp', length);
      return;
    }
    const view = this.#view;
    const fault = parseRtp(bytes, length, view);
    if (fault !== undefined) {
      this.#drops.count('rtp', fault);
      return;
    }
    this.#totals.received++;
    const receiver = this.receivers.find(view);
    if (receiver === undefined) {
      this.#drops.count('rtp', 'no-receiver');
      return;
    }
    const transportSequence = receiver.transportSequence(view);
    if (transportSequence >= 0 && this.#arrivals.push(transportSequence, bytes.length, now)) {
      const report = this.#arrivals.take(now);
      if (report !== undefined) this.#sendRtcp(writeArrivals(this.#reporter, view.ssrc, report));
    }
    const codec = receiver.codec(view.payloadType);
    if (codec === undefined) {
      this.#onRepair(view, receiver, now);
      return;
    }
    const reception = receiver.reception(view.ssrc, codec.clockRate);
    if (reception === undefined) {
      this.#drops.count('rtp', 'sources');
      return;
    }
    reception.push(view.sequence, view.timestamp, now);
    const wanted = reception.wanted(now);
    if (wanted.length > 0) this.#sendRtcp(writeFeedback(this.#reporter, view.ssrc, wanted));
    this.#forward(view, receiver, codec, now);
  }

  /** A retransmission, of which only what is missing is used; or padding, or what nobody agreed to. */
  #onRepair(view: RtpView, receiver: Receiver, now: Millis): void {
    const codec = receiver.repaired(view.payloadType);
    if (codec === undefined) {
      this.#drops.count('rtp', 'payload-type');
      return;
    }
    const restored = restore(view, receiver, codec);
    if (restored === 'padding') return;
    if (restored === 'unknown') this.#drops.count('rtp', 'rtx-source');
    else if (receiver.findReception(view.ssrc)?.recovered(view.sequence) !== true)
      this.#drops.count('rtp', 'rtx-unasked');
    else this.#forward(view, receiver, codec, now);
  }

  #forward(view: RtpView, receiver: Receiver, codec: Codec, now: Millis): void {
    if (receiver.muted) return;
    if (receiver.kind === 'video') receiver.findDescriptor(view);
    if (receiver.simulcast) {
      const layer = receiver.layer(view);
      if (layer === NO_LAYER) this.#drops.count('rtp', 'rid');
      else receiver.forwarder.pushLayer(view, codec.mime, layer, now);
      return;
    }
    if (!receiver.isActive(view.ssrc, now)) {
      this.#drops.count('rtp', 'layer');
      return;
    }
    receiver.readLevel(view);
    if (receiver.red !== undefined) this.#forwardRed(view, receiver, receiver.red, codec, now);
    else {
      receiver.forwarder.push(view, codec.mime, now);
      this.#path.onPacket(receiver.track, view, codec.mime, now);
    }
  }

  /** RED goes whole to those who take it, and apart to all others, with what it brings of lost packets. */
  #forwardRed(view: RtpView, receiver: Receiver, red: RedReader, codec: Codec, now: Millis): void {
    const { forwarder, track } = receiver;
    if (codec.mime !== RED) {
      if (!red.plain(view)) return;
      forwarder.push(view, codec.mime, now);
      this.#path.onPacket(track, view, codec.mime, now);
      return;
    }
    const opus = receiver.redBlocks;
    // Padding alone, by which browsers probe the way: passed on empty, for its number must not be missed.
    if (opus !== undefined && view.payloadStart === view.payloadEnd) {
      if (!red.plain(view)) return;
      forwarder.pushRed(view, now);
      forwarder.pushUnwrapped(view, opus.mime, now);
      return;
    }
    if (opus === undefined || !red.read(view, opus.payloadType)) {
      this.#drops.count('rtp', 'red');
      return;
    }
    forwarder.pushRed(view, now);
    for (let packet = red.take(); packet !== undefined; packet = red.take()) {
      forwarder.pushUnwrapped(packet, opus.mime, now);
      this.#path.onPacket(track, packet, opus.mime, now);
    }
  }

  /** An SRTCP compound, opened in place. */
  onSrtcp(bytes: Uint8Array, now: Millis, unixMs: number): void {
    if (this.#opener === undefined) {
      this.#drops.count('srtcp', 'no-keys');
      return;
    }
    const length = this.#opener.openRtcp(bytes, bytes.length);
    if (typeof length === 'string') {
      this.#drops.count('srtcp', length);
      return;
    }
    const parsed = parseRtcp(bytes, length);
    if (!parsed.ok) {
      this.#drops.count('rtcp', parsed.error);
      return;
    }
    for (const packet of parsed.value) {
      switch (packet.type) {
        case 'sr':
          this.#heard(packet.reports, unixMs);
          for (const receiver of this.receivers.list) {
            receiver.findReception(packet.ssrc)?.senderReport(packet.ntpHigh, packet.ntpLow, now);
          }
          break;
        case 'nack': {
          const open = this.#senders.get(packet.media);
          open?.forwarder.resend(open.sender, packet.sequences, now);
          break;
        }
        case 'pli':
          this.#keyframeWanted(packet.media, now);
          break;
        case 'fir':
          for (const ssrc of packet.media) this.#keyframeWanted(ssrc, now);
          break;
        case 'rr':
          this.#heard(packet.reports, unixMs);
          break;
        case 'transport-cc':
          this.#bandwidth.feedback(packet, now);
          break;
        case 'sdes':
        case 'bye':
        case 'xr':
        case 'ignored':
          break;
      }
    }
  }

  #keyframeWanted(ssrc: number, now: Millis): void {
    const open = this.#senders.get(ssrc);
    open?.forwarder.requestKeyframe(open.sender.layer, now);
  }

  /** Asks the browser for a key frame of one layer of a published track, or on every source of it. */
  requestKeyframe(receiver: Receiver, layer: number): void {
    for (const reception of receiver.receptions) {
      if (layer !== NO_LAYER && receiver.layerOf(reception.ssrc) !== layer) continue;
      this.#sendRtcp(writeFeedback(this.#reporter, reception.ssrc, 'keyframe'));
    }
  }

  #heard(blocks: readonly ReportBlock[], unixMs: number): void {
    for (const block of blocks) {
      const rate = this.#senders.get(block.ssrc)?.sender.clockRate;
      if (rate === undefined) continue;
      this.quality.report('down', block, rate);
      this.quality.roundTrip(block, unixMs);
    }
  }

  /** Sends the periodic reports. */
  report(now: Millis, unixMs: number): void {
    const senders = Array.from(this.#senders.values(), (entry) => entry.sender);
    const blocks = this.receivers.reports(now);
    for (const block of blocks) this.quality.report('up', block, this.receivers.clockRate(block.ssrc));
    for (const compound of writeReports(this.#reporter, blocks, senders, now, unixMs)) {
      this.#sendRtcp(compound);
    }
  }

  #sendRtcp(compound: { readonly bytes: Uint8Array; readonly length: number }): void {
    const sealed = this.#sealer?.sealRtcp(compound.bytes, compound.length);
    if (typeof sealed === 'number') this.#path.send(compound.bytes.subarray(0, sealed));
    else if (sealed !== undefined) this.#drops.count('srtcp', `seal-${sealed}`);
  }
}
