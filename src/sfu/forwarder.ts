import type { Millis } from '../base/clock.ts';
import type { RtpView } from '../rtp/packet.ts';
import type { SendRefusal, TrackSender } from './track-sender.ts';

/** A key frame is asked for at most this often: encoders answer each with a burst. */
const KEYFRAME_EVERY: Millis = 500;

/** What a forwarder tells its owner. */
export interface ForwarderListener {
  /** A receiver of the track cannot decode: the source shall send a key frame. */
  keyframeNeeded(): void;
  /** A packet did not go to one of the senders. `muted` is not told: it is no loss. */
  refused(reason: Exclude<SendRefusal, 'muted'>): void;
}

/** One track's way from its source to all who receive it. */
export class Forwarder {
  readonly #senders: TrackSender[] = [];
  readonly #listener: ForwarderListener;
  #keyframeAskedAt: Millis = Number.NEGATIVE_INFINITY;

  constructor(listener: ForwarderListener) {
    this.#listener = listener;
  }

  get size(): number {
    return this.#senders.length;
  }

  add(sender: TrackSender, now: Millis): void {
    this.#senders.push(sender);
    if (sender.kind === 'video') this.requestKeyframe(now);
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

  /** The source is muted or on hold: what comes next follows what was sent, without a gap. */
  pause(): void {
    for (const sender of this.#senders) sender.pause();
  }

  /** Passes a receiver's PLI or FIR on, throttled over all receivers. */
  requestKeyframe(now: Millis): void {
    if (now - this.#keyframeAskedAt < KEYFRAME_EVERY) return;
    this.#keyframeAskedAt = now;
    this.#listener.keyframeNeeded();
  }
}
