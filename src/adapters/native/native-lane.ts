import { decodeG711 } from '../../audio/g711.ts';
import {
  type HearOf,
  LANE_HOLDS,
  type LaneFan,
  type LaneProtection,
  type LaneTerms,
  type QuietLane,
} from '../../base/quiet-lane.ts';
import type { UdpPoll } from './addon.ts';
import { takeApart } from './address-words.ts';

/** As in `addon/lane.cc`: words that describe a lane. */
const TERMS = 15;

/** All lanes of a thread's sockets (`addon/lane.cc`): resting phones cost a system call a packet there, and no JavaScript. */
export class NativeLanes implements LaneFan {
  readonly #poll: UdpPoll;
  /** How many were sent, then age (ms), sequence number and timestamp of each packet that was kept back. */
  readonly #report = new Float64Array(1 + 3 * LANE_HOLDS);
  readonly #terms = new Int32Array(TERMS);
  readonly #clock: { now(): number };
  readonly #listener: { unsent(count: number): void; unwatched(): void };

  /** `ages`: of the datagrams in the inbox, ms. */
  constructor(
    poll: UdpPoll,
    ages: Float64Array,
    clock: { now(): number },
    listener: { unsent(count: number): void; unwatched(): void },
  ) {
    this.#poll = poll;
    this.#clock = clock;
    this.#listener = listener;
    poll.lanes(this.#report, ages, Int32Array.of(...squares('pcma'), ...squares('pcmu')));
  }

  send(lanes: Int32Array, count: number, payload: Uint8Array): void {
    const unsent = this.#poll.fan(lanes, count, payload);
    if (unsent > 0) this.#listener.unsent(unsent);
  }

  lane(socket: number): QuietLane {
    return new NativeLane(socket, this);
  }

  rest(socket: number, lane: LaneTerms, protection: LaneProtection | undefined): boolean {
    const { peer, payloadType, ssrc, law, quiet, out } = lane;
    const terms = this.#terms;
    const address = takeApart(peer.address);
    // A leg rests when packets came from there: it is an address.
    if (address === undefined) return false;
    terms[0] = address[0]!;
    terms[1] = peer.port;
    for (let i = 1; i <= 4; i++) terms[1 + i] = address[i]!;
    terms[6] = payloadType;
    terms[7] = ssrc;
    terms[8] = law === 'pcma' ? 0 : 1;
    terms[9] = quiet;
    terms[10] = out.payloadType;
    terms[11] = out.ssrc;
    terms[12] = out.sequence;
    terms[13] = out.timestamp;
    terms[14] = out.ticks;
    const { opener, sealer, heard = 0, next = 0 } = protection ?? {};
    const rests = this.#poll.rest(socket, terms, opener, sealer, heard, next);
    if (rests < 0) this.#listener.unwatched();
    return rests > 0;
  }

  wake(socket: number): void {
    if (this.#poll.wake(socket) < 0) this.#listener.unwatched();
  }

  drain(socket: number, hear: HearOf): number {
    const count = this.#poll.drain(socket);
    if (count < 0) return 0;
    const report = this.#report;
    const now = this.#clock.now();
    for (let at = 1; at <= 3 * count; at += 3) hear(report[at + 1]!, report[at + 2]!, now - report[at]!);
    return report[0]!;
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

  rest(terms: LaneTerms, protection?: LaneProtection): boolean {
    return this.#lanes.rest(this.id, terms, protection);
  }

  /** The addon has kept back what it may before a datagram comes here. */
  holds(): boolean {
    return false;
  }

  drain(hear: HearOf): number {
    return this.#lanes.drain(this.id, hear);
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
