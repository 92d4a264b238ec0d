const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

/** UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; malformed sequences become U+FFFD, it never throws. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Bytes of an even-length hexadecimal text; white space and colons are passed over. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, '');
  const bytes = new Uint8Array(digits.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base 64 with padding (RFC 4648 section 4). */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i]! << 16) | ((left > 1 ? bytes[i + 1]! : 0) << 8) | (left > 2 ? bytes[i + 2]! : 0);
    text += BASE64[group >> 18]! + BASE64[(group >> 12) & 63]!;
    text += left > 1 ? BASE64[(group >> 6) & 63]! : '=';
    text += left > 2 ? BASE64[group & 63]! : '=';
  }
  return text;
}

/** One array of all the parts. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Compares in time that depends on the length only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

const NOTHING = new Uint8Array(0);

/**
 * Writes texts one behind the other into a large array and hands out the parts: an array of its own for each costs more
 * than to write it. An array lives for as long as any of its parts, so parts that are kept should be kept for alike times.
 */
export class ByteSlab {
  readonly #size: number;
  #slab: Uint8Array<ArrayBuffer> = NOTHING;
  #used = 0;

  /** `size` in bytes; what does not fit into a fresh array gets one of its own. */
  constructor(size: number) {
    this.#size = size;
  }

  /** UTF-8 bytes of `text`, followed by `rest`. */
  write(text: string, rest: Uint8Array = NOTHING): Uint8Array {
    // A UTF-16 unit is at most three bytes.
    const most = 3 * text.length + rest.length;
    if (most > this.#size) return concat([utf8(text), rest]);
    if (most > this.#slab.length - this.#used) {
      this.#slab = new Uint8Array(this.#size);
      this.#used = 0;
    }
    const slab = this.#slab;
    const from = this.#used;
    const head = from + encoder.encodeInto(text, slab.subarray(from)).written;
    slab.set(rest, head);
    this.#used = head + rest.length;
    return slab.subarray(from, this.#used);
  }
}
