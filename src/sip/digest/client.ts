import { utf8 } from '../../base/bytes.ts';
import type { Digests } from '../../base/digests.ts';
import { randomText } from '../../base/ids.ts';
import type { HostPort } from '../../base/net.ts';
import type { Random } from '../../base/random.ts';
import { hasControl, quote, splitCommas } from '../grammar.ts';
import type { Authenticator, Challenged, ExtraHeaders } from '../ports.ts';
import {
  algorithmOf,
  type DigestAlgorithm,
  digestResponse,
  formatCount,
  type Protection,
} from './compute.ts';
import { parseDirectives } from './directives.ts';

/** What a trunk gave us to prove ourselves with. */
export interface Account {
  readonly username: string;
  readonly password: string;
  /** Realms that get an answer; a challenge by any other gets none. */
  readonly realms: readonly string[];
}

/** Why a challenge got no answer. */
export type Withheld =
  /** It names a realm that is not the account's. */
  | 'foreign-realm'
  /** No challenge could be read, or none in an algorithm and protection that we have. */
  | 'unsupported'
  /** The credentials were sent and refused. */
  | 'refused';

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly algorithm: DigestAlgorithm;
  /** The directive was there and is given back. */
  readonly named: string | undefined;
  readonly qop: Protection | undefined;
  readonly stale: boolean;
}

/** Most challenges that are looked at in one response. */
const MAX_CHALLENGES = 8;
/** Answers to nonces that went stale, for one request: a server that finds every nonce stale is not worth more. */
const MAX_STALE = 2;
/** Challengers whose nonces are kept: a trunk has few proxies. Those not heard of for longest are forgotten. */
const MAX_KNOWN = 32;

interface Known {
  readonly status: 401 | 407;
  readonly address: string;
  challenge: Challenge;
  count: number;
}

/**
 * Answers the challenges to requests with one account, RFC 7616 section 3.4 and RFC 8760 section 2. Credentials go to the
 * account's realms only. What a challenger's nonce was is kept, by its address, so that later requests bring their credentials
 * along (RFC 7616 section 3.6), each with the next count.
 */
export class DigestClient implements Authenticator {
  readonly #account: Account;
  readonly #digests: Digests;
  readonly #random: Random;
  readonly #onWithheld: (why: Withheld, realm: string) => void;
  /** By address and response status: a proxy's and a server's challenges are answered beside each other (RFC 3261 section 22.3). */
  readonly #known = new Map<string, Known>();

  constructor(parts: {
    readonly account: Account;
    readonly digests: Digests;
    readonly random: Random;
    /** Hears why a challenge got no answer; `realm` as the challenger wrote it, printable and short. */
    readonly onWithheld: (why: Withheld, realm: string) => void;
  }) {
    this.#account = parts.account;
    this.#digests = parts.digests;
    this.#random = parts.random;
    this.#onWithheld = parts.onWithheld;
  }

