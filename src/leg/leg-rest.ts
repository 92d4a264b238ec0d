/**
 * A leg that rests: a phone that says nothing, though it sends. A lane keeps its packets back, and sends it what all who rest
 * are sent; from time to time, and before anything else happens to the leg, it is told what came and when. That counts as ever,
 * for RTCP, liveness and what the playout learns of the network. But it is not played: it lies below what the mix hears of
 * anybody, and the first packet that does not wakes the leg, whose playout then begins as that of one who begins to talk.
 */
import { lawOf } from '../audio/g711.ts';
import { energyAtLevel } from '../audio/level.ts';
import type { Millis } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { HearOf, LaneTerms, QuietLane } from '../base/quiet-lane.ts';
import type { ReceiveStats } from '../rtp/receive-stats.ts';
import type { SourceLatch } from '../rtp/source-latch.ts';
import type { LegInput } from './leg-input.ts';
import type { LegOutput } from './leg-output.ts';
import type { Liveness } from './liveness.ts';
import { PlainLane } from './plain-lane.ts';
import { AUDIBLE } from './talk-gate.ts';

/** Mean square of the samples of a frame that is just not {@link AUDIBLE}; levels are rounded. */
const INAUDIBLE = Math.floor(energyAtLevel(AUDIBLE + 0.5));

/** Has a lane of `socket` rest as `terms` say: the socket's own where it has one that can, else one in TypeScript. */
export function layToRest(socket: DatagramSocket, terms: LaneTerms): QuietLane {
  const own = socket.lane;
  if (own?.rest(terms) === true) return own;
  const plain = new PlainLane(socket);
  plain.rest(terms);
  return plain;
}

/** What of a leg says whether it can rest, and what is told of packets that came meanwhile. */
export interface RestParts {
  readonly socket: DatagramSocket;
  readonly latch: SourceLatch;
  readonly stats: ReceiveStats;
  readonly liveness: Liveness;
  readonly input: LegInput;
  readonly output: LegOutput;
  /** Something is going on besides that keeps the leg awake: it is on hold, or played something, or each packet is waited for. */
  isBusy(): boolean;
}

/** One leg's rests: it is awake, or rests until {@link wake}. */
export class LegRest {
  readonly #parts: RestParts;
  #present: { readonly lane: QuietLane; readonly onAwake: () => void } | undefined;

  constructor(parts: RestParts) {
    this.#parts = parts;
  }

  get isResting(): boolean {
    return this.#present !== undefined;
  }

  /** Whether it could rest now: that the phone is silent is for others to know. */
  get isPossible(): boolean {
    return this.#terms() !== undefined;
  }

  /** Rests from now on; `onAwake` is called when that is over. Undefined while it cannot, or does already. */
  begin(onAwake: () => void): QuietLane | undefined {
    const terms = this.#present === undefined ? this.#terms() : undefined;
    if (terms === undefined) return undefined;
    const lane = layToRest(this.#parts.socket, terms);
    this.#parts.input.stop();
    this.#present = { lane, onAwake };
    return lane;
  }

  /** The lane has kept this datagram back: it is told of by {@link catchUp}. */
  holds(bytes: Uint8Array, address: string, port: number, now: Millis): boolean {
    return this.#present?.lane.holds(bytes, address, port, now) === true;
  }

  /** Takes in what came, and what the lane has sent. */
  catchUp(): void {
    const lane = this.#present?.lane;
    if (lane !== undefined) this.#parts.output.sentElsewhere(lane.drain(this.#hearOf));
  }

  /** All is caught up with, and the leg is as any other again; harmless when it does not rest. */
  wake(): void {
    const present = this.#present;
    if (present === undefined) return;
    this.catchUp();
    this.#present = undefined;
    present.lane.wake();
    present.onAwake();
  }

  /** A quiet packet came while it rests. */
  readonly #hearOf: HearOf = (sequence, timestamp, at) => {
    const { stats, liveness, input } = this.#parts;
    if (!stats.pushNext(sequence, timestamp, at)) return;
    liveness.restart(at);
    input.overhear(timestamp, at);
  };

  #terms(): LaneTerms | undefined {
    const { latch, input, output, stats } = this.#parts;
    if (this.#parts.isBusy()) return undefined;
    const peer = latch.settled;
    const voice = input.steady;
    const law = voice === undefined ? undefined : lawOf(voice.mime);
    const out = output.steady;
    const { ssrc } = stats;
    if (peer === undefined || voice === undefined || law === undefined || out === undefined) return undefined;
    if (ssrc === undefined) return undefined;
    return { peer, payloadType: voice.payloadType, ssrc, law, quiet: INAUDIBLE, out };
  }
}
