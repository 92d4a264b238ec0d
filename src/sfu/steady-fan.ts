import type { Millis } from '../base/clock.ts';
import type { FannedPacket, FanOut } from '../base/fan-out.ts';
import { type RtpView, writeRtpHeader } from '../rtp/packet.ts';
import { copyBytes } from './copy-bytes.ts';
import { type HeaderExtensions, NOT_NUMBERED } from './header-extensions.ts';
import type { PacketOutput } from './packet-output.ts';
import { RED, writeRedPayloadType } from './red.ts';
import { Rewriter } from './rewriter.ts';

/** Longest packet, with its header. */
const MAX_PACKET = 1600;
/** So many packets are known one by one: as far back as SRTP tells them apart. */
const RECENT = 1024;
/** A fan that is so far from where it began begins anew. */
const MAX_ADVANCE = 2 ** 30;

/** What the packets of several receivers have in common. */
export interface FanLayout {
  /** Whose are the same have the same packets, but for SSRC, numbers and MID. */
  readonly key: string;
  readonly mime: string;
  readonly clockRate: number;
  readonly payloadType: number;
  /** The payload type of RED's blocks. */
  readonly redBlocks: number;
  readonly extensions: HeaderExtensions;
  /** As of {@link Rewriter}. */
  readonly closeGapsAfter: Millis;
}

/** The layout of packets of `codec` with such extensions. */
export function fanLayout(
  codec: { readonly mime: string; readonly clockRate: number; readonly payloadType: number },
  redBlocks: number,
  extensions: HeaderExtensions,
  closeGapsAfter: Millis,
): FanLayout {
  const { clockRate, mime, payloadType } = codec;
  const key = `${mime} ${clockRate} ${payloadType} ${redBlocks} ${extensions.form}`;
  return { key, mime, clockRate, payloadType, redBlocks, extensions, closeGapsAfter };
}

/** Who can ride: one receiver's stream. */
export interface Rider {
  readonly ssrc: number;
  readonly mid: Uint8Array;
  readonly output: PacketOutput;
  readonly rewriter: Rewriter;
  /** It rides no more, and makes its own packets. */
  alight(): void;
}

/** Somebody's place in a {@link SteadyFan}, and up to where it knows what was sent for it. */
export interface FanRide {
  readonly fan: SteadyFan;
  readonly rider: Rider;
  row: number;
  /** SRTP index of the packet whose advance is 0. */
  readonly index: number;
  packets: number;
  octets: number;
}

/** Packets are made in here, one at a time. */
const packet: FannedPacket = {
  bytes: new Uint8Array(MAX_PACKET),
  length: 0,
  headerEnd: 0,
  timestamp: 0,
  advance: 0,
  midAt: 0,
};

/**
 * Those who receive one track in one form, for as long as it just goes on: their packets differ in a few fields then, and one is
 * made for all of them. Whatever else comes, be it a switch, a pause, a late packet or another way to somebody, is no matter of
 * this class: who is concerned alights, and stands where it would if it had made each packet itself.
 */
export class SteadyFan {
  readonly layout: FanLayout;
  readonly #out: FanOut;
  /** Sends nothing: it judges what goes on, and knows where the source was heard last. */
  readonly #leader: Rewriter;
  readonly #rides: FanRide[] = [];
  /** The advance of each of the last packets. */
  readonly #recent = new Int32Array(RECENT);
  #advance = 0;
  #packets = 0;
  #octets = 0;

  constructor(layout: FanLayout, out: FanOut) {
    this.layout = layout;
    this.#out = out;
    this.#leader = new Rewriter({ sequence: 0, timestamp: 0, closeGapsAfter: layout.closeGapsAfter });
  }

  get size(): number {
    return this.#rides.length;
  }

  /** The packet follows the last one, or others that were lost. */
  goesOn(view: RtpView, now: Millis): boolean {
    const { clockRate, extensions } = this.layout;
    return (
      this.#advance < MAX_ADVANCE &&
      12 + extensions.maxBytes + view.payloadEnd - view.payloadStart <= MAX_PACKET &&
      this.#leader.goesOn(view, clockRate, now)
    );
  }

  /** Sends a packet that {@link goesOn} to all who ride. */
  push(view: RtpView, now: Millis): void {
    const { clockRate, extensions, mime, payloadType, redBlocks } = this.layout;
    const { bytes } = packet;
    const octets = view.payloadEnd - view.payloadStart;
    const before = this.#leader.sequence;
    this.#leader.map(view, clockRate, now);
    this.#advance += (this.#leader.sequence - before) & 0xffff;
    const headerEnd = extensions.write(bytes, 12, view.level, now, NOT_NUMBERED);
    writeRtpHeader(bytes, 0, {
      payloadType,
      marker: view.marker,
      // Each has its own.
      sequence: 0,
      timestamp: 0,
      ssrc: 0,
      extension: headerEnd === 12 ? 'none' : 'follows',
    });
    copyBytes(view.bytes, view.payloadStart, view.payloadEnd, bytes, headerEnd);
    if (mime === RED) writeRedPayloadType(bytes, headerEnd, headerEnd + octets, redBlocks);
    packet.headerEnd = headerEnd;
    packet.length = headerEnd + octets;
    packet.timestamp = view.timestamp;
    packet.advance = this.#advance;
    packet.midAt = extensions.midAt(12);
    this.#recent[this.#packets % RECENT] = this.#advance;
    this.#packets++;
    this.#octets += octets;
    this.#out.send(packet);
  }

  /**
   * Takes in somebody who has just sent `view` itself. Undefined: its packets cannot be made here. Until it has left it makes none.
   */
  board(rider: Rider, view: RtpView, now: Millis): FanRide | undefined {
    if (this.#rides.length === 0 && !this.#leader.isAt(view)) {
      this.#advance = 0;
      this.#leader.map(view, this.layout.clockRate, now);
    }
    const { mid, output, rewriter, ssrc } = rider;
    if (!this.#leader.isAt(view) || !rewriter.isAt(view)) return undefined;
    const passage = output.passage(ssrc, rewriter.sequence);
    if (passage === undefined) return undefined;
    const index = passage.index - this.#advance;
    const timestampOffset = rewriter.timestamp - view.timestamp;
    if (!this.#out.add({ way: passage.way, ssrc, timestampOffset, index, mid })) return undefined;
    const row = this.#rides.length;
    const ride = { fan: this, rider, row, index, packets: this.#packets, octets: this.#octets };
    this.#rides.push(ride);
    return ride;
  }

  /** Tells a rider's rewriter and output what was sent for it since it was asked last; answers how much that was. */
  catchUp(ride: FanRide): { readonly packets: number; readonly octets: number } {
    const packets = this.#packets - ride.packets;
    const octets = this.#octets - ride.octets;
    if (packets > 0) {
      const { output, rewriter, ssrc } = ride.rider;
      rewriter.follow(this.#leader, packets);
      for (let i = this.#packets - Math.min(packets, RECENT); i < this.#packets; i++)
        output.used(ssrc, ride.index + this.#recent[i % RECENT]!);
      ride.packets = this.#packets;
      ride.octets = this.#octets;
    }
    return { packets, octets };
  }

  /** The last one to have come has its row from now on. */
  leave(ride: FanRide): void {
    this.#out.remove(ride.row);
    const last = this.#rides.pop()!;
    if (last === ride) return;
    last.row = ride.row;
    this.#rides[ride.row] = last;
  }

  /** All make their own packets from now on. */
  disband(): void {
    while (this.#rides.length > 0) this.#rides.at(-1)!.rider.alight();
  }
}
