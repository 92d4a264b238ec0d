import { equalBytes } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { StunBuilder } from '../stun/builder.ts';
import { nonce, realm, username } from '../stun/fields.ts';
import { checkIntegrity, checkIntegritySha256, longTermKey } from '../stun/integrity.ts';
import type { StunMessage } from '../stun/message.ts';
import {
  encodePasswordAlgorithms,
  type PasswordAlgorithm,
  readPasswordAlgorithm,
} from '../stun/password-algorithm.ts';
import { Attribute } from '../stun/registry.ts';
import type { TurnAccounts } from './accounts.ts';
import type { TurnSession } from './allocation.ts';
import type { Nonces } from './nonce.ts';
import type { TurnClient } from './ports.ts';

/** Why a request is not believed. `challenge`: it simply carries no credentials yet, as every first one. */
export type AuthFailure =
  | { readonly code: 400; readonly reason: 'missing-attribute' | 'password-algorithm' }
  | { readonly code: 401; readonly reason: 'challenge' | 'bad-username' | 'bad-password' }
  | { readonly code: 438; readonly reason: 'stale-nonce' };

/** A proven user, and until when (Unix s) it may allocate. */
export interface AuthenticatedUser extends TurnSession {
  readonly expires: number;
}

/** What every challenge offers, best first; who knows of none takes MD5 (RFC 8489 section 9.2.4). */
const OFFERED = encodePasswordAlgorithms(['sha256', 'md5']);

/** Long-term credentials, with the algorithms of RFC 8489 section 9.2 for those who know them. Pure: it changes nothing. */
export class Authenticator {
  readonly #digests: Digests;
  readonly #accounts: TurnAccounts;
  readonly #realm: string;
  readonly #nonces: Nonces;

  constructor(options: { digests: Digests; accounts: TurnAccounts; realm: string; nonces: Nonces }) {
    this.#digests = options.digests;
    this.#accounts = options.accounts;
    this.#realm = options.realm;
    this.#nonces = options.nonces;
  }

  /** Adds what a client needs to prove itself (RFC 8489 section 9.2.4). */
  challenge(reply: StunBuilder, client: TurnClient, now: Millis): StunBuilder {
    return reply
      .text(Attribute.realm, this.#realm)
      .text(Attribute.nonce, this.#nonces.issue(client, now))
      .attribute(Attribute.passwordAlgorithms, OFFERED);
  }

  /**
   * Judges a request by the checks of RFC 8489 section 9.2.4; but the nonce is looked at first, so that who has none of ours costs one
   * HMAC. `known` spares the hashes of a user met before.
   */
  judge(
    message: StunMessage,
    client: TurnClient,
    known: TurnSession | undefined,
    now: Millis,
  ): Result<AuthenticatedUser, AuthFailure> {
    const integrity = message.has(Attribute.messageIntegritySha256) ? 'sha256' : 'sha1';
    if (integrity === 'sha1' && !message.has(Attribute.messageIntegrity))
      return fail({ code: 401, reason: 'challenge' });
    const name = username(message);
    const nonceText = nonce(message);
    if (name === undefined || nonceText === undefined || realm(message) === undefined) {
      return fail({ code: 400, reason: 'missing-attribute' });
    }
    if (!this.#nonces.good(nonceText, client, now)) return fail({ code: 438, reason: 'stale-nonce' });
    const algorithm = chosenAlgorithm(message);
    if (algorithm === undefined) return fail({ code: 400, reason: 'password-algorithm' });
    const account = this.#accounts.find(name);
    if (account === undefined) return fail({ code: 401, reason: 'bad-username' });
    const { identity, expires, passwords } = account;
    for (const key of this.#keys(name, passwords, algorithm, known)) {
      const seal =
        integrity === 'sha256'
          ? checkIntegritySha256(message, this.#digests, key)
          : checkIntegrity(message, this.#digests, key);
      if (seal === 'good') return ok({ username: name, identity, expires, key, algorithm, integrity });
    }
    return fail({ code: 401, reason: 'bad-password' });
  }

  /** Keys that the user may have signed with, the likeliest first; each is made when it is asked for. */
  *#keys(
    name: string,
    passwords: readonly string[],
    algorithm: PasswordAlgorithm,
    known: TurnSession | undefined,
  ): Iterable<Uint8Array> {
    if (known?.username === name && known.algorithm === algorithm) yield known.key;
    for (const password of passwords) {
      yield longTermKey(this.#digests, name, this.#realm, password, algorithm);
    }
  }
}

/** Seals an answer as its request was (RFC 8489 section 9.2.4). */
export function sealAnswer(
  reply: StunBuilder,
  digests: Digests,
  { key, integrity }: Pick<TurnSession, 'key' | 'integrity'>,
): Uint8Array {
  return integrity === 'sha256'
    ? reply.messageIntegritySha256(digests, key).finish()
    : reply.messageIntegrity(digests, key).finish();
}

/**
 * The algorithm that the client says it took; undefined when it repeats another list than ours, which somebody changed on
 * the way, or took what is not in it (the bid-down of RFC 8489 section 9.2).
 */
function chosenAlgorithm(message: StunMessage): PasswordAlgorithm | undefined {
  const chosen = message.attribute(Attribute.passwordAlgorithm);
  const repeated = message.attribute(Attribute.passwordAlgorithms);
  if (chosen === undefined && repeated === undefined) return 'md5';
  if (chosen === undefined || repeated === undefined || !equalBytes(repeated, OFFERED)) return undefined;
  return readPasswordAlgorithm(chosen);
}
