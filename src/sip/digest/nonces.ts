import { equalBytes, fromHex, hex, utf8 } from '../../base/bytes.ts';
import type { Millis } from '../../base/clock.ts';
import type { Digests } from '../../base/digests.ts';
import type { Random } from '../../base/random.ts';

/** A nonce is answered within seconds; what comes later is stale and costs a round trip. */
const NONCE_MS: Millis = 60_000;
/** Nonces that were used and are remembered, so that no count comes twice. */
const MEMORY = 10_000;
/** Time in s, salt, HMAC: 4 + 6 + 16 bytes. */
const STAMP = 4;
const SALT = 6;
const TAG = 16;
const SHAPE = new RegExp(`^[0-9a-f]{${2 * (STAMP + SALT + TAG)}}$`);

/**
 * Nonces that cost no memory until somebody has answered one rightly: the time, a salt, and an HMAC over both and whom
 * they are for (RFC 7616 section 5.4). Of those answered the highest count is kept; it must rise (section 3.3).
 */
export class Nonces {
  readonly #digests: Digests;
  readonly #random: Random;
  readonly #key: Uint8Array;
  /** Highest count seen, oldest nonce first. */
  readonly #counts = new Map<string, number>();
  /** Seconds; nonces of this second and before are forgotten, and so stale. */
  #forgotten = -1;

  constructor(digests: Digests, random: Random) {
    this.#digests = digests;
    this.#random = random;
    this.#key = random.bytes(32);
  }

  /** A nonce for `holder`: whatever it shall be bound to, in one text. */
  issue(holder: string, now: Millis): string {
    const seconds = Math.floor(now / 1000);
    const head = new Uint8Array(STAMP + SALT);
    new DataView(head.buffer).setUint32(0, seconds);
    head.set(this.#random.bytes(SALT), STAMP);
    return hex(head) + this.#tag(hex(head), holder);
  }

  /**
   * Takes `count` of a nonce whose response was right. False when the nonce is not ours, not this holder's, too old, or
   * the count is not higher than before: the request is a replay, or late, and gets a new nonce.
   */
  take(nonce: string, holder: string, count: number, now: Millis): boolean {
    if (!SHAPE.test(nonce)) return false;
    const head = nonce.slice(0, 2 * (STAMP + SALT));
    if (!equalBytes(utf8(this.#tag(head, holder)), utf8(nonce.slice(head.length)))) return false;
    const seconds = new DataView(fromHex(head).buffer).getUint32(0);
    const age = now - seconds * 1000;
    if (age < 0 || age >= NONCE_MS || seconds <= this.#forgotten) return false;
    if (count <= (this.#counts.get(nonce) ?? 0)) return false;
    if (!this.#counts.has(nonce)) this.#forget(now);
    this.#counts.set(nonce, count);
    return true;
  }

  /** Makes room. What goes before its time takes all of its age with it: forgotten must not mean fresh. */
  #forget(now: Millis): void {
    for (const nonce of this.#counts.keys()) {
      const seconds = Number.parseInt(nonce.slice(0, 2 * STAMP), 16);
      const expired = now - seconds * 1000 >= NONCE_MS;
      if (!expired && this.#counts.size < MEMORY) return;
      this.#counts.delete(nonce);
      if (!expired) this.#forgotten = Math.max(this.#forgotten, seconds);
    }
  }

  #tag(head: string, holder: string): string {
    const tag = this.#digests.hmacSha256(this.#key, utf8(`${head} ${holder}`));
    return hex(tag.subarray(0, TAG));
  }
}
