/** A phone leg's RTCP: when to report, what to say, and the round trip that the other end's reports tell of (RFC 3550 section 6). */
import type { Millis } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { ReceiveStats } from '../rtp/receive-stats.ts';
import { parseRtcp, type ReportBlock, type RtcpFault } from '../rtp/rtcp/parse.ts';
import { RtcpWriter } from '../rtp/rtcp/write.ts';
import type { RtpSender } from '../rtp/sender.ts';
import { FarReports } from './far-reports.ts';

/** Mean interval (section 6.2); each is drawn from half to one and a half of it. */
const INTERVAL_MS = 5000;
/** Seconds from 1900, NTP's epoch, to 1970. */
const NTP_OFFSET = 2_208_988_800;

/** One leg's RTCP session. */
export class RtcpReporter {
  readonly #sender: RtpSender;
  readonly #stats: ReceiveStats;
  readonly #random: Random;
  readonly #cname: string;
  readonly #unixOffsetMs: number;
  readonly #writer = new RtcpWriter(new Uint8Array(512));
  #nextAt: Millis;
  #sentBefore = 0;
  /** Last round trip, ms, or undefined while unknown. */
  roundTripMs: number | undefined;
  /** It was measured here; else the other end told it. */
  #measured = false;
  /** What the other end says of ours. */
  readonly far = new FarReports();
  /** Of our RTP clock. */
  ticksPerMs = 8;

  /** `unixOffsetMs` is Unix time minus the monotonic clock's: it makes the NTP times true. */
  constructor(
    options: { sender: RtpSender; stats: ReceiveStats; random: Random; cname: string; unixOffsetMs: number },
    now: Millis,
  ) {
    this.#sender = options.sender;
    this.#stats = options.stats;
    this.#random = options.random;
    this.#cname = options.cname;
    this.#unixOffsetMs = options.unixOffsetMs;
    this.#nextAt = now + this.#interval() / 2;
  }

  /** The compound to send now, or undefined while it is not time. Its bytes are good until the next call. */
  poll(now: Millis): Uint8Array | undefined {
    if (now < this.#nextAt) return undefined;
    this.#nextAt = now + this.#interval();
    return this.#compound(now, 'stays');
  }

  /** The last compound, with BYE (section 6.6). */
  bye(now: Millis): Uint8Array {
    return this.#compound(now, 'leaves');
  }

  /** Takes what came; a fault when it was no RTCP. */
  push(bytes: Uint8Array, now: Millis): RtcpFault | undefined {
    const parsed = parseRtcp(bytes, bytes.length);
    if (!parsed.ok) return parsed.error;
    for (const packet of parsed.value) {
      if (packet.type === 'sr') this.#stats.senderReport(packet.ssrc, packet.ntpHigh, packet.ntpLow, now);
      if (packet.type === 'sr' || packet.type === 'rr')
        for (const block of packet.reports) this.#read(block, now);
      if (packet.type === 'xr')
        for (const metrics of packet.voip) {
          if (metrics.ssrc !== this.#sender.ssrc) continue;
          this.far.voip(metrics);
          // Who does not answer our reports may know it all the same.
          if (!this.#measured) this.roundTripMs = metrics.roundTripMs ?? this.roundTripMs;
        }
    }
    return undefined;
  }

  /** Section 6.4.1: round trip = now - LSR - DLSR, in 1/65536 s. */
  #read(block: ReportBlock, now: Millis): void {
    if (block.ssrc !== this.#sender.ssrc) return;
    this.far.report(block, this.ticksPerMs);
    if (block.lastSr === 0) return;
    const { high, low } = this.#ntp(now);
    const middle = ((high << 16) | (low >>> 16)) >>> 0;
    const trip = (((middle - block.lastSr - block.delaySinceLastSr) | 0) * 1000) / 65536;
    if (trip < 0 || trip >= 60_000) return;
    this.roundTripMs = trip;
    this.#measured = true;
  }

  #compound(now: Millis, end: 'stays' | 'leaves'): Uint8Array {
    const writer = this.#writer;
    const sender = this.#sender;
    writer.length = 0;
    const block = this.#stats.report(now);
    // Section 6.4: who sent since the last report sends an SR, who did not an RR.
    if (sender.packets > 0 && sender.packets !== this.#sentBefore) {
      const { high, low } = this.#ntp(now);
      writer.senderReport({
        ssrc: sender.ssrc,
        ntpHigh: high,
        ntpLow: low,
        rtpTimestamp: sender.timestamp,
        packets: sender.packets,
        octets: sender.octets,
      });
      if (block !== undefined) writer.receiverReport(sender.ssrc, [block]);
    } else writer.receiverReport(sender.ssrc, block === undefined ? [] : [block]);
    this.#sentBefore = sender.packets;
    writer.cname(sender.ssrc, this.#cname);
    if (end === 'leaves') writer.bye(sender.ssrc);
    return writer.bytes.subarray(0, writer.length);
  }

  #interval(): number {
    return INTERVAL_MS * (0.5 + (this.#random.u32() >>> 0) / 0x1_0000_0000);
  }

  #ntp(now: Millis): { high: number; low: number } {
    const unixMs = now + this.#unixOffsetMs;
    const seconds = Math.floor(unixMs / 1000);
    return {
      high: (seconds + NTP_OFFSET) >>> 0,
      low: Math.floor(((unixMs - seconds * 1000) / 1000) * 0x1_0000_0000) >>> 0,
    };
  }
}
