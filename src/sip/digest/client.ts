import { utf8 } from '../../base/bytes.ts';
import type { Digests } from '../../base/digests.ts';
import { randomText } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import { hasControl, quote, splitCommas } from '../grammar.ts';
import type { Authenticate, Challenged, ExtraHeaders } from '../ports.ts';
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
/** Answers to nonces that went stale, in a row: a server that finds every nonce stale is not worth more. */
const MAX_STALE = 2;

/**
 * Answers the challenges of one request, or of one series of requests that the same server sees (a registration and its
 * refreshes), RFC 7616 section 3.4 and RFC 8760 section 2. Credentials go to the account's realms only.
 */
export class DigestClient {
  readonly #account: Account;
  readonly #digests: Digests;
  readonly #random: Random;
  readonly #onWithheld: (why: Withheld, realm: string) => void;
  /** By response status: a proxy's and a server's challenges are answered beside each other (RFC 3261 section 22.3). */
  readonly #answered = new Map<401 | 407, { challenge: Challenge; count: number; tries: number }>();

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

  /** For `OutgoingOptions.authenticate`. */
  readonly authenticate: Authenticate = (challenged) => {
    const chosen = this.#choose(challenged.challenges);
    if (chosen === undefined) return undefined;
    const before = this.#answered.get(challenged.status);
    // The same question again means that the answer was wrong, unless the nonce has only grown old (section 3.3).
    if (before !== undefined && (!chosen.stale || before.tries >= MAX_STALE)) {
      this.#onWithheld('refused', printable(chosen.realm));
      return undefined;
    }
    this.#answered.set(challenged.status, { challenge: chosen, count: 0, tries: (before?.tries ?? 0) + 1 });
    return this.headers(challenged);
  };

  /** Credentials for a further request by the nonces known: none before the first challenge. */
  headers(request: Pick<Challenged, 'method' | 'uri' | 'body'>): ExtraHeaders {
    return [...this.#answered].map(([status, answered]) => {
      answered.count++;
      const name = status === 401 ? 'Authorization' : 'Proxy-Authorization';
      return [name, this.#credentials(answered.challenge, answered.count, request)] as const;
    });
  }

  /** The server was content: its next challenge is a new question. */
  accepted(): void {
    for (const answered of this.#answered.values()) answered.tries = 0;
  }

  /** Forgets all nonces, as after a refusal: the next challenge is a new question. */
  forget(): void {
    this.#answered.clear();
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
