import type { Millis } from '../base/clock.ts';
import { DTMF_RELAY, type InfoKey, writeInfoKey } from '../sip/info-key.ts';
import type { SipCall } from '../sip/ports.ts';

/** Keys that wait for the answer to the one before. */
const MAX_WAITING = 32;

/** Keys to a phone by INFO, one after the other: over UDP two requests at once may arrive in any order. */
export class InfoKeys {
  #dialog: Pick<SipCall, 'request'> | undefined;
  #waiting: InfoKey[] = [];
  #isSending = false;

  /** `dialog`: of a call that is answered. */
  constructor(dialog: Pick<SipCall, 'request'>) {
    this.#dialog = dialog;
  }

  /** The call is over: nothing more is sent. */
  close(): void {
    this.#dialog = undefined;
    this.#waiting = [];
  }

  /** Behind a full queue, and when the call is over, a key is lost. */
  press(digit: string, durationMs: Millis): void {
    if (this.#dialog === undefined || this.#waiting.length === MAX_WAITING) return;
    this.#waiting.push({ digit, durationMs });
    if (!this.#isSending) this.#next();
  }

  #next(): void {
    const key = this.#waiting.shift();
    this.#isSending = key !== undefined && this.#dialog !== undefined;
    if (key !== undefined) this.#dialog?.request('INFO', DTMF_RELAY, writeInfoKey(key), () => this.#next());
  }
}
