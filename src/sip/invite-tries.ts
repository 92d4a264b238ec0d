/** Why an INVITE of ours is sent once more, and what it says then: credentials, and a session interval that is long enough. */
import type { SipTerms } from './call-terms.ts';
import { Challenges, type Proof } from './challenges.ts';
import type { SipCore } from './core.ts';
import { type SipResponse, safeExtras } from './message.ts';
import type { ExtraHeaders, OutgoingOptions } from './ports.ts';
import { initialSessionHeaders, moreAsked } from './session-timer.ts';

export class InviteTries {
  readonly #core: Pick<SipCore, 'guard'>;
  readonly #options: OutgoingOptions;
  readonly #terms: SipTerms;
  readonly #challenges: Challenges;
  #credentials: ExtraHeaders = [];
  /** The Min-SE that a 422 asked for. */
  #minSe = 0;

  constructor(
    core: Pick<SipCore, 'guard'>,
    options: OutgoingOptions,
    terms: SipTerms,
    proof: Proof | undefined,
  ) {
    this.#core = core;
    this.#options = options;
    this.#terms = terms;
    this.#challenges = new Challenges(proof);
  }

  /** Credentials that the first sending may have already, by nonces that are known. */
  begin(): void {
    this.#core.guard(() => {
      this.#credentials = safeExtras(this.#challenges.ahead(this.#provable));
    });
  }

  /** Headers of the session timer for the next sending. */
  get session(): ExtraHeaders {
    return initialSessionHeaders(this.#terms, this.#minSe);
  }

  /** Credentials of the last sending, which its ACK has too (RFC 3261 section 22.1). */
  get credentials(): ExtraHeaders {
    return this.#credentials;
  }

  /** A 2xx came: it may say by what nonce the next request is to come (RFC 7616 section 3.5). */
  accepted({ status, headers }: SipResponse): void {
    this.#core.guard(() => this.#challenges.answer(status, headers, this.#provable));
  }

  /** Is a refused INVITE to be sent once more, with what has been learnt? */
  refused(response: SipResponse): boolean {
    return this.#challenged(response) || this.#tooShort(response);
  }

  /** RFC 3261 section 22.2: with credentials, the same call under a new number. */
  #challenged({ status, headers }: SipResponse): boolean {
    let credentials: ExtraHeaders | undefined;
    this.#core.guard(() => {
      credentials = this.#challenges.answer(status, headers, this.#provable);
    });
    if (credentials === undefined) return false;
    this.#credentials = safeExtras(credentials);
    return true;
  }

  /** RFC 4028 section 7.3: with the interval that was asked for, but only once. */
  #tooShort(response: SipResponse): boolean {
    const minSe = moreAsked(response, this.#minSe);
    if (minSe === undefined || this.#minSe > 0 || this.#terms.sessionExpires === 0) return false;
    this.#minSe = minSe;
    return true;
  }

  get #provable() {
    const { to, sdp, next } = this.#options;
    return { method: 'INVITE', uri: to, body: sdp, remote: next.remote };
  }
}
