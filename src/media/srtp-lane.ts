import type { Millis } from '../base/clock.ts';
import type { HearOf, LaneFan, LaneTerms, QuietLane } from '../base/quiet-lane.ts';
import type { SrtpOpener, SrtpSealer } from '../rtp/srtp/session.ts';

/**
 * A lane below SRTP: whoever keeps packets back opens and seals them too, with the keys and indices that are lent to it.
 * Indices that it used are told to opener and sealer before either works again, so that nothing is taken twice, and no index
 * seals two packets.
 */
export class SrtpLane implements QuietLane {
  readonly #below: QuietLane;
  readonly #opener: SrtpOpener;
  readonly #sealer: SrtpSealer;
  /** While it rests: both streams, and the index of the packet that is sent next. */
  #streams: { readonly heard: number; readonly sent: number; next: number } | undefined;
  /** Told by the lane below, and not by this one yet: sequence number, timestamp, arrival; and how many were sent. */
  readonly #untold: number[] = [];
  #untoldSent = 0;

  constructor(below: QuietLane, opener: SrtpOpener, sealer: SrtpSealer) {
    this.#below = below;
    this.#opener = opener;
    this.#sealer = sealer;
  }

  get fan(): LaneFan {
    return this.#below.fan;
  }

  get id(): number {
    return this.#below.id;
  }

  rest(terms: LaneTerms): boolean {
    const { ssrc, out } = terms;
    const opener = this.#opener.lend(ssrc);
    const sealer = this.#sealer.lend(out.ssrc, out.sequence);
    if (opener === undefined || sealer === undefined) return false;
    const { next } = sealer;
    const lent = { opener: opener.by, heard: opener.highest, sealer: sealer.by, next };
    if (!this.#below.rest(terms, lent)) return false;
    this.#streams = { heard: ssrc, sent: out.ssrc, next };
    return true;
  }

  /** The lane below has kept back what it may. */
  holds(): boolean {
    return false;
  }

  /** To be called before a packet of the socket is opened: what the lane below has opened is not opened again. */
  catchUp(): void {
    const streams = this.#streams;
    if (streams === undefined) return;
    const sent = this.#below.drain(this.#hear);
    this.#sealer.sealedElsewhere(streams.sent, streams.next, sent);
    streams.next += sent;
    this.#untoldSent += sent;
  }

  drain(hear: HearOf): number {
    this.catchUp();
    const untold = this.#untold;
    for (let i = 0; i < untold.length; i += 3) hear(untold[i]!, untold[i + 1]!, untold[i + 2]!);
    untold.length = 0;
    const sent = this.#untoldSent;
    this.#untoldSent = 0;
    return sent;
  }

  wake(): void {
    this.catchUp();
    this.#below.wake();
    this.#streams = undefined;
    this.#untold.length = 0;
    this.#untoldSent = 0;
  }

  readonly #hear = (sequence: number, timestamp: number, at: Millis): void => {
    this.#opener.openedElsewhere(this.#streams!.heard, sequence);
    this.#untold.push(sequence, timestamp, at);
  };
}
