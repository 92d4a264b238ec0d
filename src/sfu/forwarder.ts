import type { Millis } from '../base/clock.ts';
import type { RtpView } from '../rtp/packet.ts';
import { type FanSource, Fans } from './fans.ts';
import { beginsKeyFrame } from './key-frame.ts';
import { Layers, MAX_LAYERS, MAX_TEMPORAL } from './layers.ts';
import { PayloadCache } from './payload-cache.ts';
import { RED } from './red.ts';
import { type LayeredPacket, LayerReader, measureLayered } from './svc.ts';
import { NO_LAYER, type SendRefusal, type TrackSender } from './track-sender.ts';
import { Vp8Descriptor } from './vp8.ts';

/** A key frame is asked for at most this often: encoders answer each with a burst. */
const KEYFRAME_EVERY: Millis = 500;

/** What a forwarder tells its owner. */
export interface ForwarderListener {
  /** A receiver of the track cannot decode: the source shall send a key frame, of `layer` if there are layers. */
  keyframeNeeded(layer: number): void;
  /** A packet did not go to one of the senders, and not because it was not wanted. */
  refused(reason: Exclude<SendRefusal, 'muted' | 'left-out'>): void;
}

const vp8 = new Vp8Descriptor();

/** One track's way from its source to all who receive it. */
export class Forwarder {
  readonly #senders: TrackSender[] = [];
  readonly #listener: ForwarderListener;
  readonly layers = new Layers();
  /** Of each simulcast layer, or of the one stream. */
  readonly #readers: LayerReader[] = [];
  /** What comes as layers of their own has all sizes in one of them: browsers of old, and Safari, name layers so and send one stream. */
  #isOneStream = false;
  /** Of each layer, or of the one stream; made when a sender comes that repairs out of them. */
  readonly #caches: PayloadCache[] = [];
  /** Per layer; the last is for all of them at once. */
  readonly #keyframeAskedAt = new Float64Array(MAX_LAYERS + 1).fill(Number.NEGATIVE_INFINITY);

  /** Those whose packets are made together; undefined: nobody's are. */
  readonly #fans: Fans | undefined;

  /** `fans`: where one packet for many is made many, if there is such a place. */
  constructor(listener: ForwarderListener, fans?: FanSource) {
    this.#listener = listener;
    this.#fans = fans && new Fans(fans);
  }

  get size(): number {
    return this.#senders.length;
  }

