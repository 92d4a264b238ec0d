/** Requests in a call's dialog that are neither BYE nor offers, both ways: keys by INFO, transfers by REFER and NOTIFY. */
import type { Millis } from '../base/clock.ts';
import { DTMF, DTMF_RELAY, parseInfoKey } from '../sip/info-key.ts';
import type { DialogNames, SipCall, SipRequestInfo } from '../sip/ports.ts';
import { InfoKeys } from './info-keys.ts';
import { Transfers, type TransfersOptions } from './transfer.ts';

/** Takes the REFERs of a phone (`referrals.ts`). */
export interface ReferralTaker {
  /** The call is answered. */
  established(dialog: Pick<SipCall, 'request'>): void;
  /** The status that a REFER gets. */
  received(request: SipRequestInfo): number;
  /** The call is over; `byFarEnd`: its BYE. */
  close(byFarEnd: boolean): void;
}

export interface DialogRequestsOptions extends Omit<TransfersOptions, 'call' | 'transferred'> {
  /** The call, `SCL_…`. */
  readonly id: string;
  /** Takes REFERs; undefined: they are refused. */
  readonly referrals?: ReferralTaker | undefined;
}

/** What follows from such requests for the call. */
interface RequestsOwner {
  /** A key came by INFO. */
  keyHeard(digit: string, durationMs: Millis): void;
  /** Somebody else has the call: ours is to be ended. */
  transferred(): void;
}

type Dialog = Pick<SipCall, 'request' | 'dialog' | 'allows'>;

export class DialogRequests {
  readonly #options: DialogRequestsOptions;
  readonly #owner: RequestsOwner;
  // Most calls are not handed on, and get no keys by INFO.
  #transfers: Transfers | undefined;
  #keys: InfoKeys | undefined;
  #dialog: Dialog | undefined;
  #last: DialogNames | undefined;

  constructor(options: DialogRequestsOptions, owner: RequestsOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Hands the call on by REFER. */
  get transfers(): Transfers {
    if (this.#transfers !== undefined) return this.#transfers;
    const { id: call, clock, timers, emit } = this.#options;
    const transferred = () => this.#owner.transferred();
    this.#transfers = new Transfers({ call, clock, timers, emit, transferred });
    if (this.#dialog !== undefined) this.#transfers.established(this.#dialog);
    return this.#transfers;
  }

  /** The call is answered: requests of ours can be made. */
  established(dialog: Dialog): void {
    this.#dialog = dialog;
    this.#transfers?.established(dialog);
    this.#options.referrals?.established(dialog);
  }

  /** The call is over; `byFarEnd`: its BYE. */
  close(byFarEnd: boolean): void {
    this.#last = this.dialog;
    this.#dialog = undefined;
    this.#keys?.close();
    this.#transfers?.over(byFarEnd);
    this.#options.referrals?.close(byFarEnd);
  }

  /** How others may refer to the dialog; undefined before the answer. */
  get dialog(): DialogNames | undefined {
    return this.#dialog?.dialog;
  }

  /** The same, once the call is over. */
  get last(): DialogNames | undefined {
    return this.#last;
  }

  /** Does the phone take INFO? Undefined when it has not said. */
  get allowsInfo(): boolean | undefined {
    return this.#dialog?.allows?.('INFO');
  }

  /** Sends a key by INFO; before the answer it is lost. */
  press(digit: string, durationMs: Millis): void {
    if (this.#dialog === undefined) return;
    this.#keys ??= new InfoKeys(this.#dialog);
    this.#keys.press(digit, durationMs);
  }

  /** The status that a request of the far end gets. */
  answer(request: SipRequestInfo): number {
    switch (request.method) {
      case 'REFER':
        // Nobody is transferred on a phone's word alone.
        return this.#options.referrals?.received(request) ?? 603;
      case 'NOTIFY':
        return this.transfers.notified(request);
      case 'INFO':
        return this.#info(request);
      default:
        return 405;
    }
  }

  #info({ contentType, body }: SipRequestInfo): number {
    // RFC 6086 section 4.2.2 leaves INFO without a body as it was: a sign of life.
    if (body.length === 0) return 200;
    if (contentType !== DTMF_RELAY && contentType !== DTMF) return 415;
    const key = parseInfoKey(contentType, body);
    if (key === 'other') return 400;
    if (key !== 'flash') this.#owner.keyHeard(key.digit, key.durationMs);
    return 200;
  }
}
