/** Takes netstrings (`<length>:<bytes>,`) out of a byte stream, however it is cut into chunks. */
export class NetstringReader {
  #held = Buffer.alloc(0);

  /** The whole strings that `chunk` completed. Throws when the stream is no netstring stream. */
  push(chunk: Uint8Array): string[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const whole: string[] = [];
    for (;;) {
      const colon = this.#held.indexOf(':');
      if (colon < 0) return whole;
      const length = Number(this.#held.toString('latin1', 0, colon));
      if (!Number.isInteger(length)) throw new Error('not a netstring');
      const end = colon + 1 + length;
      if (this.#held.length < end + 1) return whole;
      whole.push(this.#held.toString('utf8', colon + 1, end));
      this.#held = this.#held.subarray(end + 1);
    }
  }
}

/** `text` as a netstring. */
export function netstring(text: string): string {
  return `${Buffer.byteLength(text)}:${text},`;
}
