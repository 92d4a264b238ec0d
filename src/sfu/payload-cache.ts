import type { RtpView } from '../rtp/packet.ts';
import { copyBytes } from './copy-bytes.ts';

/** Payloads that are kept of one stream: two seconds of a large picture. A power of two. */
const SIZE = 512;
/** Bytes of a slot at first; it grows once to what a bigger packet needs, and stays so. */
const SLOT_BYTES = 400;

/** The last payloads of one stream as its source sent them, for all who may miss one of them (RFC 4588). */
export class PayloadCache {
  readonly #slots: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SIZE).fill(undefined);
  readonly #sources = new Float64Array(SIZE).fill(-1);
  readonly #sequences = new Int32Array(SIZE);
  readonly #lengths = new Int32Array(SIZE);
  /** Of the Dependency Descriptor, which stands behind the payload. */
  readonly #descriptors = new Uint8Array(SIZE);

  keep(view: RtpView): void {
    const at = view.sequence & (SIZE - 1);
    const payload = view.payloadEnd - view.payloadStart;
    const descriptor = view.descriptor & 0xff;
    const length = payload + descriptor;
    let slot = this.#slots[at];
    if (slot === undefined || slot.length < length) {
      slot = new Uint8Array(length > SLOT_BYTES ? 1300 + (length > 1300 ? length - 1300 : 0) : SLOT_BYTES);
      this.#slots[at] = slot;
    }
    copyBytes(view.bytes, view.payloadStart, view.payloadEnd, slot, 0);
    const from = view.descriptor >> 8;
    if (descriptor > 0) copyBytes(view.bytes, from, from + descriptor, slot, payload);
    this.#sources[at] = view.ssrc;
    this.#sequences[at] = view.sequence;
    this.#lengths[at] = payload;
    this.#descriptors[at] = descriptor;
  }

  /** Copies a payload to `into` at `offset`; its length, or -1 when it is no longer there. */
  copy(ssrc: number, sequence: number, into: Uint8Array, offset: number): number {
    const at = sequence & (SIZE - 1);
    if (this.#sources[at] !== ssrc || this.#sequences[at] !== sequence) return -1;
    const length = this.#lengths[at]!;
    copyBytes(this.#slots[at]!, 0, length, into, offset);
    return length;
  }

  /** The packet's Dependency Descriptor; undefined when it had none, or is no longer there. */
  descriptor(ssrc: number, sequence: number): Uint8Array | undefined {
    const at = sequence & (SIZE - 1);
    if (this.#sources[at] !== ssrc || this.#sequences[at] !== sequence) return undefined;
    const length = this.#descriptors[at]!;
    const from = this.#lengths[at]!;
    return length === 0 ? undefined : this.#slots[at]!.subarray(from, from + length);
  }
}
