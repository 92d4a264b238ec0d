/**
 * Session timers (RFC 4028) where drachtio keeps the clock: it refreshes, and ends the call, by the Session-Expires of what we send. Here
 * only the terms are settled.
 */
import type { SessionTimes } from '../../sip/limits.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import type { ExtraHeaders } from '../../sip/ports.ts';
import { readSessionExpires } from '../../sip/session-timer.ts';

export class SessionTerms {
  readonly #times: SessionTimes;
  /** Seconds; 0: none. */
  #interval = 0;
  #weRefresh = false;

  constructor(times: SessionTimes) {
    this.#times = times;
  }

  /** A request that makes or refreshes the session gets a 2xx with these headers (section 9). */
  serve(request: SipRequest): ExtraHeaders {
    const { sessionExpires } = this.#times;
    const wish = readSessionExpires(request);
    const knows = supportsTimer(request);
    if (wish === undefined && (sessionExpires === 0 || !knows)) {
      this.#interval = 0;
      return [];
    }
    const role = this.#interval > 0 && !this.#weRefresh ? 'uac' : 'uas';
    const ours = sessionExpires === 0 ? Number.POSITIVE_INFINITY : sessionExpires;
    this.#interval = Math.min(wish?.seconds ?? ours, ours);
    const refresher = knows ? (wish?.refresher ?? role) : 'uas';
    this.#weRefresh = refresher === 'uas';
    const headers: ExtraHeaders = [['Session-Expires', `${this.#interval};refresher=${refresher}`]];
    return refresher === 'uac' ? [...headers, ['Require', 'timer']] : headers;
  }

  /** Of a re-INVITE or UPDATE of ours; who refreshes stays who it was. */
  requestHeaders(): ExtraHeaders {
    if (this.#interval === 0) return [];
    return [['Session-Expires', `${this.#interval};refresher=${this.#weRefresh ? 'uac' : 'uas'}`]];
  }

  /** The 2xx to a request of ours (section 7.2). */
  answered(response: SipResponse): void {
    const given = readSessionExpires(response);
    this.#interval = given?.seconds ?? 0;
    this.#weRefresh = given?.refresher !== 'uas';
  }
}

function supportsTimer(request: SipRequest): boolean {
  const tags = [...request.headers.all('supported'), ...request.headers.all('require')];
  return tags.some((tag) => tag.toLowerCase() === 'timer');
}
