import { decodeG711 } from '../../audio/g711.ts';
import {
  LANE_HOLDS,
  LANE_LONGEST,
  type LaneFan,
  type LaneTerms,
  type QuietLane,
  type TakeHeld,
} from '../../base/quiet-lane.ts';
import type { UdpPoll } from './addon.ts';
import { takeApart } from './address-words.ts';

/** As in `addon/lane.cc`: words that describe a lane. */
const TERMS = 14;

/** All lanes of a thread's sockets (`addon/lane.cc`): resting phones cost a system call a packet there, and no JavaScript. */
export class NativeLanes implements LaneFan {
  readonly #poll: UdpPoll;
  readonly #held = new Uint8Array(LANE_HOLDS * LANE_LONGEST);
  /** How many were sent, then age (ms) and length (bytes) of each packet that was held. */
  readonly #report = new Float64Array(1 + 2 * LANE_HOLDS);
  readonly #terms = new Int32Array(TERMS);
  readonly #clock: { now(): number };
  readonly #onUnsent: (count: number) => void;

  constructor(poll: UdpPoll, clock: { now(): number }, onUnsent: (count: number) => void) {
    this.#poll = poll;
    this.#clock = clock;
    this.#onUnsent = onUnsent;
    poll.lanes(this.#held, this.#report, Int32Array.of(...squares('pcma'), ...squares('pcmu')));
  }

  send(lanes: Int32Array, count: number, payload: Uint8Array): void {
    const unsent = this.#poll.fan(lanes, count, payload);
    if (unsent > 0) this.#onUnsent(unsent);
  }

  lane(socket: number): QuietLane {
    return new NativeLane(socket, this);
  }

  rest(socket: number, { peer, payloadType, law, quiet, out }: LaneTerms): void {
    const terms = this.#terms;
    const address = takeApart(peer.address);
    // A leg rests when packets came from there: it is an address.
    if (address === undefined) return;
    terms[0] = address[0]!;
    terms[1] = peer.port;
    for (let i = 1; i <= 4; i++) terms[1 + i] = address[i]!;
    terms[6] = payloadType;
    terms[7] = law === 'pcma' ? 0 : 1;
    terms[8] = quiet;
    terms[9] = out.payloadType;
    terms[10] = out.ssrc;
    terms[11] = out.sequence;
    terms[12] = out.timestamp;
    terms[13] = out.ticks;
    this.#poll.rest(socket, terms);
  }

  wake(socket: number): void {
    this.#poll.wake(socket);
  }

  drain(socket: number, take: TakeHeld): number {
    const count = this.#poll.drain(socket);
    if (count < 0) return 0;
    const report = this.#report;
    const sent = report[0]!;
    const now = this.#clock.now();
    for (let i = 0; i < count; i++) {
      const from = i * LANE_LONGEST;
      take(this.#held.subarray(from, from + report[2 + 2 * i]!), now - report[1 + 2 * i]!);
    }
    return sent;
  }
}

class NativeLane implements QuietLane {
  readonly id: number;
  readonly fan: LaneFan;
  readonly #lanes: NativeLanes;

  constructor(socket: number, lanes: NativeLanes) {
    this.id = socket;
    this.fan = lanes;
    this.#lanes = lanes;
  }

  rest(terms: LaneTerms): void {
    this.#lanes.rest(this.id, terms);
  }

  /** The addon has kept what it holds before a datagram comes here. */
  holds(): boolean {
    return false;
  }

  drain(take: TakeHeld): number {
    return this.#lanes.drain(this.id, take);
  }

  wake(): void {
    this.#lanes.wake(this.id);
  }
}

/** The square of what each byte stands for. */
function squares(law: 'pcma' | 'pcmu'): Int32Array {
  const samples = new Int16Array(256);
  decodeG711(
    law,
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
    0,
    256,
    samples,
    0,
  );
  return Int32Array.from(samples, (sample) => sample * sample);
}
