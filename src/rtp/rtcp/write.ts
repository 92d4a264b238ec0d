import { utf8 } from '../../base/bytes.ts';
import { writeU32 } from '../packet.ts';
import type { ReportBlock } from './parse.ts';

/** Report blocks that one RR can hold (RFC 3550 section 6.4.1: a five-bit count). */
export const MAX_REPORTS = 31;

/** Numbers of a sender report. */
export interface SenderReport {
  readonly ssrc: number;
  readonly ntpHigh: number;
  readonly ntpLow: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** Writes RTCP packets one behind the other into a buffer. The caller keeps an eye on {@link RtcpWriter.length}. */
export class RtcpWriter {
  readonly bytes: Uint8Array;
  length = 0;

  /** `bytes` is long enough for what will be written; writing past it is a bug of the caller. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A sender report without report blocks: 28 bytes. */
  senderReport(report: SenderReport): void {
    this.#head(0, 200, 28);
    this.#word(report.ssrc);
    this.#word(report.ntpHigh);
    this.#word(report.ntpLow);
    this.#word(report.rtpTimestamp);
    this.#word(report.packets);
    this.#word(report.octets);
  }

  /** A receiver report: 8 bytes and 24 for each block, at most {@link MAX_REPORTS}. */
  receiverReport(ssrc: number, reports: readonly ReportBlock[]): void {
    this.#head(reports.length, 201, 8 + 24 * reports.length);
    this.#word(ssrc);
    for (const report of reports) {
      this.#word(report.ssrc);
      this.#word((report.fractionLost << 24) | (report.lost & 0xffffff));
      this.#word(report.highestSequence);
      this.#word(report.jitter);
      this.#word(report.lastSr);
      this.#word(report.delaySinceLastSr);
    }
  }

  /** An SDES with one CNAME (RFC 3550 section 6.5.1); names of over 255 bytes are cut. */
  cname(ssrc: number, name: string): void {
    const text = utf8(name).subarray(0, 255);
    const items = (2 + text.length + 4) & ~3;
    this.#head(1, 202, 8 + items);
    this.#word(ssrc);
    const start = this.length;
    this.bytes.fill(0, start, start + items);
    this.bytes[start] = 1;
    this.bytes[start + 1] = text.length;
    this.bytes.set(text, start + 2);
    this.length = start + items;
  }

  /** Picture loss indication (RFC 4585 section 6.3.1): 12 bytes. */
  pictureLoss(ssrc: number, media: number): void {
    this.#head(1, 206, 12);
    this.#word(ssrc);
    this.#word(media);
  }

  /** Generic NACK (RFC 4585 section 6.2.1) for ascending `sequences`, not empty. */
  nack(ssrc: number, media: number, sequences: readonly number[]): void {
    const start = this.length;
    this.length += 4;
    this.#word(ssrc);
    this.#word(media);
    let i = 0;
    while (i < sequences.length) {
      const first = sequences[i++]!;
      let mask = 0;
      for (; i < sequences.length; i++) {
        const distance = (sequences[i]! - first) & 0xffff;
        if (distance === 0 || distance > 16) break;
        mask |= 1 << (distance - 1);
      }
      this.#word((first << 16) | mask);
    }
    const end = this.length;
    this.length = start;
    this.#head(1, 205, end - start);
    this.length = end;
  }

  bye(ssrc: number): void {
    this.#head(1, 203, 8);
    this.#word(ssrc);
  }

  #head(count: number, payloadType: number, size: number): void {
    this.bytes[this.length] = 0x80 | count;
    this.bytes[this.length + 1] = payloadType;
    const words = size / 4 - 1;
    this.bytes[this.length + 2] = words >> 8;
    this.bytes[this.length + 3] = words;
    this.length += 4;
  }

  #word(value: number): void {
    writeU32(this.bytes, this.length, value);
    this.length += 4;
  }
}
