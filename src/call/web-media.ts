import { randomText } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Fingerprint, IceCredentials, LegAssociation } from '../media/protocol.ts';
import type { AgreedAssociation, Association } from '../sdp/association.ts';
import type { HostCandidate } from '../sdp/candidates.ts';
import type { LocalAssociation } from '../sdp/phone-write.ts';

/** Our end of a web phone's media (RFC 8827): ICE credentials that last until the phone restarts ICE. */
export class WebMedia {
  readonly #random: Random;
  readonly #candidates: (port: number) => readonly HostCandidate[];
  #ice: IceCredentials;
  #remote: Association['ice'] | undefined;

  /** `candidates`: where a port of ours is reached, the preferred address first. */
  constructor(random: Random, candidates: (port: number) => readonly HostCandidate[]) {
    this.#random = random;
    this.#candidates = candidates;
    this.#ice = credentials(random);
  }

  /** Our credentials as they stand in the next description. */
  get ice(): IceCredentials {
    return this.#ice;
  }

  /** An offer's other credentials than before restart ICE: our answer has others too (RFC 8839 section 5.4). */
  offered({ ice }: Association): void {
    const before = this.#remote;
    this.#remote = ice;
    if (before !== undefined && (before.ufrag !== ice.ufrag || before.pwd !== ice.pwd)) {
      this.#ice = credentials(this.#random);
    }
  }

  answered({ ice }: Association): void {
    this.#remote = ice;
  }

  /** Our end for SDP. */
  describe(port: number, fingerprint: Fingerprint): LocalAssociation {
    return { ice: this.#ice, fingerprint, candidates: this.#candidates(port) };
  }

  /** Both ends for the media worker. */
  joined({ ice, fingerprints, role }: AgreedAssociation): LegAssociation {
    return { local: this.#ice, remote: ice, fingerprints, role };
  }
}

/** RFC 8445 section 5.3 wants 24 and 128 bits at least: these have 71 and 142. */
function credentials(random: Random): IceCredentials {
  return { ufrag: randomText(random, 12), pwd: randomText(random, 24) };
}
