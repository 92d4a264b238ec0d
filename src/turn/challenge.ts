import type { Digests } from '../base/digests.ts';
import type { StunBuilder } from '../stun/builder.ts';
import { nonce, realm } from '../stun/fields.ts';
import { checkIntegrity, checkIntegritySha256, longTermKey } from '../stun/integrity.ts';
import type { StunMessage } from '../stun/message.ts';
import {
  encodePasswordAlgorithm,
  type PasswordAlgorithm,
  promisesPasswordAlgorithms,
  readPasswordAlgorithm,
} from '../stun/password-algorithm.ts';
import { Attribute } from '../stun/registry.ts';
import type { TurnCredentials } from './credentials.ts';

/** What a server asked a client for, and what the client proves itself with. */
export interface Challenge {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  /** PASSWORD-ALGORITHMS as it came, and the one that was taken of it; undefined of servers before RFC 8489. */
  readonly offer: { readonly value: Uint8Array; readonly taken: PasswordAlgorithm } | undefined;
  readonly key: Uint8Array;
}

/**
 * Reads the challenge in a 401 or 438 (RFC 8489 section 9.2.5). `bid-down`: its nonce says that algorithms were offered, and they are not
 * there, or none that we know. Undefined: it is no challenge.
 */
export function readChallenge(
  message: StunMessage,
  digests: Digests,
  { username, password }: TurnCredentials,
): Challenge | 'bid-down' | undefined {
  const [realmText, nonceText] = [realm(message), nonce(message)];
  if (realmText === undefined || nonceText === undefined) return undefined;
  const value = message.attribute(Attribute.passwordAlgorithms);
  const taken = value === undefined ? undefined : readPasswordAlgorithm(value);
  if (value === undefined ? promisesPasswordAlgorithms(nonceText) : taken === undefined) return 'bid-down';
  const key = longTermKey(digests, username, realmText, password, taken);
  const offer = value === undefined || taken === undefined ? undefined : { value: value.slice(), taken };
  return { username, realm: realmText, nonce: nonceText, offer, key };
}

/** Signs a request: by MESSAGE-INTEGRITY-SHA256 for who offered algorithms (RFC 8489 section 9.2.5), else by MESSAGE-INTEGRITY. */
export function signRequest(
  builder: StunBuilder,
  digests: Digests,
  { username, realm, nonce, offer, key }: Challenge,
): StunBuilder {
  builder.text(Attribute.username, username).text(Attribute.realm, realm).text(Attribute.nonce, nonce);
  if (offer === undefined) return builder.messageIntegrity(digests, key);
  return builder
    .attribute(Attribute.passwordAlgorithm, encodePasswordAlgorithm(offer.taken))
    .attribute(Attribute.passwordAlgorithms, offer.value)
    .messageIntegritySha256(digests, key);
}

/** True when an answer is sealed as its request was. */
export function isSealed(message: StunMessage, digests: Digests, { offer, key }: Challenge): boolean {
  const check = offer === undefined ? checkIntegrity : checkIntegritySha256;
  return check(message, digests, key) === 'good';
}
