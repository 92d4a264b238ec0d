import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { TransportFeedback } from '../rtp/rtcp/transport-feedback.ts';
import { allocate, type Claim, fullCost } from '../sfu/allocation.ts';
import { BandwidthEstimator } from '../sfu/congestion/estimator.ts';
import type { Forwarder } from '../sfu/forwarder.ts';
import { MAX_LAYERS } from '../sfu/layers.ts';
import { NO_LAYER, type TrackSender } from '../sfu/track-sender.ts';

/** How often the shares are made anew. */
const SHARE_EVERY: Millis = 100;
/** How often padding goes out while a probe is sent. */
const PROBE_EVERY: Millis = 10;
/** A peer that has told nothing by then does not take part, and is not held back. */
const ANSWERS_WITHIN: Millis = 3000;
/** A video that has lost a layer gets no larger one for so long: what comes and goes is worse than what is small. */
const STEADY: Millis = 3000;
/**
 * What the smallest layers may take of a connection that is not tried yet, bits a second: a picture of one size is often more than the
 * estimate begins with, and shall not wait until probes have found room for it.
 */
const SMALLEST_UNTRIED = 4_000_000;
/** What a packet costs beside its payload: RTP with extensions, SRTP, UDP, IP. */
const PACKET_BYTES = 76;
/** Padding that one wake-up may send: no bug makes a flood. */
const MAX_PADDING = 40;

/** A sender with where its packets come from. */
export interface OpenSender {
  readonly sender: TrackSender;
  readonly forwarder: Forwarder;
}

/** What {@link DownlinkBandwidth} is made of. */
export interface DownlinkBandwidthOptions {
  readonly timers: Timers;
  readonly clock: Clock;
  /** A video lacks bandwidth altogether, or has it again. */
  onState(sender: TrackSender, state: 'paused' | 'active'): void;
}

/**
 * Shares what one peer's connection carries: audio has what it needs, videos get the layers that fit beside it, and probes of
 * padding find out whether there is room for more.
 */
export class DownlinkBandwidth {
  readonly #options: DownlinkBandwidthOptions;
  readonly #estimator = new BandwidthEstimator();
  readonly #audio = new Set<OpenSender>();
  readonly #video = new Set<OpenSender>();
  readonly #lowered = new WeakMap<TrackSender, Millis>();
  #alarm: Alarm | undefined;
  #startedAt: Millis = 0;
  #wokenAt: Millis = 0;
  #sharedAt: Millis = Number.NEGATIVE_INFINITY;
  #audioBytes = 0;
  #audioRate = 0;
  #sentBytes = 0;

  constructor(options: DownlinkBandwidthOptions) {
    this.#options = options;
  }

  /** Bits a second. */
  get rate(): number {
    return this.#estimator.rate;
  }

  /** There is something to be fitted to it. */
  get hasVideo(): boolean {
    return this.#video.size > 0;
  }

  add(open: OpenSender): void {
    if (open.sender.kind === 'audio') {
      this.#audio.add(open);
      return;
    }
    if (!open.sender.isMeasured) return;
    this.#video.add(open);
    if (this.#alarm !== undefined) return;
    const now = this.#options.clock.now();
    this.#startedAt = now;
    this.#wake(now);
  }

  remove(sender: TrackSender): void {
    for (const set of [this.#audio, this.#video])
      for (const open of set) if (open.sender === sender) set.delete(open);
    if (this.#video.size === 0) this.close();
  }

  /** A packet left, of so many sealed bytes. */
  sent(sequence: number, bytes: number, now: Millis): void {
    this.#sentBytes += bytes;
    this.#estimator.sent(sequence, bytes + 28, now);
  }

  feedback(feedback: TransportFeedback, now: Millis): void {
    this.#estimator.feedback(feedback, now);
  }

  close(): void {
    this.#options.timers.cancel(this.#alarm);
    this.#alarm = undefined;
  }

  #wake(now: Millis): void {
    const elapsed = now - this.#wokenAt;
    this.#wokenAt = now;
    const claims = this.#claims(now);
    if (now - this.#sharedAt >= SHARE_EVERY) this.#share(claims, now);
    const padding = this.#estimator.probe(fullCost(claims) + this.#audioRate, now);
    if (padding > 0 && elapsed <= 2 * PROBE_EVERY)
      this.#pad((padding * elapsed) / 8000 - this.#sentBytes, now);
    this.#sentBytes = 0;
    const next = now + (padding > 0 ? PROBE_EVERY : SHARE_EVERY);
    this.#alarm = this.#options.timers.schedule(next, (at) => this.#wake(at));
  }

  #claims(now: Millis): Claim[] {
    return Array.from(this.#video, ({ forwarder, sender }) => {
      const { priority, shownLayer, wantedLayer } = sender;
      const costs: number[] = [];
      if (!sender.muted)
        for (let layer = 0; layer < MAX_LAYERS; layer++) costs.push(forwarder.layers.bitrate(layer, now));
      return { costs, wanted: Math.min(wantedLayer, MAX_LAYERS - 1), priority, current: shownLayer };
    });
  }

  #share(claims: readonly Claim[], now: Millis): void {
    this.#measureAudio(now);
    this.#sharedAt = now;
    const silent = !this.#estimator.alive && now - this.#startedAt > ANSWERS_WITHIN;
    const budget = silent ? Number.POSITIVE_INFINITY : this.#estimator.rate - this.#audioRate;
    const layers = allocate(claims, budget, this.#estimator.isUntried ? SMALLEST_UNTRIED : budget);
    let at = 0;
    for (const { forwarder, sender } of this.#video) {
      const layer = layers[at++]!;
      const before = sender.allowedLayer;
      if (layer === before) continue;
      if (layer < sender.shownLayer) this.#lowered.set(sender, now);
      else if (before >= 0 && now - (this.#lowered.get(sender) ?? Number.NEGATIVE_INFINITY) < STEADY)
        continue;
      sender.allow(layer);
      if (layer < 0) this.#options.onState(sender, 'paused');
      else if (before < 0) {
        forwarder.requestKeyframe(NO_LAYER, now);
        this.#options.onState(sender, 'active');
      }
    }
  }

  #measureAudio(now: Millis): void {
    let bytes = 0;
    for (const { sender } of this.#audio) bytes += sender.octets + sender.packets * PACKET_BYTES;
    const elapsed = now - this.#sharedAt;
    // Who comes or goes makes a jump, which is no rate.
    const rate = elapsed > 0 && bytes > this.#audioBytes ? ((bytes - this.#audioBytes) * 8000) / elapsed : 0;
    this.#audioRate = 0.8 * this.#audioRate + 0.2 * Math.min(rate, 150_000 * this.#audio.size);
    this.#audioBytes = bytes;
  }

  #pad(bytes: number, now: Millis): void {
    let left = bytes;
    for (let i = 0; i < MAX_PADDING && left > 0; i++) {
      let sent = 0;
      for (const { sender } of this.#video) {
        sent = sender.pad(now);
        if (sent > 0) break;
      }
      if (sent === 0) return;
      left -= sent;
    }
  }
}
