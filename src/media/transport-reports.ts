import type { Millis } from '../base/clock.ts';
import type { ArrivalReport } from '../rtp/rtcp/arrivals.ts';
import type { ReportBlock } from '../rtp/rtcp/parse.ts';
import { MAX_FEEDBACK_BYTES, writeTransportFeedback } from '../rtp/rtcp/transport-feedback.ts';
import { MAX_REPORTS, RtcpWriter } from '../rtp/rtcp/write.ts';
import { SRTP_OVERHEAD } from '../rtp/srtp/transform.ts';
import type { TrackSender } from '../sfu/track-sender.ts';

/** A compound is sent before it grows beyond this, bytes; with SRTCP it stays under any path's MTU. */
const COMPOUND_BYTES = 1100;
const LARGEST_ADDITION = 28 + 8 + 260;

/** Who we are in reports about what a browser sends: not one of our media sources. */
export interface Reporter {
  readonly ssrc: number;
  readonly cname: string;
}

function newWriter(): RtcpWriter {
  return new RtcpWriter(new Uint8Array(COMPOUND_BYTES + LARGEST_ADDITION + SRTP_OVERHEAD));
}

/**
 * The compounds of one reporting interval (RFC 3550 section 6.1: each starts with a report and has a CNAME): what came
 * in, then a sender report for each sender that has sent.
 */
export function writeReports(
  reporter: Reporter,
  blocks: readonly ReportBlock[],
  senders: Iterable<TrackSender>,
  now: Millis,
  unixMs: number,
): RtcpWriter[] {
  const compounds: RtcpWriter[] = [];
  let writer = newWriter();
  for (let i = 0; i < blocks.length; i += MAX_REPORTS) {
    writer.receiverReport(reporter.ssrc, blocks.slice(i, i + MAX_REPORTS));
    writer.cname(reporter.ssrc, reporter.cname);
    if (writer.length > COMPOUND_BYTES / 2) {
      compounds.push(writer);
      writer = newWriter();
    }
  }
  for (const sender of senders) {
    const report = sender.report(now, unixMs);
    if (report === undefined) continue;
    writer.senderReport(report);
    writer.cname(sender.ssrc, sender.cname);
    if (writer.length > COMPOUND_BYTES) {
      compounds.push(writer);
      writer = newWriter();
    }
  }
  if (writer.length > 0) compounds.push(writer);
  return compounds;
}

/** When packets of a browser's came (transport-cc), in a compound of its own. */
export function writeArrivals(reporter: Reporter, media: number, report: ArrivalReport): RtcpWriter {
  const writer = new RtcpWriter(new Uint8Array(MAX_FEEDBACK_BYTES + SRTP_OVERHEAD));
  writer.length = writeTransportFeedback(writer.bytes, 0, { sender: reporter.ssrc, media, ...report });
  return writer;
}

/** A NACK or a PLI for what a browser sends, in a compound of its own. */
export function writeFeedback(
  reporter: Reporter,
  media: number,
  wanted: readonly number[] | 'keyframe',
): RtcpWriter {
  const writer = newWriter();
  writer.receiverReport(reporter.ssrc, []);
  writer.cname(reporter.ssrc, reporter.cname);
  if (wanted === 'keyframe') writer.pictureLoss(reporter.ssrc, media);
  else writer.nack(reporter.ssrc, media, wanted.slice(0, 64));
  return writer;
}
