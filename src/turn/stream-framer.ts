import { HEADER_BYTES } from '../stun/message.ts';
import { CHANNEL_HEADER_BYTES, startsChannelData } from './channel-data.ts';

/** The largest message that is taken off a stream, bytes: far above what fits a relayed datagram. */
const MAX_FRAME = 8_192;

/**
 * Cuts a byte stream into STUN and ChannelData messages, the latter padded to 4 bytes (RFC 8656 section 12.5). A
 * message that came whole is handed out as a view of its chunk; only split ones are copied. After a fault the
 * stream cannot be read on: the connection must go.
 */
export class StreamFramer {
  readonly #onFrame: (frame: Uint8Array) => void;
  #pending: Uint8Array | undefined;
  #held = 0;
  #stopped = false;

  constructor(onFrame: (frame: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  /** Frames no more, also from within `onFrame`. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes the next bytes of the stream; false: this is no TURN stream, close it. */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (!this.#stopped && at < chunk.length) {
      if (this.#held > 0) {
        at += this.#complete(chunk, at);
        continue;
      }
      const size = frameSize(chunk, at, chunk.length - at);
      if (size < 0) this.#stopped = true;
      else if (size === 0 || at + size > chunk.length) {
        this.#hold(chunk, at, chunk.length);
        return true;
      } else {
        this.#onFrame(chunk.subarray(at, at + size));
        at += size;
      }
    }
    return !this.#stopped;
  }

  /** Adds to the held beginning of a message what it lacks; returns the bytes taken. */
  #complete(chunk: Uint8Array, at: number): number {
    const pending = this.#pending!;
    const known = frameSize(pending, 0, this.#held);
    // Without the 4 bytes that tell the size, those come first.
    const want = known === 0 ? CHANNEL_HEADER_BYTES : known;
    const end = Math.min(chunk.length, at + want - this.#held);
    this.#hold(chunk, at, end);
    const size = frameSize(pending, 0, this.#held);
    if (size < 0) this.#stopped = true;
    else if (size > 0 && this.#held === size) {
      this.#held = 0;
      this.#onFrame(pending.subarray(0, size));
    }
    return end - at;
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    this.#pending ??= new Uint8Array(MAX_FRAME);
    this.#pending.set(chunk.subarray(from, to), this.#held);
    this.#held += to - from;
  }
}

/** Bytes of the message that starts at `at`; 0 when fewer than 4 are there to tell, -1 when it can be none. */
function frameSize(bytes: Uint8Array, at: number, available: number): number {
  if (available === 0) return 0;
  const first = bytes[at]!;
  const stun = first < 4;
  if (!stun && !startsChannelData(first)) return -1;
  if (available < CHANNEL_HEADER_BYTES) return 0;
  const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const size = stun ? HEADER_BYTES + length : CHANNEL_HEADER_BYTES + ((length + 3) & ~3);
  return (stun && length % 4 !== 0) || size > MAX_FRAME ? -1 : size;
}
