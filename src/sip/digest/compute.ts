import { hex, utf8 } from '../../base/bytes.ts';
import type { Digests } from '../../base/digests.ts';

/** Algorithms of RFC 7616 and RFC 8760, as the directive names them; `-sess` variants are asked for by nobody. */
export type DigestAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256';

/** How much of a request its digest covers (RFC 7616 section 3.4.3). */
export type Protection = 'auth' | 'auth-int';

/** All that a response is made of. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  /** The `uri` directive: the Request-URI as its sender wrote it. */
  readonly uri: string;
  readonly nonce: string;
  /** Undefined for a challenge without qop (RFC 2069), which has neither count nor cnonce. */
  readonly qop: Protection | undefined;
  readonly cnonce: string;
  /** Eight hexadecimal digits. */
  readonly nc: string;
  /** Counts for `auth-int` only. */
  readonly body: Uint8Array;
}

/** The `response` directive (RFC 7616 section 3.4.1), lower-case hexadecimal. */
export function digestResponse(digests: Digests, input: DigestInput): string {
  const hash = (data: Uint8Array) => hex(hashOf(digests, input.algorithm)(data));
  const { username, realm, password, method, uri, nonce, qop, cnonce, nc, body } = input;
  const secret = hash(utf8(`${username}:${realm}:${password}`));
  const request = qop === 'auth-int' ? `${method}:${uri}:${hash(body)}` : `${method}:${uri}`;
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`;
  return hash(utf8(`${secret}:${middle}:${hash(utf8(request))}`));
}

/** The algorithm that a directive means; absent means MD5 (RFC 7616 section 3.3). Undefined: none of ours. */
export function algorithmOf(directive: string | undefined): DigestAlgorithm | undefined {
  switch ((directive ?? 'MD5').toUpperCase()) {
    case 'MD5':
      return 'MD5';
    case 'SHA-256':
      return 'SHA-256';
    case 'SHA-512-256':
      return 'SHA-512-256';
    default:
      return undefined;
  }
}

/** `nc` as it stands in the directive. */
export function formatCount(count: number): string {
  return count.toString(16).padStart(8, '0');
}

function hashOf(digests: Digests, algorithm: DigestAlgorithm): (data: Uint8Array) => Uint8Array {
  switch (algorithm) {
    case 'MD5':
      return digests.md5;
    case 'SHA-256':
      return digests.sha256;
    case 'SHA-512-256':
      return digests.sha512t256;
  }
}
