import { equalBytes, utf8 } from '../../base/bytes.ts';
import type { Millis } from '../../base/clock.ts';
import type { Digests } from '../../base/digests.ts';
import type { Random } from '../../base/random.ts';
import { sourceKey } from '../../base/source-key.ts';
import { quote } from '../grammar.ts';
import type { ExtraHeaders, SipRequestInfo } from '../ports.ts';
import { parseUri } from '../uri.ts';
import { algorithmOf, type DigestAlgorithm, digestResponse, type Protection } from './compute.ts';
import { parseDirectives } from './directives.ts';
import { Lockout } from './lockout.ts';
import { Nonces } from './nonces.ts';

/** By what a trunk's callers prove themselves. */
export interface GuardedAccount {
  /** The trunk: a nonce of one is of no use at another. */
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  /** Offered in this order, the preferred one first (RFC 8760 section 2.3); nothing else is taken. */
  readonly algorithms: readonly DigestAlgorithm[];
}

/**
 * `missing`: no credentials yet, which is how every call begins. `stale`: right, but by a nonce that is not good any
 * more. `wrong`: not right, and nobody is told in what. `locked`: too many wrong ones, this one was not looked at.
 */
export type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly why: 'missing' | 'stale' | 'wrong' | 'locked';
      /** WWW-Authenticate, one for each algorithm. */
      readonly challenges: ExtraHeaders;
    };

/** Verifies requests by digest (RFC 7616, RFC 8760, RFC 3261 section 22.4). */
export class DigestGuard {
  readonly #digests: Digests;
  readonly #nonces: Nonces;
  readonly #lockout = new Lockout();

  constructor(digests: Digests, random: Random) {
    this.#digests = digests;
    this.#nonces = new Nonces(digests, random);
  }

  /** Judges `request` by its Authorization for the account's realm. Every refusal looks alike but for `stale`. */
  check(request: SipRequestInfo, account: GuardedAccount, now: Millis): Verdict {
    const { address } = request.flow.remote;
    const holder = `${address} ${account.id}`;
    // Who guesses from another address of his own /64 is who he was.
    const source = sourceKey(address);
    const given = ownCredentials(request, account.realm);
    if (given === undefined) return this.#refuse(account, holder, 'missing', now);
    if (this.#lockout.isLocked(source, now)) return this.#refuse(account, holder, 'locked', now);
    if (!this.#isRight(request, account, given)) {
      this.#lockout.failed(source, now);
      return this.#refuse(account, holder, 'wrong', now);
    }
    const count = Number.parseInt(given.get('nc') ?? '0', 16);
    if (!this.#nonces.take(given.get('nonce') ?? '', holder, count, now))
      return this.#refuse(account, holder, 'stale', now);
    this.#lockout.succeeded(source);
    return { ok: true };
  }

  #refuse(account: GuardedAccount, holder: string, why: Exclude<Verdict, { ok: true }>['why'], now: Millis) {
    const nonce = this.#nonces.issue(holder, now);
    const stale = why === 'stale' ? ', stale=true' : '';
    const challenges = account.algorithms.map(
      (algorithm) =>
        [
          'WWW-Authenticate',
          `Digest realm=${quote(account.realm)}, nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale}`,
        ] as const,
    );
    return { ok: false as const, why, challenges };
  }

  /** The whole sum is made whatever is wrong, so that the time it takes tells nothing. */
  #isRight(request: SipRequestInfo, account: GuardedAccount, given: ReadonlyMap<string, string>): boolean {
    const algorithm = algorithmOf(given.get('algorithm'));
    const qop = protectionOf(given.get('qop'));
    const uri = given.get('uri') ?? '';
    const nc = given.get('nc') ?? '';
    const expected = digestResponse(this.#digests, {
      algorithm: algorithm ?? 'MD5',
      username: account.username,
      realm: account.realm,
      password: account.password,
      method: request.method,
      uri,
      nonce: given.get('nonce') ?? '',
      // Without qop a request could be replayed: RFC 7616 section 3.4 asks for it, and so do we.
      qop: qop ?? 'auth',
      cnonce: given.get('cnonce') ?? '',
      nc,
      body: request.body,
    });
    const matches = [
      equalBytes(utf8(expected), utf8((given.get('response') ?? '').toLowerCase())),
      given.get('username') === account.username,
      algorithm !== undefined && account.algorithms.includes(algorithm),
      qop !== undefined && /^[0-9a-f]{8}$/i.test(nc),
      isAbout(uri, request),
    ];
    return matches.every((match) => match);
  }
}

/** The credentials for `realm`; others are for others on the way. */
function ownCredentials(request: SipRequestInfo, realm: string): ReadonlyMap<string, string> | undefined {
  for (const value of request.headers('authorization').slice(0, 8)) {
    const directives = parseDirectives(value);
    if (directives?.get('realm') === realm) return directives;
  }
  return undefined;
}

function protectionOf(directive: string | undefined): Protection | undefined {
  const lower = directive?.toLowerCase();
  return lower === 'auth' || lower === 'auth-int' ? lower : undefined;
}

/**
 * RFC 7616 section 3.4.6: the `uri` must be what was asked for. Proxies rewrite its host, and some clients write the
 * server's alone; another user than that of the Request-URI is a digest made for another call.
 */
function isAbout(uri: string, request: SipRequestInfo): boolean {
  const parsed = parseUri(uri);
  return parsed.ok && (parsed.value.user === '' || parsed.value.user === request.uri.user);
}
