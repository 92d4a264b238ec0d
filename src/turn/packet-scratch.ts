/** The largest datagram that is relayed, bytes: WebRTC stays under 1,300 and an Ethernet frame under 1,500. */
export const MAX_RELAYED_BYTES = 4_096;
/** Room for the longest header in front of it (a Data indication) and for padding. */
const SIZE = MAX_RELAYED_BYTES + 64;

/**
 * The one buffer that outgoing relayed packets are written in, with its prefixes kept by length: calls use a handful
 * of lengths, so that sending allocates nothing.
 */
export class PacketScratch {
  bytes = new Uint8Array(SIZE);
  #prefixes: (Uint8Array | undefined)[] = [];

  /** The first `length` bytes. */
  prefix(length: number): Uint8Array {
    let prefix = this.#prefixes[length];
    if (prefix === undefined) {
      prefix = this.bytes.subarray(0, length);
      this.#prefixes[length] = prefix;
    }
    return prefix;
  }

  /** The kernel still holds the buffer: go on with another one. */
  replace(): void {
    this.bytes = new Uint8Array(SIZE);
    this.#prefixes = [];
  }
}
