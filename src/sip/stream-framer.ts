/**
 * Cuts a TCP or TLS byte stream into messages by Content-Length (RFC 3261 sections 18.3 and 7.5), and picks out the
 * keep-alive CRLFs between them (RFC 5626 section 3.5.1). Bounded: it never holds more than one message of `limit`.
 */
import { concat, fromUtf8, utf8 } from '../base/bytes.ts';
import { parseNumber } from './grammar.ts';
import { canonicalName } from './headers.ts';

/** Why the stream can no longer be trusted, so that the connection must be closed. */
export type StreamFault = 'stream-too-large' | 'stream-no-content-length' | 'stream-bad-content-length';

export interface StreamFramerEvents {
  /** One whole message; the bytes are the receiver's only during the call. */
  message(bytes: Uint8Array): void;
  /** A double CRLF came: answer with {@link PONG}. */
  ping(): void;
  /** The CRLF came that {@link StreamFramer.expectPong} waits for. */
  pong?(): void;
}

/** The answer to a keep-alive ping. */
export const PONG: Uint8Array = utf8('\r\n');

const EMPTY = new Uint8Array(0);

export class StreamFramer {
  readonly #events: StreamFramerEvents;
  readonly #limit: number;
  #buffer: Uint8Array = EMPTY;
  /** Where the search for the end of the head goes on: what lies before has been searched. */
  #searched = 0;
  /** Length of the message at the buffer's start, once its head is there. */
  #expected = 0;
  #fault: StreamFault | undefined;
  #expectsPong = false;

  /** `limit`: bytes of one message. */
  constructor(events: StreamFramerEvents, limit = 65_535) {
    this.#events = events;
    this.#limit = limit;
  }

  /** A ping of ours went out: the next CRLF that stands alone is its answer, and not half a ping. */
  expectPong(): void {
    this.#expectsPong = true;
  }

  /** Has a message begun that is not whole yet? Half a ping is none. */
  get partial(): boolean {
    return this.#buffer.length > 3 || (this.#buffer.length > 0 && this.#buffer[0] !== 13);
  }

  /** Takes what came; a fault is final, and everything after it is ignored. */
  push(bytes: Uint8Array): StreamFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    this.#buffer = this.#buffer.length === 0 ? bytes : concat([this.#buffer, bytes]);
    while (this.#fault === undefined && this.#next());
    // What stays is copied: `bytes` is the socket's.
    this.#buffer = this.#fault === undefined && this.#buffer.length > 0 ? this.#buffer.slice() : EMPTY;
    return this.#fault;
  }

  #next(): boolean {
    if (this.#expected === 0) {
      if (this.#keepAlive()) return true;
      if (!this.#readHead()) return false;
    }
    if (this.#buffer.length < this.#expected) return false;
    const message = this.#buffer.subarray(0, this.#expected);
    this.#buffer = this.#buffer.subarray(this.#expected);
    this.#expected = 0;
    this.#searched = 0;
    this.#events.message(message);
    return true;
  }

  /** Takes CRLFs off the start: two of them are a ping. */
  #keepAlive(): boolean {
    const buffer = this.#buffer;
    if (buffer[0] !== 13 || buffer[1] !== 10) return false;
    if (buffer.length >= 4 && buffer[2] === 13 && buffer[3] === 10) {
      this.#buffer = buffer.subarray(4);
      this.#events.ping();
      return true;
    }
    if (this.#expectsPong) {
      this.#expectsPong = false;
      this.#buffer = buffer.subarray(2);
      this.#events.pong?.();
      return true;
    }
    // One CRLF, perhaps half a ping: wait, unless a message follows.
    if (buffer.length === 2 || (buffer.length === 3 && buffer[2] === 13)) return false;
    this.#buffer = buffer.subarray(2);
    return true;
  }

  #readHead(): boolean {
    const end = this.#endOfHead();
    if (end < 0) {
      if (this.#buffer.length > this.#limit) this.#fault = 'stream-too-large';
      return false;
    }
    const length = contentLength(fromUtf8(this.#buffer.subarray(0, end)));
    if (length === 'missing') this.#fault = 'stream-no-content-length';
    else if (length === 'bad') this.#fault = 'stream-bad-content-length';
    else if (end + 4 + length > this.#limit) this.#fault = 'stream-too-large';
    else this.#expected = end + 4 + length;
    return this.#fault === undefined;
  }

  #endOfHead(): number {
    const buffer = this.#buffer;
    for (let i = buffer.indexOf(13, this.#searched); i >= 0; i = buffer.indexOf(13, i + 1)) {
      if (buffer[i + 1] === 10 && buffer[i + 2] === 13 && buffer[i + 3] === 10) return i;
    }
    this.#searched = Math.max(0, buffer.length - 3);
    return -1;
  }
}

/** Two that differ are an attack on the framing, and so two are refused. */
function contentLength(head: string): number | 'missing' | 'bad' {
  let found: number | 'missing' = 'missing';
  for (let at = 0, eol = 0; at < head.length; at = eol + 2) {
    eol = head.indexOf('\r\n', at);
    if (eol < 0) eol = head.length;
    // `Content-Length` or `l`: of other lines nothing is looked at.
    const first = head.charCodeAt(at) | 0x20;
    if (first !== 0x63 && first !== 0x6c) continue;
    const line = head.slice(at, eol);
    const colon = line.indexOf(':');
    if (colon < 0 || canonicalName(line.slice(0, colon).trimEnd()) !== 'content-length') continue;
    const length = parseNumber(line.slice(colon + 1).trim(), 2 ** 32);
    if (length === undefined || found !== 'missing') return 'bad';
    found = length;
  }
  return found;
}
