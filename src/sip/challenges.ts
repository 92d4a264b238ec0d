/** Challenges to requests of ours (RFC 3261 section 22.2), whatever they are: one of these for each request. */
import type { HostPort } from '../base/net.ts';
import type { SipCore } from './core.ts';
import type { Authenticator, Challenged, ExtraHeaders, Flow } from './ports.ts';

/** How often a request is sent again with credentials: once for each of two challengers, and for nonces gone stale. */
const MAX_ANSWERS = 4;

/** What proves us, and to whom: nobody else gets any of it. */
export interface Proof {
  readonly authenticator: Authenticator;
  readonly isFor: (remote: HostPort) => boolean;
}

/** For the peer that `flow` goes to, and its other addresses where a trunk names them. */
export function proofFor(
  core: SipCore,
  authenticator: Authenticator | undefined,
  flow: Flow,
): Proof | undefined {
  if (authenticator === undefined) return undefined;
  const isFor = (remote: HostPort) =>
    remote.address === flow.remote.address || core.isTrustedPeer({ ...flow, remote }, flow);
  return { authenticator, isFor };
}

/** A request without what its sending has to add. */
export type Provable = Pick<Challenged, 'method' | 'uri' | 'body' | 'remote'>;

export class Challenges {
  readonly #proof: Proof | undefined;
  readonly #tries = { 401: 0, 407: 0 };

  constructor(proof: Proof | undefined) {
    this.#proof = proof;
  }

  /** Credentials for the first sending, by nonces that are known (RFC 7616 section 3.6). */
  ahead(request: Provable): ExtraHeaders {
    return this.#mayProveTo(request) ? (this.#proof?.authenticator.headers(request) ?? []) : [];
  }

  /**
   * All credentials with which to send it once more; undefined when the answer stands. A 2xx is told, too: it may say by what nonce the
   * next request is to come (RFC 7616 section 3.5).
   */
  answer(
    status: number,
    challenges: { lines(name: string): readonly string[] },
    request: Provable,
  ): ExtraHeaders | undefined {
    if (status >= 200 && status < 300) this.#learn(challenges, request);
    if ((status !== 401 && status !== 407) || !this.#mayProveTo(request)) return undefined;
    if (this.#tries[401] + this.#tries[407] >= MAX_ANSWERS) return undefined;
    const values = challenges.lines(status === 401 ? 'www-authenticate' : 'proxy-authenticate');
    const tries = this.#tries[status]++;
    return this.#proof?.authenticator.authenticate({ ...request, status, challenges: values, tries });
  }

  #learn(headers: { lines(name: string): readonly string[] }, request: Provable): void {
    if (!this.#mayProveTo(request)) return;
    const authenticator = this.#proof?.authenticator;
    authenticator?.accepted?.(request.remote, 401, headers.lines('authentication-info'));
    authenticator?.accepted?.(request.remote, 407, headers.lines('proxy-authentication-info'));
  }

  #mayProveTo({ remote }: Provable): boolean {
    return this.#proof?.isFor(remote) === true;
  }
}
