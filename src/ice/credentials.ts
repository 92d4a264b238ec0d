import { randomText } from '../base/ids.ts';
import type { Random } from '../base/random.ts';

/** Short-term credentials of one end (RFC 8445 section 5.3). */
export interface IceCredentials {
  readonly ufrag: string;
  readonly pwd: string;
}

/**
 * Fresh local credentials. RFC 8445 section 5.3: a ufrag MUST hold at least 24 bits of randomness and a pwd 128; as
 * one port serves all peers, the ufrag has 71 bits so that two never meet, and the pwd 142.
 */
export function newIceCredentials(random: Random): IceCredentials {
  return { ufrag: randomText(random, 12), pwd: randomText(random, 24) };
}