  add(sender: TrackSender, now: Millis): void {
    this.#senders.push(sender);
    if (sender.repairs && this.#caches.length === 0)
      for (let layer = 0; layer < MAX_LAYERS; layer++) this.#caches.push(new PayloadCache());
    if (sender.kind === 'video') this.requestKeyframe(NO_LAYER, now);
  }

  remove(sender: TrackSender): void {
    sender.alight();
    const at = this.#senders.indexOf(sender);
    if (at >= 0) this.#senders.splice(at, 1);
  }

  /** Sends the packet, whose codec is `mime`, to every sender. Returns how many took it. */
  push(view: RtpView, mime: string, now: Millis): number {
    const layered = this.#read(view, mime, 0);
    if (layered !== undefined) return this.#pushLayered(view, mime, layered, now);
    if (this.#caches.length > 0) this.#take(view, mime, 0, now);
    let count = this.#fans?.push(view, mime, now) ?? 0;
    if (count === this.#senders.length) return count;
    for (const sender of this.#senders) {
      if (sender.rides(mime)) continue;
      // There is one stream: bandwidth decides whether it is sent, and a receiver that lost it begins at a key frame.
      if (sender.allowedLayer < 0) continue;
      this.#thinOut(sender, 0);
      count += this.#sendTo(sender, view, mime, now);
    }
    return count;
  }

  /** Sends a packet of Opus that came as RED, or was recovered of it, to those who do not take RED; it is pushed as RED before. */
  pushUnwrapped(view: RtpView, mime: string, now: Millis): number {
    let count = this.#fans?.push(view, mime, now) ?? 0;
    for (const sender of this.#senders)
      if (!sender.takesRed && !sender.rides(mime)) count += this.#sendTo(sender, view, mime, now);
    return count;
  }

  /** Sends a packet of RED to those who take it. */
  pushRed(view: RtpView, now: Millis): number {
    let count = this.#fans?.push(view, RED, now) ?? 0;
    for (const sender of this.#senders)
      if (sender.takesRed && !sender.rides(RED)) count += this.#sendTo(sender, view, RED, now);
    return count;
  }

  /** Sends a packet of a stream that has its sizes in one to those senders that have its size. */
  #pushLayered(view: RtpView, mime: string, packet: LayeredPacket, now: Millis): number {
    this.#caches[0]?.keep(view);
    measureLayered(this.layers, packet, view.payloadEnd - view.payloadStart + 50, now);
    let count = 0;
    for (const sender of this.#senders) {
      if (sender.allowedLayer < 0 || sender.muted) continue;
      const size = sender.targetLayer;
      this.#thinOut(sender, packet.spatial);
      count += this.#sendTo(sender, view, mime, now, packet, size);
      // AV1 says itself what is made; of VP9 it is what comes.
      if (sender.lacksSize && (packet.codec === 'av1' || this.layers.best(size, now) > sender.size))
        this.requestKeyframe(NO_LAYER, now);
    }
    return count;
  }

  /**
   * Sends a packet of one simulcast layer to those senders that have it or switch to it now. A sender switches at a key
   * frame alone, and one is asked for as long as a sender waits.
   */
  pushLayer(view: RtpView, mime: string, layer: number, now: Millis): number {
    const layered = this.#read(view, mime, layer);
    if (layered !== undefined && layered.spatial > 0) this.#beOneStream();
    if (this.#isOneStream && layered !== undefined) return this.#pushLayered(view, mime, layered, now);
    this.#take(view, mime, layer, now, layered);
    let count = 0;
    let begins: boolean | undefined;
    for (const sender of this.#senders) {
      if (sender.muted || sender.allowedLayer < 0) continue;
      if (sender.layer !== layer) {
        const isBest = this.layers.best(sender.targetLayer, now) === layer;
        // Whoever sees nothing yet takes what comes first: a small picture now is better than a large one later.
        if (!isBest && (sender.layer !== NO_LAYER || layer > sender.targetLayer)) continue;
        begins ??=
          layered === undefined
            ? beginsKeyFrame(mime, view.bytes, view.payloadStart, view.payloadEnd)
            : layered.keyFrame && layered.frameStart;
        if (!begins) {
          if (isBest) this.requestKeyframe(layer, now);
          continue;
        }
        sender.layer = layer;
      }
      this.#thinOut(sender, layer);
      count += this.#sendTo(sender, view, mime, now, layered, MAX_LAYERS);
      // Its source counts anew.
      if (layered !== undefined && sender.size < 0) this.requestKeyframe(layer, now);
    }
    return count;
  }

  /** Which layers the packet says that it belongs to. */
  #read(view: RtpView, mime: string, layer: number): LayeredPacket | undefined {
    if (mime !== 'video/vp9' && mime !== 'video/av1') return undefined;
    this.#readers[layer] ??= new LayerReader();
    return this.#readers[layer].read(view, mime);
  }

  #beOneStream(): void {
    if (this.#isOneStream) return;
    this.#isOneStream = true;
    for (const sender of this.#senders) sender.layer = NO_LAYER;
  }

  /** Answers a receiver's NACK. Returns how many packets were sent again. */
  resend(sender: TrackSender, sequences: readonly number[], now: Millis): number {
    return sender.resend(sequences, this.#caches, now);
  }

  /** The source is muted or on hold: what comes next follows what was sent, without a gap. */
  pause(): void {
    for (const sender of this.#senders) sender.pause();
  }

  /** Passes a receiver's PLI or FIR on, throttled over all receivers of a layer. */
  requestKeyframe(layer: number, now: Millis): void {
    const at = layer === NO_LAYER ? MAX_LAYERS : layer;
    if (now - this.#keyframeAskedAt[at]! < KEYFRAME_EVERY) return;
    this.#keyframeAskedAt[at] = now;
    this.#listener.keyframeNeeded(layer);
  }

  #sendTo(
    sender: TrackSender,
    view: RtpView,
    mime: string,
    now: Millis,
    layered?: LayeredPacket,
    size = 0,
  ): number {
    const outcome = sender.push(view, mime, now, layered, size);
    if (outcome === 'sent') {
      this.#fans?.board(sender, view, mime, now);
      return 1;
    }
    if (outcome !== 'muted' && outcome !== 'left-out') this.#listener.refused(outcome);
    return 0;
  }

  /** Measures the packet, and keeps its payload for those who may miss it. */
  #take(view: RtpView, mime: string, layer: number, now: Millis, layered?: LayeredPacket): void {
    this.layers.heard(layer, view.payloadEnd - view.payloadStart + 50, now);
    this.#caches[layer]?.keep(view);
    if (mime === 'video/vp8' && vp8.read(view.bytes, view.payloadStart, view.payloadEnd) && vp8.frameStart)
      this.layers.frame(layer, vp8.temporal);
    if (layered?.frameStart === true && layered.temporal < MAX_TEMPORAL)
      this.layers.frame(layer, layered.temporal);
  }

  #thinOut(sender: TrackSender, layer: number): void {
    if (sender.framesPerSecond > 0 && layer < MAX_LAYERS)
      sender.temporal.wanted = this.layers.temporalFor(layer, sender.framesPerSecond);
  }
}
