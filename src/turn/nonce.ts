import { base64, concat, equalBytes, utf8 } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import type { Random } from '../base/random.ts';
import { NONCE_COOKIE } from '../stun/password-algorithm.ts';
import type { TurnClient } from './ports.ts';

/** RFC 8656 section 5 wants nonces to expire at least hourly; a stale one costs a client one round trip. */
const NONCE_MS: Millis = 600_000;
/** Bytes of the HMAC that are kept: 88 bits. */
const TAG_BYTES = 11;

/**
 * Nonces that need no memory: the cookie of RFC 8489 section 9.2, the time in s and an HMAC over it and the client's 5-tuple,
 * 33 characters. So one that was sniffed is of no use from another address, one of before a restart is stale, and one whose
 * cookie somebody changed on the way is not ours.
 */
export class Nonces {
  readonly #digests: Digests;
  readonly #key: Uint8Array;

  constructor(digests: Digests, random: Random) {
    this.#digests = digests;
    this.#key = random.bytes(32);
  }

  issue(client: TurnClient, now: Millis): string {
    return this.#encode(client, Math.floor(now / 1000));
  }

  /** True when this server issued `nonce` to this client within the last 10 minutes. */
  good(nonce: string, client: TurnClient, now: Millis): boolean {
    const seconds = decodeSeconds(nonce);
    if (seconds === undefined) return false;
    const age = now - seconds * 1000;
    if (age < 0 || age >= NONCE_MS) return false;
    return equalBytes(utf8(this.#encode(client, seconds)), utf8(nonce));
  }

  #encode(client: TurnClient, seconds: number): string {
    const stamp = Uint8Array.of(seconds >>> 24, seconds >>> 16, seconds >>> 8, seconds);
    const from = utf8(`${client.protocol} ${client.remote.port} ${client.remote.address}`);
    const tag = this.#digests.hmacSha256(this.#key, concat([stamp, from]));
    return NONCE_COOKIE + base64(concat([stamp, tag.subarray(0, TAG_BYTES)]));
  }
}

const BASE64 = /^[A-Za-z0-9+/]{20}$/;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The first 32 of the 36 bits that six base64 digits hold. */
function decodeSeconds(nonce: string): number | undefined {
  const start = NONCE_COOKIE.length;
  if (!nonce.startsWith(NONCE_COOKIE) || !BASE64.test(nonce.slice(start))) return undefined;
  let bits = 0;
  for (let i = start; i < start + 6; i++) bits = bits * 64 + DIGITS.indexOf(nonce[i]!);
  return Math.floor(bits / 16);
}
