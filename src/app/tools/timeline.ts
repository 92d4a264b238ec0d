import { timestampDelta } from '../../base/sequence.ts';
import type { RtpView } from '../../rtp/packet.ts';

/** A jump of the timestamp beyond this is a new timeline, not a pause: samples of 8 kHz. */
const LARGEST_JUMP = 10 * 8000;

/**
 * Says where in a recording a packet's sound belongs, by its RTP timestamp: what is lost stays a gap, what comes late
 * still finds its place. A new SSRC or a jump goes on behind the last sample.
 */
export class Timeline {
  #ssrc = -1;
  #timestamp = 0;
  #position = 0;
  #end = 0;
  readonly #ticksPerSample: number;

  /** `ticksPerSample`: of the RTP clock, more than 1 where that runs faster than the recording. */
  constructor(ticksPerSample = 1) {
    this.#ticksPerSample = ticksPerSample;
  }

  /** Position of the first sample of a packet with `samples`; negative when it lies before the beginning. */
  place(view: RtpView, samples: number): number {
    const delta = Math.round(timestampDelta(view.timestamp, this.#timestamp) / this.#ticksPerSample);
    const continues = view.ssrc === this.#ssrc && Math.abs(delta) < LARGEST_JUMP;
    const position = continues ? this.#position + delta : this.#end;
    if (!continues || delta > 0) {
      this.#ssrc = view.ssrc;
      this.#timestamp = view.timestamp;
      this.#position = position;
    }
    this.#end = Math.max(this.#end, position + samples);
    return position;
  }
}
