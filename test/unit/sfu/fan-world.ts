import type { FannedPacket, FanOut, FanRow } from '../../../src/base/fan-out.ts';
import type { SealingWay } from '../../../src/base/sealing-way.ts';
import { SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import type { PacketOutput, Passage } from '../../../src/sfu/packet-output.ts';
import { filledIn } from '../../support/filled-in.ts';

const scratch = new Uint8Array(2048);
const master = { key: new Uint8Array(16), salt: new Uint8Array(12) };

/** One receiver's end: what came there, in plain, and a sealer that admits an index once. */
export class FanEnd implements PacketOutput {
  readonly sent: Uint8Array[] = [];
  readonly resent: Uint8Array[] = [];
  isMeasured = false;
  isSteady: boolean;
  alight: () => void = () => {};
  readonly nextTransportSequence = 9;
  readonly #indices = new Set<number>();
  readonly #sealer = new SrtpSealer('AEAD_AES_128_GCM', master);
  readonly way: SealingWay = { lend: () => undefined, commit: () => false, close: () => {} };

  constructor(isSteady: boolean) {
    this.isSteady = isSteady;
  }

  sendRtp(bytes: Uint8Array, _headerEnd: number, length: number): number {
    const index = this.#sealer.admit(7, (bytes[2]! << 8) | bytes[3]!);
    if (typeof index === 'string') return 0;
    this.arrive(bytes.slice(0, length), index);
    return length;
  }

  /** Throws when a packet with that index came before. */
  arrive(bytes: Uint8Array, index: number): void {
    if (this.#indices.has(index)) throw new Error(`index ${index} is used twice`);
    this.#indices.add(index);
    this.sent.push(bytes);
  }

  resend(bytes: Uint8Array): void {
    this.resent.push(bytes.slice());
  }

  lend(): Uint8Array {
    return scratch;
  }

  passage(_ssrc: number, sequence: number): Passage | undefined {
    const next = this.#sealer.lend(7, (sequence + 1) & 0xffff)?.next;
    return this.isSteady && next !== undefined ? { way: this.way, index: next - 1 } : undefined;
  }

  used(_ssrc: number, index: number): void {
    this.#sealer.sealedElsewhere(7, index, 1);
  }
}

/** A {@link FanOut} that does by hand what the addon does. */
export class HandFan implements FanOut {
  readonly #ends: ReadonlyMap<SealingWay, FanEnd>;
  readonly #rows: FanRow[] = [];

  constructor(ends: ReadonlyMap<SealingWay, FanEnd>) {
    this.#ends = ends;
  }

  add(row: FanRow): boolean {
    if (this.#rows.length > 0 && this.#rows[0]!.mid.length !== row.mid.length) return false;
    this.#rows.push(row);
    return true;
  }

  remove(at: number): void {
    const last = this.#rows.pop()!;
    if (at < this.#rows.length) this.#rows[at] = last;
  }

  send(packet: FannedPacket): void {
    for (const row of this.#rows)
      this.#ends.get(row.way)!.arrive(filledIn(packet, row), row.index + packet.advance);
  }
}
