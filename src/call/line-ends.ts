import type { HostPort } from '../base/net.ts';
import type { Fingerprint } from '../media/protocol.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import { addressScope } from '../trunk/addresses.ts';
import { mediaAddressFault } from '../trunk/media-address.ts';
import type { PhoneLineOptions } from './line-options.ts';
import type { AnnouncedPort } from './negotiation.ts';

/** Where the two ends of a phone's media are: our port, as the phone is to see it, and where the phone may have them sent. */
export class LineEnds {
  readonly #options: Pick<PhoneLineOptions, 'announce' | 'trunk' | 'mediaPolicy' | 'negotiation'>;
  #port = 0;
  #fingerprint: Fingerprint | undefined;
  #remote: HostPort = { address: '', port: 0 };

  constructor(options: Pick<PhoneLineOptions, 'announce' | 'trunk' | 'mediaPolicy' | 'negotiation'>) {
    this.#options = options;
  }

  /** Where the phone's signaling is: the way to it decides which address of ours stands in our SDP. */
  signalsFrom(remote: HostPort): void {
    this.#remote = remote;
  }

  /** Address of the phone's signaling; empty before it is known. */
  get source(): string {
    return this.#remote.address;
  }

  /** The worker reserved a port; `fingerprint`: of the certificate that answers there. */
  opened(port: number, fingerprint: Fingerprint | undefined): void {
    const { negotiation, mediaPolicy } = this.#options;
    this.#port = port;
    this.#fingerprint = fingerprint;
    if (negotiation.web === undefined) mediaPolicy?.opened(port);
  }

  /** There is one. */
  get isOpen(): boolean {
    return this.#port !== 0;
  }

  /** It is given back. */
  closed(): void {
    this.#options.mediaPolicy?.closed(this.#port);
  }

  /** Our RTP as whoever signals from `remote` is to see it, in the family of where its `media` are (RFC 6157 section 4). */
  announced(remote: HostPort = this.#remote, media: HostPort = remote): AnnouncedPort {
    const { announce } = this.#options;
    const isOther = media.address.includes(':') !== remote.address.includes(':');
    const address = announce(isOther && addressScope(media.address) !== 'unspecified' ? media : remote);
    return { address, port: this.#port, fingerprint: this.#fingerprint };
  }

  /** Whether media may go where a phone that signals from `source` wants them. */
  mayReach(agreement: AudioAgreement, source: HostPort = this.#remote): boolean {
    const { trunk, mediaPolicy } = this.#options;
    return mediaAddressFault(trunk, agreement.remote, source.address, mediaPolicy) === undefined;
  }
}
