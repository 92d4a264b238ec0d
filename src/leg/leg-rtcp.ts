import type { Millis } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { SourceLatch } from '../rtp/source-latch.ts';
import type { LegDescription } from './description.ts';
import type { FarReports } from './far-reports.ts';
import { rtcpPort } from './rtcp-destination.ts';
import { RtcpReporter } from './rtcp-report.ts';

/** Reports come every few seconds (RFC 3550 section 6.2), feedback a little more often; each is parsed. */
const REPORT_RATE = { perSecond: 20, burst: 60 };

/** What a leg's RTCP is made of. */
export interface LegRtcpParts extends Omit<ConstructorParameters<typeof RtcpReporter>[0], 'unixOffsetMs'> {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
  readonly latch: SourceLatch;
  /** Unix time minus the monotonic clock's, ms. */
  readonly unixOffsetMs: number;
}

/** How a leg's RTCP comes and goes: whose is taken, how much of it, and by which socket ours leaves. */
export class LegRtcp {
  readonly #parts: LegRtcpParts;
  readonly #reporter: RtcpReporter;
  readonly #rate: TokenBucket;
  #media: LegDescription | undefined;

  constructor(parts: LegRtcpParts, now: Millis) {
    this.#parts = parts;
    this.#reporter = new RtcpReporter(parts, now);
    this.#rate = new TokenBucket(REPORT_RATE, now);
  }

  /** Last round trip, ms. */
  get roundTripMs(): number | undefined {
    return this.#reporter.roundTripMs;
  }

  /** What the phone says of ours. */
  get far(): FarReports {
    return this.#reporter.far;
  }

  /** The call's media begin, or change; `ticksPerMs` is of our RTP clock. */
  apply(media: LegDescription, ticksPerMs: number): void {
    this.#media = media;
    this.#reporter.ticksPerMs = ticksPerMs;
  }

  /** Takes what came from `address`; why not, when it is dropped. */
  receive(bytes: Uint8Array, address: string, now: Millis): string | undefined {
    const verdict = this.#parts.latch.admitRtcp(address);
    if (verdict !== 'ok') return verdict;
    return this.#rate.take(now) ? this.#reporter.push(bytes, now) : 'rate';
  }

  /** Reports, if it is time. */
  poll(now: Millis): void {
    const report = this.#reporter.poll(now);
    if (report !== undefined) this.#send(report);
  }

  /** Says that our stream ends; nothing before {@link apply}. */
  bye(now: Millis): void {
    if (this.#media !== undefined) this.#send(this.#reporter.bye(now).slice());
  }

  #send(bytes: Uint8Array): void {
    const media = this.#media;
    const { latch, rtp, rtcp } = this.#parts;
    const { destination } = latch;
    if (media === undefined || destination === undefined) return;
    const port = rtcpPort(media, destination);
    const socket = media.rtcpMux === true ? rtp : rtcp;
    if (port !== undefined && socket.queued === 0) socket.send(bytes, port, destination.address);
  }
}
