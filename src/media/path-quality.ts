import type { Millis } from '../base/clock.ts';
import type { ReportBlock } from '../rtp/rtcp/parse.ts';

/** How well one transport's media fared over an interval, the worse of the two ways. */
export interface PathQuality {
  /** Part of the packets that was lost, 0 … 1. */
  readonly loss: number;
  /** Interarrival jitter (RFC 3550 section 6.4.1) of the sources, the largest. */
  readonly jitterMs: number;
  /** Round trip; 0 when no report told it. */
  readonly rttMs: number;
}

/** Judges a transport by the reports of both ends on each other: what we say of the browser's packets, and it of ours. */
export class PathQualityMeter {
  readonly #sums = { up: { lost: 0, reports: 0 }, down: { lost: 0, reports: 0 } };
  #jitterMs: Millis = 0;
  #rttMs: Millis = 0;

  /** A report block, `up` on what the browser sends, `down` on what we send. `clockRate` in Hz. */
  report(way: 'up' | 'down', block: ReportBlock, clockRate: number): void {
    const sum = this.#sums[way];
    sum.lost += block.fractionLost / 256;
    sum.reports++;
    this.#jitterMs = Math.max(this.#jitterMs, (block.jitter / clockRate) * 1000);
  }

  /** The round trip that a block of the browser's tells (RFC 3550 section 6.4.1): arrival less LSR less DLSR, at `unixMs`. */
  roundTrip({ delaySinceLastSr, lastSr }: ReportBlock, unixMs: number): void {
    if (lastSr === 0) return;
    // The middle 32 bits of the NTP time wrap every 65536 s, and seconds of 1900 and of 1970 are apart by a multiple of 1/65536 s.
    const arrival = Math.floor((((unixMs / 1000 + 2_208_988_800) % 65_536) * 65_536) % 2 ** 32);
    const trip = (arrival - lastSr - delaySinceLastSr) >>> 0;
    // A clock that went back makes it huge.
    if (trip < 10 * 65_536) this.#rttMs = (trip / 65_536) * 1000;
  }

  /** What was reported since the last call; undefined when nothing was. */
  take(): PathQuality | undefined {
    const { down, up } = this.#sums;
    if (up.reports + down.reports === 0) return undefined;
    const mean = ({ lost, reports }: { lost: number; reports: number }) =>
      reports === 0 ? 0 : lost / reports;
    const quality = {
      loss: Math.max(mean(up), mean(down)),
      jitterMs: Math.round(this.#jitterMs),
      rttMs: Math.round(this.#rttMs),
    };
    for (const sum of [up, down]) {
      sum.lost = 0;
      sum.reports = 0;
    }
    this.#jitterMs = 0;
    return quality;
  }
}
