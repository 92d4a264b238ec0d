/** Session timers (RFC 4028): who refreshes a call, how often, and when it is given up because nobody did. */
import type { Alarm } from '../base/wake-queue.ts';
import type { SipTerms } from './call-terms.ts';
import type { SipCore } from './core.ts';
import { parseNumber } from './grammar.ts';
import type { SessionTimes } from './limits.ts';
import type { SipRequest, SipResponse } from './message.ts';
import type { ExtraHeaders } from './ports.ts';

/** Section 5: nobody may ask for less. */
const SHORTEST = 90;
const LONGEST = 2 ** 31 - 1;
/** How soon a refresh that failed for the moment is tried again, ms. */
const AGAIN = 10_000;

interface SessionExpires {
  readonly seconds: number;
  readonly refresher: string | undefined;
}

/** `1800;refresher=uac`; undefined when there is none or it cannot be read. */
export function readSessionExpires(message: SipRequest | SipResponse): SessionExpires | undefined {
  const value = message.headers.get('session-expires');
  if (value === undefined) return undefined;
  const [first = '', ...params] = value.split(';');
  const seconds = parseNumber(first.trim(), LONGEST);
  if (seconds === undefined) return undefined;
  const refresher = params.map((each) => /^\s*refresher\s*=\s*(ua[cs])\s*$/i.exec(each)?.[1]).find(Boolean);
  return { seconds, refresher: refresher?.toLowerCase() };
}

function readMinSe(message: SipRequest | SipResponse): number {
  const header = message.headers.get('min-se');
  if (header === undefined) return SHORTEST;
  const value = header.split(';')[0]!.trim();
  return Math.max(SHORTEST, parseNumber(value, LONGEST) ?? 0);
}

/** Session headers of an INVITE that begins a call; `minSe` is what a 422 asked for, else 0. */
export function initialSessionHeaders(
  { sessionExpires, minSe, timers }: SipTerms,
  asked: number,
): ExtraHeaders {
  if (sessionExpires === 0 || timers === 'off') return [];
  const least = Math.max(minSe, asked);
  const headers: ExtraHeaders = [['Session-Expires', String(Math.max(sessionExpires, least))]];
  return least > SHORTEST ? [...headers, ['Min-SE', String(least)]] : headers;
}

/** The Min-SE of a 422, when it asks for more than `asked` (section 7.3); otherwise asking again is no use. */
export function moreAsked(response: SipResponse, asked: number): number | undefined {
  const minSe = readMinSe(response);
  return response.status === 422 && minSe > asked ? minSe : undefined;
}

/** A request whose interval is shorter than ours may be (section 9): the headers of its 422. */
export function tooShort(request: SipRequest, { minSe }: SessionTimes): ExtraHeaders | undefined {
  const wish = readSessionExpires(request);
  // A client that does not know the extension cannot understand a 422: a proxy asked for it.
  if (wish === undefined || wish.seconds >= minSe || !supportsTimer(request)) return undefined;
  return [['Min-SE', String(minSe)]];
}

function supportsTimer(request: SipRequest): boolean {
  const isTimer = (tag: string) => tag.toLowerCase() === 'timer';
  return request.headers.all('supported').some(isTimer) || request.headers.all('require').some(isTimer);
}

export interface SessionTimerHost {
  /** It is our turn to refresh. */
  refresh(): void;
  /** Nobody refreshed in time. */
  expired(): void;
}

/** One dialog's session timer. Off until a 2xx has said otherwise. */
export class SessionTimer {
  readonly #core: SipCore;
  readonly #terms: SipTerms;
  readonly #host: SessionTimerHost;
  /** Seconds; 0: off. */
  #interval = 0;
  #weRefresh = false;
  #minSe: number;
  #refresh: Alarm | undefined;
  #expiry: Alarm | undefined;

  constructor(core: SipCore, terms: SipTerms, host: SessionTimerHost) {
    this.#core = core;
    this.#terms = terms;
    this.#host = host;
    this.#minSe = terms.minSe;
  }

  /** A request that makes or refreshes the session gets a 2xx with these headers (section 9). */
  serve(request: SipRequest): ExtraHeaders {
    const { sessionExpires, timers } = this.#terms;
    const wish = readSessionExpires(request);
    const knows = supportsTimer(request);
    if (timers === 'off' || (wish === undefined && (sessionExpires === 0 || !knows))) {
      this.#set(0, false);
      return [];
    }
    const least = readMinSe(request);
    const ours = sessionExpires === 0 ? LONGEST : Math.max(sessionExpires, least);
    // Never more than was asked for, never less than the other end can bear.
    const seconds = wish === undefined ? ours : Math.min(wish.seconds, ours);
    const roles = this.#interval > 0 && !this.#weRefresh ? 'uac' : 'uas';
    const refresher = knows ? (wish?.refresher ?? roles) : 'uas';
    this.#set(seconds, refresher === 'uas');
    const headers: ExtraHeaders = [['Session-Expires', `${seconds};refresher=${refresher}`]];
    return refresher === 'uac' ? [...headers, ['Require', 'timer']] : headers;
  }

  /** Session headers of a re-INVITE or UPDATE of ours; who refreshes stays who it was. */
  requestHeaders(): ExtraHeaders {
    if (this.#interval === 0) return [];
    const refresher = this.#weRefresh ? 'uac' : 'uas';
    const headers: ExtraHeaders = [['Session-Expires', `${this.#interval};refresher=${refresher}`]];
    return this.#minSe > SHORTEST ? [...headers, ['Min-SE', String(this.#minSe)]] : headers;
  }

  /** The 2xx to a request of ours (section 7.2): without Session-Expires there is no timer. */
  answered(response: SipResponse): void {
    const given = readSessionExpires(response);
    if (given === undefined || this.#terms.timers === 'off') this.#set(0, false);
    else this.#set(Math.max(given.seconds, SHORTEST), given.refresher !== 'uas');
  }

  /** A refresh of ours failed for other reasons than that the call is gone. True: a 422, to be tried again at once. */
  refused(response: SipResponse | undefined): boolean {
    const asked = response === undefined ? undefined : moreAsked(response, this.#minSe);
    if (asked === undefined || this.#interval === 0) return false;
    this.#minSe = asked;
    this.#interval = Math.max(this.#interval, asked);
    return true;
  }

  /** Asks for a refresh again in a while; the session's end stays where it is. */
  tryAgain(): void {
    if (this.#interval === 0) return;
    this.#core.timers.cancel(this.#refresh);
    this.#refresh = this.#core.after(AGAIN, () => this.#host.refresh());
  }

  stop(): void {
    this.#set(0, false);
  }

  #set(seconds: number, weRefresh: boolean): void {
    const { timers } = this.#core;
    timers.cancel(this.#refresh);
    timers.cancel(this.#expiry);
    this.#refresh = undefined;
    this.#expiry = undefined;
    this.#interval = seconds;
    this.#weRefresh = weRefresh;
    if (seconds === 0) return;
    // Section 10: half of it for the refresher; BYE a little before the end, so that it comes in time.
    if (weRefresh) this.#refresh = this.#core.after(seconds * 500, () => this.#host.refresh());
    const end = seconds - Math.min(32, seconds / 3);
    this.#expiry = this.#core.after(end * 1000, () => this.#host.expired());
  }
}
