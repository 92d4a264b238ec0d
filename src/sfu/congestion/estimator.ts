import type { Millis } from '../../base/clock.ts';
import type { TransportFeedback } from '../../rtp/rtcp/transport-feedback.ts';
import { AcknowledgedRate } from './acknowledged-rate.ts';
import { DelayTrend } from './delay-trend.ts';
import { Probe } from './probe.ts';
import { RateControl } from './rate-control.ts';
import { SentHistory } from './sent-history.ts';

/** How long a probe is sent. */
const PROBE: Millis = 160;
/** Probes wait so long after a queue grew, and longer each time that one fails. */
const PROBE_PAUSE = { least: 1500, most: 15_000 } as const;
/** So soon after the start, probes follow each other quickly. */
const EARLY: Millis = 3000;
const EARLY_PAUSE: Millis = 150;

/**
 * What one peer's connection carries, from its transport-wide feedback: sender-side estimation as browsers do it
 * (draft-ietf-rmcat-gcc-02), with probes, for a forwarder sends what layers cost and never a little more.
 */
export class BandwidthEstimator {
  /** Made with the first packet: a connection that is never measured, as of who hears sound alone, needs none of its 80 KB. */
  #history: SentHistory | undefined;
  readonly #trend = new DelayTrend();
  readonly #acknowledged = new AcknowledgedRate();
  readonly #control = new RateControl();
  #probe: Probe | undefined;
  #probes = 0;
  #nextProbeAt: Millis = 0;
  #probePause: Millis = PROBE_PAUSE.least;
  #firstFeedbackAt: Millis | undefined;
  #rttMs: Millis = 100;

  /** Bits a second, everything with its RTP and UDP/IP headers. */
  get rate(): number {
    return this.#control.rate;
  }

  /** Part of the packets that was lost of late, 0 … 1. */
  get loss(): number {
    return this.#control.loss;
  }

  /** What arrives, bits a second; undefined before it is known. */
  get acknowledged(): number | undefined {
    return this.#acknowledged.rate;
  }

  /** Feedback has come: the peer takes part. */
  get alive(): boolean {
    return this.#firstFeedbackAt !== undefined;
  }

  /** No queue and no losses were seen yet: the rate is a guess, and nothing speaks against more. */
  get isUntried(): boolean {
    return this.#control.decreasedAt === Number.NEGATIVE_INFINITY;
  }

  /** A packet of so many bytes left, by its transport-wide number. */
  sent(sequence: number, bytes: number, now: Millis): void {
    const probe = this.#probe?.isSending(now) === true ? this.#probe.id : 0;
    this.#history ??= new SentHistory();
    this.#history.sent(sequence, bytes, probe, now);
  }

  /** The peer tells what arrived when. */
  feedback({ arrivals, base }: TransportFeedback, now: Millis): void {
    // A peer that speaks of what it was never sent takes no part.
    if (this.#history === undefined) return;
    this.#firstFeedbackAt ??= now;
    let packets = 0;
    let lost = 0;
    for (let i = 0; i < arrivals.length; i++) {
      const record = this.#history.take((base + i) & 0xffff);
      if (record === undefined) continue;
      packets++;
      const arrival = arrivals[i]!;
      if (Number.isNaN(arrival)) {
        lost++;
        continue;
      }
      this.#rttMs = now - record.sentAt;
      this.#acknowledged.push(record.bytes, arrival);
      this.#trend.push(record.sentAt, arrival);
      if (record.probe !== 0 && record.probe === this.#probe?.id)
        this.#probe.arrived(record.sentAt, arrival, record.bytes);
    }
    if (packets === 0) return;
    const acknowledged = this.#acknowledged.rate;
    this.#control.update({ usage: this.#trend.usage, acknowledged, packets, lost, rttMs: this.#rttMs }, now);
  }

  /**
   * Looks after probes; call it every few milliseconds while one is sent, else now and then. `wanted` is what could be used,
   * bits a second. Answers the rate at which padding is to fill what is sent; 0: there is no probe.
   */
  probe(wanted: number, now: Millis): number {
    if (this.#probe?.isOver(now) === true) this.#judge(this.#probe, now);
    if (this.#probe !== undefined) return this.#probe.isSending(now) ? this.#probe.rate : 0;
    const { decreasedAt, loss, rate } = this.#control;
    if (!this.alive || wanted <= rate || now < this.#nextProbeAt) return 0;
    if (now - decreasedAt < PROBE_PAUSE.least || this.#trend.usage !== 'normal' || loss > 0.1) return 0;
    const early = now - this.#firstFeedbackAt! < EARLY;
    const target = Math.min(wanted * 1.1, rate * (early ? 3 : 2));
    this.#probe = new Probe(++this.#probes, target, now + PROBE);
    return target;
  }

  #judge(probe: Probe, now: Millis): void {
    this.#probe = undefined;
    const result = probe.result();
    const good = result !== undefined && result > 0.8 * probe.rate && this.#trend.usage !== 'overuse';
    if (result !== undefined && this.#trend.usage !== 'overuse') this.#control.proven(result);
    if (good) this.#probePause = PROBE_PAUSE.least;
    else this.#probePause = Math.min(PROBE_PAUSE.most, 2 * this.#probePause);
    const early = good && now - this.#firstFeedbackAt! < EARLY;
    this.#nextProbeAt = now + (early ? EARLY_PAUSE : this.#probePause);
  }
}
