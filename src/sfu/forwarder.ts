import type { Millis } from '../base/clock.ts';
import type { RtpView } from '../rtp/packet.ts';
import { beginsKeyFrame } from './key-frame.ts';
import { Layers, MAX_LAYERS } from './layers.ts';
import { NO_LAYER, type SendRefusal, type TrackSender } from './track-sender.ts';

/** A key frame is asked for at most this often: encoders answer each with a burst. */
const KEYFRAME_EVERY: Millis = 500;

/** What a forwarder tells its owner. */
export interface ForwarderListener {
  /** A receiver of the track cannot decode: the source shall send a key frame, of `layer` if there are layers. */
  keyframeNeeded(layer: number): void;
  /** A packet did not go to one of the senders. `muted` is not told: it is no loss. */
  refused(reason: Exclude<SendRefusal, 'muted'>): void;
}

/** One track's way from its source to all who receive it. */
export class Forwarder {
  readonly #senders: TrackSender[] = [];
  readonly #listener: ForwarderListener;
  readonly #layers = new Layers();
  /** Per layer; the last is for all of them at once. */
  readonly #keyframeAskedAt = new Float64Array(MAX_LAYERS + 1).fill(Number.NEGATIVE_INFINITY);

  constructor(listener: ForwarderListener) {
    this.#listener = listener;
  }

  get size(): number {
    return this.#senders.length;
  }

  add(sender: TrackSender, now: Millis): void {
    this.#senders.push(sender);
    if (sender.kind === 'video') this.requestKeyframe(NO_LAYER, now);
  }

  remove(sender: TrackSender): void {
    const at = this.#senders.indexOf(sender);
    if (at >= 0) this.#senders.splice(at, 1);
  }

  /** Sends the packet, whose codec is `mime`, to every sender. Returns how many took it. */
  push(view: RtpView, mime: string, now: Millis): number {
    let count = 0;
    for (const sender of this.#senders) {
      const outcome = sender.push(view, mime, now);
      if (outcome === 'sent') count++;
      else if (outcome !== 'muted') this.#listener.refused(outcome);
    }
    return count;
  }

  /**
   * Sends a packet of one simulcast layer to those senders that have it or switch to it now. A sender switches at a key
   * frame alone, and one is asked for as long as a sender waits.
   */
  pushLayer(view: RtpView, mime: string, layer: number, now: Millis): number {
    this.#layers.heard(layer, now);
    let count = 0;
    let begins: boolean | undefined;
    for (const sender of this.#senders) {
      if (sender.muted) continue;
      if (sender.layer !== layer) {
        const isBest = this.#layers.best(sender.wantedLayer, now) === layer;
        // Whoever sees nothing yet takes what comes first: a small picture now is better than a large one later.
        if (!isBest && (sender.layer !== NO_LAYER || layer > sender.wantedLayer)) continue;
        begins ??= beginsKeyFrame(mime, view.bytes, view.payloadStart, view.payloadEnd);
        if (!begins) {
          if (isBest) this.requestKeyframe(layer, now);
          continue;
        }
        sender.layer = layer;
      }
      const outcome = sender.push(view, mime, now);
      if (outcome === 'sent') count++;
      else if (outcome !== 'muted') this.#listener.refused(outcome);
    }
    return count;
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
}
