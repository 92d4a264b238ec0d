/** The longest packet that a browser has reason to send. Frames of more are a fault. */
const MAX_PACKET = 2048;

/**
 * Cuts a byte stream into packets, each behind its length in two bytes (RFC 4571 section 2, RFC 6544 section 3). A
 * packet that came whole is handed out as a view of its chunk; only split ones are copied. After a fault the stream
 * cannot be read on.
 */
export class PacketFramer {
  readonly #onPacket: (packet: Uint8Array) => void;
  readonly #held = new Uint8Array(2 + MAX_PACKET);
  #length = 0;
  #stopped = false;

  constructor(onPacket: (packet: Uint8Array) => void) {
    this.#onPacket = onPacket;
  }

  /** Frames no more, also from within `onPacket`. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes the next bytes of the stream; false: what comes is no such stream, or a packet is too long. */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (!this.#stopped && at < chunk.length) {
      if (this.#length > 0) {
        at += this.#complete(chunk, at);
        continue;
      }
      const rest = chunk.length - at;
      const size = rest < 2 ? 0 : (chunk[at]! << 8) | chunk[at + 1]!;
      if (size > MAX_PACKET) this.#stopped = true;
      else if (rest < 2 + size || rest < 2) {
        this.#held.set(chunk.subarray(at), 0);
        this.#length = rest;
        return true;
      } else {
        // RFC 4571 section 2: an empty packet is allowed, and means nothing.
        if (size > 0) this.#onPacket(chunk.subarray(at + 2, at + 2 + size));
        at += 2 + size;
      }
    }
    return !this.#stopped;
  }

  /** Adds to the held beginning of a packet what it lacks; returns the bytes taken. */
  #complete(chunk: Uint8Array, at: number): number {
    const held = this.#held;
    if (this.#length < 2) {
      held[this.#length++] = chunk[at]!;
      return 1;
    }
    const size = (held[0]! << 8) | held[1]!;
    if (size > MAX_PACKET) {
      this.#stopped = true;
      return 0;
    }
    const taken = Math.min(2 + size - this.#length, chunk.length - at);
    held.set(chunk.subarray(at, at + taken), this.#length);
    this.#length += taken;
    if (this.#length === 2 + size) {
      this.#length = 0;
      if (size > 0) this.#onPacket(held.subarray(2, 2 + size));
    }
    return taken;
  }
}

/** A packet with its length before it, on bytes of its own. */
export function framedPacket(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + packet.length);
  frame[0] = packet.length >> 8;
  frame[1] = packet.length;
  frame.set(packet, 2);
  return frame;
}
