import type { Millis } from '../base/clock.ts';
import type { SealingWay } from '../base/sealing-way.ts';

/** How somebody else sends a stream's packets. */
export interface Passage {
  readonly way: SealingWay;
  /** SRTP index of the packet that was sent last. */
  readonly index: number;
}

/** Where a sender's packets go: the peer's association. Buffers belong to the sender; `bytes` is read during the call. */
export interface PacketOutput {
  /**
   * Seals the RTP packet `bytes[0, length)`, whose header ends at `headerEnd`, in place and sends it. Answers the sealed
   * length, or 0 when it was not sent: no keys yet, no path, or the socket is busy. `numberedAt`: when it was made, if it bears
   * {@link nextTransportSequence}; one that was not sent leaves its number to the next.
   */
  sendRtp(bytes: Uint8Array, headerEnd: number, length: number, numberedAt?: Millis): number;
  /** Sends sealed bytes once more. */
  resend(bytes: Uint8Array): void;
  /**
   * For somebody who sends the packets of `ssrc` behind `sequence`, which was sent last; undefined where they have to be sent by this.
   * It holds until the sender is told to alight.
   */
  passage(ssrc: number, sequence: number): Passage | undefined;
  /** The packet of `ssrc` with that SRTP index was sent so: it is not sent again. */
  used(ssrc: number, index: number): void;
  /** A buffer for the next packet, sealing included; undefined when nothing can be sent now. */
  lend(): Uint8Array | undefined;
  /** Somebody wants to know when packets come: only then they have transport-wide numbers, to which the peer answers with feedback. */
  readonly isMeasured: boolean;
  /** The transport-wide number of the packet that is sent next. */
  readonly nextTransportSequence: number;
}
