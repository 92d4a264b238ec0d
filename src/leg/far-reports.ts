/** What the phone says of the sound that it gets from us: by reception reports (RFC 3550) and VoIP metrics (RFC 3611). */
import type { ReportBlock } from '../rtp/rtcp/parse.ts';
import type { VoipMetrics } from '../rtp/rtcp/voip-metrics.ts';

/** Of some seconds; `loss` and `discarded` are parts of the packets, 0 … 1. */
export interface FarView {
  readonly loss: number;
  /** Came too late to be played; 0 when the phone does not tell. */
  readonly discarded: number;
  readonly jitterMs: number;
  /** The phone's own mean opinion score of a conversation; undefined when it does not tell. */
  readonly mos: number | undefined;
}

/** One leg's reports from the other end. */
export class FarReports {
  #lossSum = 0;
  #reports = 0;
  #metrics: VoipMetrics | undefined;
  /** What it lost of ours since the beginning, packets. */
  lost = 0;
  /** Interarrival jitter of ours when it last told, ms. */
  jitterMs: number | undefined;
  /** The last mean opinion score that it told. */
  mos: number | undefined;

  /** A reception report on what we send, whose clock has `ticksPerMs`. */
  report(block: ReportBlock, ticksPerMs: number): void {
    this.#lossSum += block.fractionLost / 256;
    this.#reports++;
    this.lost = Math.max(0, block.lost);
    this.jitterMs = block.jitter / ticksPerMs;
  }

  /** VoIP metrics on what we send. */
  voip(metrics: VoipMetrics): void {
    this.#metrics = metrics;
    this.mos = metrics.mosConversation ?? metrics.mosListening ?? this.mos;
  }

  /** What was reported since the last call; undefined: nothing. */
  take(): FarView | undefined {
    const metrics = this.#metrics;
    if (this.#reports === 0 && metrics === undefined) return undefined;
    const view: FarView = {
      // Reports tell of the time since the last one, metrics of the whole call.
      loss: this.#reports > 0 ? this.#lossSum / this.#reports : (metrics?.lossRate ?? 0) / 256,
      discarded: (metrics?.discardRate ?? 0) / 256,
      jitterMs: this.jitterMs ?? 0,
      mos: metrics?.mosConversation ?? metrics?.mosListening,
    };
    this.#lossSum = 0;
    this.#reports = 0;
    this.#metrics = undefined;
    return view;
  }
}
