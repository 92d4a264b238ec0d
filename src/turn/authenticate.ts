import type { Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { nonce, realm, username } from '../stun/fields.ts';
import { checkIntegrity, longTermKey } from '../stun/integrity.ts';
import type { StunMessage } from '../stun/message.ts';
import { Attribute } from '../stun/registry.ts';
import type { TurnSession } from './allocation.ts';
import { parseTurnUsername, turnPassword } from './credentials.ts';
import type { Nonces } from './nonce.ts';
import type { TurnClient } from './ports.ts';

/** Why a request is not believed. `challenge`: it simply carries no credentials yet, as every first one. */
export type AuthFailure =
  | { readonly code: 400; readonly reason: 'missing-attribute' }
  | { readonly code: 401; readonly reason: 'challenge' | 'bad-username' | 'bad-password' }
  | { readonly code: 438; readonly reason: 'stale-nonce' };

/** A proven user, and until when (Unix s) it may allocate. */
export interface AuthenticatedUser extends TurnSession {
  readonly expires: number;
}

/** Long-term credentials of the time-limited form (RFC 8489 section 9.2.4). Pure: it changes nothing. */
export class Authenticator {
  readonly #digests: Digests;
  readonly #secret: string;
  readonly #realm: string;
  readonly #nonces: Nonces;

  constructor(options: { digests: Digests; secret: string; realm: string; nonces: Nonces }) {
    this.#digests = options.digests;
    this.#secret = options.secret;
    this.#realm = options.realm;
    this.#nonces = options.nonces;
  }

  /** Judges a request in the order of RFC 8489 section 9.2.4. `known` spares the hashes of a user met before. */
  judge(
    message: StunMessage,
    client: TurnClient,
    known: TurnSession | undefined,
    now: Millis,
  ): Result<AuthenticatedUser, AuthFailure> {
    if (!message.has(Attribute.messageIntegrity)) return fail({ code: 401, reason: 'challenge' });
    const name = username(message);
    const nonceText = nonce(message);
    if (name === undefined || nonceText === undefined || realm(message) === undefined) {
      return fail({ code: 400, reason: 'missing-attribute' });
    }
    if (!this.#nonces.good(nonceText, client, now)) return fail({ code: 438, reason: 'stale-nonce' });
    const user = parseTurnUsername(name);
    if (user === undefined) return fail({ code: 401, reason: 'bad-username' });
    const key = known?.username === name ? known.key : this.#key(name);
    if (checkIntegrity(message, this.#digests, key) !== 'good')
      return fail({ code: 401, reason: 'bad-password' });
    return ok({ username: name, identity: user.identity, expires: user.expires, key });
  }

  #key(name: string): Uint8Array {
    return longTermKey(this.#digests, name, this.#realm, turnPassword(this.#digests, this.#secret, name));
  }
}