  authenticate(challenged: Challenged): ExtraHeaders | undefined {
    const { status, tries, remote } = challenged;
    const chosen = this.#choose(challenged.challenges);
    if (chosen === undefined) return undefined;
    const key = `${status} ${remote.address}`;
    this.#known.delete(key);
    // The same question again means that the answer was wrong, unless the nonce has only grown old (section 3.3).
    if (tries > 0 && (!chosen.stale || tries >= MAX_STALE)) {
      this.#onWithheld('refused', printable(chosen.realm));
      return undefined;
    }
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= MAX_KNOWN) this.#known.delete(oldest);
    this.#known.set(key, { status, address: remote.address, challenge: chosen, count: 0 });
    return this.headers(challenged);
  }

  /** Credentials for a further request to `remote` by the nonces known of it: none before its first challenge. */
  headers(request: Pick<Challenged, 'method' | 'uri' | 'body' | 'remote'>): ExtraHeaders {
    const known = [...this.#known.values()].filter(({ address }) => address === request.remote.address);
    return known.map((each) => {
      each.count++;
      const name = each.status === 401 ? 'Authorization' : 'Proxy-Authorization';
      return [name, this.#credentials(each.challenge, each.count, request)] as const;
    });
  }

  /** RFC 7616 section 3.5: `nextnonce` takes the place of the nonce that is known, so that the next request needs no challenge. */
  accepted({ address }: HostPort, status: 401 | 407, info: readonly string[]): void {
    const known = this.#known.get(`${status} ${address}`);
    const [value] = info;
    if (known === undefined || value === undefined) return;
    const nonce = parseDirectives(`Digest ${value}`)?.get('nextnonce');
    if (nonce === undefined || nonce === known.challenge.nonce || hasControl(nonce)) return;
    known.challenge = { ...known.challenge, nonce };
    known.count = 0;
  }

  /** Forgets all nonces, as after a refusal: the next request begins without credentials. */
  forget(): void {
    this.#known.clear();
  }

  /** The first challenge that we can answer: the server lists them by preference (RFC 8760 section 2.4). */
  #choose(values: readonly string[]): Challenge | undefined {
    const read = values.slice(0, MAX_CHALLENGES).flatMap((value) => readChallenge(value) ?? []);
    const own = read.find(({ realm }) =>
      this.#account.realms.some((known) => known.toLowerCase() === realm.toLowerCase()),
    );
    if (own === undefined) {
      const why = read.length > 0 ? 'foreign-realm' : 'unsupported';
      this.#onWithheld(why, printable(read[0]?.realm ?? ''));
    }
    return own;
  }

  #credentials(
    { realm, nonce, opaque, algorithm, named, qop }: Challenge,
    count: number,
    { method, uri, body }: Pick<Challenged, 'method' | 'uri' | 'body'>,
  ): string {
    const { username, password } = this.#account;
    const cnonce = randomText(this.#random, 22);
    const nc = formatCount(count);
    const response = digestResponse(this.#digests, {
      ...{ algorithm, username, realm, password, method, uri, nonce, qop, cnonce, nc, body },
    });
    const parts = [
      `username=${quote(username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      `response="${response}"`,
    ];
    if (named !== undefined) parts.push(`algorithm=${algorithm}`);
    if (opaque !== undefined) parts.push(`opaque=${quote(opaque)}`);
    // Section 3.4: nc and cnonce stand there only with qop.
    if (qop !== undefined) parts.push(`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`);
    return `Digest ${parts.join(', ')}`;
  }
}

/** Undefined for what is no digest challenge, or one in an algorithm or protection that we do not have. */
function readChallenge(value: string): Challenge | undefined {
  const directives = parseDirectives(value);
  const realm = directives?.get('realm');
  const nonce = directives?.get('nonce');
  const named = directives?.get('algorithm');
  const algorithm = algorithmOf(named);
  if (directives === undefined || realm === undefined || nonce === undefined || algorithm === undefined)
    return undefined;
  if (hasControl(realm) || hasControl(nonce)) return undefined;
  const offered = directives.get('qop');
  const kinds = offered === undefined ? [] : splitCommas(offered).map((kind) => kind.toLowerCase());
  const qop = kinds.includes('auth') ? 'auth' : kinds.includes('auth-int') ? 'auth-int' : undefined;
  if (offered !== undefined && qop === undefined) return undefined;
  const stale = directives.get('stale')?.toLowerCase() === 'true';
  return { realm, nonce, opaque: directives.get('opaque'), algorithm, named, qop, stale };
}

/** A stranger's word, as it may stand in a log line. */
function printable(text: string): string {
  const safe = text.replace(/[^\x20-\x7e]/g, '?');
  return safe.length > 64 ? `${safe.slice(0, 64)}…` : safe;
}

/** An empty body, for requests that have none. */
export const NO_BODY: Uint8Array = utf8('');
