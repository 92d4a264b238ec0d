import { energyG711 } from '../audio/g711.ts';
import type { Millis } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import {
  type HearOf,
  LANE_HEADER,
  LANE_HOLDS,
  LANE_LONGEST,
  type LaneFan,
  type LaneTerms,
  type QuietLane,
} from '../base/quiet-lane.ts';
import { readU32, writeRtpHeader } from '../rtp/packet.ts';

/** Packets in turn: a socket may hold some that it has not sent yet. */
const RING = 4;

/** A lane for any socket, in TypeScript: the reference of what the addon's do, and what serves where they cannot. */
export class PlainLane implements QuietLane, LaneFan {
  readonly id = 0;
  readonly #socket: DatagramSocket;
  #terms: LaneTerms | undefined;
  /** Of packets that were kept back: sequence number, timestamp, arrival. */
  readonly #held: number[] = [];
  #sent = 0;
  readonly #ring: Uint8Array[] = [];
  /** The buffer of the ring that was left alone longest: what is dropped takes none. */
  #next = 0;
  readonly #fields = {
    payloadType: 0,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    extension: 'none' as const,
  };

  constructor(socket: DatagramSocket) {
    this.#socket = socket;
  }

  get fan(): LaneFan {
    return this;
  }

  /** Below it nothing is protected: it stands above whoever does that. */
  rest(terms: LaneTerms): boolean {
    this.#terms = terms;
    const { payloadType, ssrc, sequence, timestamp } = terms.out;
    Object.assign(this.#fields, { payloadType, ssrc, sequence, timestamp });
    this.#forget();
    return true;
  }

  wake(): void {
    this.#terms = undefined;
    this.#ring.length = 0;
    this.#forget();
  }

  holds(bytes: Uint8Array, address: string, port: number, now: Millis): boolean {
    const terms = this.#terms;
    const { length } = bytes;
    if (terms === undefined || this.#held.length === 3 * LANE_HOLDS) return false;
    if (length <= LANE_HEADER || length > LANE_LONGEST) return false;
    // No padding, extension or CSRC; the marker says nothing of what is heard.
    if (bytes[0] !== 0x80 || (bytes[1]! & 0x7f) !== terms.payloadType) return false;
    if (port !== terms.peer.port || address !== terms.peer.address) return false;
    if (readU32(bytes, 8) !== terms.ssrc) return false;
    const energy = energyG711(terms.law, bytes, LANE_HEADER, length);
    if (energy > terms.quiet * (length - LANE_HEADER)) return false;
    this.#held.push((bytes[2]! << 8) | bytes[3]!, readU32(bytes, 4), now);
    return true;
  }

  drain(hear: HearOf): number {
    const sent = this.#sent;
    const held = this.#held;
    for (let i = 0; i < held.length; i += 3) hear(held[i]!, held[i + 1]!, held[i + 2]!);
    this.#forget();
    return sent;
  }

  send(_lanes: Int32Array, _count: number, payload: Uint8Array): void {
    const terms = this.#terms;
    if (terms === undefined) return;
    const { out, peer } = terms;
    const fields = this.#fields;
    // As a leg does: the ring allows a few to be under way, and with more the kernel is choking.
    if (this.#socket.queued < RING) {
      const packet = this.#ring[this.#next] ?? new Uint8Array(LANE_LONGEST);
      this.#ring[this.#next] = packet;
      this.#next = (this.#next + 1) % RING;
      writeRtpHeader(packet, 0, fields);
      packet.set(payload, LANE_HEADER);
      this.#socket.send(packet.subarray(0, LANE_HEADER + payload.length), peer.port, peer.address);
    }
    fields.sequence = (fields.sequence + 1) & 0xffff;
    fields.timestamp = (fields.timestamp + out.ticks) >>> 0;
    this.#sent++;
  }

  #forget(): void {
    this.#held.length = 0;
    this.#sent = 0;
  }
}
