/** REFERs of a phone in its call (RFC 3515): what is answered, and the NOTIFYs that tell what became of the call that they made. */
import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import { parseNumber } from '../sip/grammar.ts';
import type { ExtraHeaders, SipCall, SipRequestInfo } from '../sip/ports.ts';
import { type Referral, readReferral, wantsNoNotify } from '../sip/refer.ts';
import { SIPFRAG, writeSipfrag } from '../sip/sipfrag.ts';
import type { PlacedCall } from './call-order.ts';
import type { ReferralTaker } from './dialog-requests.ts';
import type { LiveCall, PhoneAddress } from './phone-calls.ts';
import { MAX_RINGING_MS, type ReferralDesk, type TransferringTrunk } from './referral-desk.ts';

export interface ReferralsOptions {
  /** The call, `SCL_…`. */
  readonly call: string;
  readonly trunk: TransferringTrunk;
  readonly desk: ReferralDesk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** Where the phone is. */
  place(): PhoneAddress | undefined;
  /** Somebody else has the phone's place in the conversation, and the phone has not hung up: its call is to be ended. */
  transferred(): void;
}

/** What takes the REFERs in a call, whoever placed it. `phone` is asked for when one comes. */
export function referralsOf(
  parts: Omit<ReferralsOptions, 'desk' | 'place' | 'transferred'> & {
    readonly desk: ReferralDesk | undefined;
  },
  phone: () => LiveCall,
): Referrals | undefined {
  const { desk } = parts;
  if (desk === undefined) return undefined;
  return new Referrals({
    ...{ ...parts, desk },
    place: () => phone().line.place,
    transferred: () => phone().end('transferred'),
  });
}

/** What a REFER made that was followed. */
interface Subscription {
  /** Value of Event: from the second REFER on with `id` (RFC 3515 section 2.4.6). */
  readonly event: string;
  readonly endsAt: Millis;
  /** Nothing is told: it was asked for so, or the far end knows nothing of it any more. */
  silent: boolean;
  /** Status that was told last, and the newest; 0: none. */
  told: number;
  status: number;
  /** A NOTIFY has no answer yet. */
  waiting: boolean;
  placed: PlacedCall | undefined;
}

/** A phone that was told of its success has this long to hang up itself (RFC 5589 section 6.1). */
const GRACE_MS: Millis = 2000;
/** Added to the longest ringing, for NOTIFYs that have to be resent. */
const SLACK_MS: Millis = 20_000;

export class Referrals implements ReferralTaker {
  readonly #options: ReferralsOptions;
  #dialog: Pick<SipCall, 'request'> | undefined;
  #followed = 0;
  #received = 0;
  #current: Subscription | undefined;
  #leaving: Alarm | undefined;

  constructor(options: ReferralsOptions) {
    this.#options = options;
  }

  /** The call is answered. */
  established(dialog: Pick<SipCall, 'request'>): void {
    this.#dialog = dialog;
  }

  /** The status that a REFER gets. */
  received(request: SipRequestInfo): number {
    const referral = readReferral(request);
    if (!referral.ok) {
      this.#refused('', 'bad-refer', referral.error);
      return referral.error;
    }
    const { user } = referral.value.target;
    // Two calls for one phone at once would be one too many.
    if (this.#current !== undefined) {
      this.#refused(user, 'transfer-pending', 491);
      return 491;
    }
    return this.#follow(request, referral.value);
  }

  /** The call is over; `byFarEnd`: its BYE. Who hangs up after his REFER has left the room to who is called. */
  close(byFarEnd: boolean): void {
    this.#options.timers.cancel(this.#leaving);
    this.#dialog = undefined;
    if (!byFarEnd) this.#current?.placed?.hangUp();
    this.#current = undefined;
  }

  #follow(request: SipRequestInfo, referral: Referral): number {
    const { desk, trunk, clock, timers, emit, call } = this.#options;
    const { user } = referral.target;
    const subscription: Subscription = {
      event: this.#eventOf(request),
      endsAt: clock.now() + MAX_RINGING_MS + SLACK_MS,
      ...{ silent: wantsNoNotify(request), told: 0, status: 100, waiting: false, placed: undefined },
    };
    const transferor = { trunk, place: this.#options.place(), before: this.#followed };
    const placed = desk.place(transferor, referral, {
      ringing: () => this.#tell(subscription, 180),
      answered: () => this.#answered(subscription),
      over: ({ sipStatus }) => this.#failed(subscription, sipStatus),
    });
    if (!placed.ok) {
      this.#refused(user, placed.error, 603);
      return 603;
    }
    this.#followed++;
    subscription.placed = placed.value;
    this.#current = subscription;
    const kind = referral.replaces === undefined ? 'blind' : 'attended';
    emit({ type: 'call.referred', call, to: user, kind, result: 'followed', status: 202 });
    // RFC 3515 section 2.4.4: a NOTIFY at once, but after the 202.
    timers.schedule(clock.now(), () => this.#flush(subscription));
    return 202;
  }

  #refused(to: string, result: string, status: number): void {
    const { emit, call } = this.#options;
    emit({ type: 'call.referred', call, to, kind: 'none', result, status });
  }

  #eventOf(request: SipRequestInfo): string {
    const first = this.#received++ === 0;
    const cseq = parseNumber((request.header('cseq') ?? '').trim().split(/\s/, 1)[0]!, 2 ** 32 - 1);
    return first || cseq === undefined ? 'refer' : `refer;id=${cseq}`;
  }

  #answered(subscription: Subscription): void {
    if (this.#current !== subscription) return;
    this.#current = undefined;
    this.#tell(subscription, 200);
    const { timers, clock } = this.#options;
    this.#leaving = timers.schedule(clock.now() + GRACE_MS, () => this.#options.transferred());
  }

  #failed(subscription: Subscription, sipStatus: number): void {
    // What happens to a call that stands is not the subscription's any more.
    if (this.#current !== subscription) return;
    this.#current = undefined;
    // RFC 3261 section 21.4.25: it was ended by us before its answer.
    this.#tell(subscription, sipStatus < 300 ? 487 : sipStatus);
  }

  #tell(subscription: Subscription, status: number): void {
    subscription.status = status;
    this.#flush(subscription);
  }

  /** One NOTIFY at a time, so that none overtakes another; what is old by then is left out. */
  #flush(subscription: Subscription): void {
    const { status, told, waiting, silent, event } = subscription;
    if (silent || waiting || told === status || this.#dialog === undefined) return;
    subscription.told = status;
    subscription.waiting = true;
    const seconds = Math.max(1, Math.ceil((subscription.endsAt - this.#options.clock.now()) / 1000));
    // RFC 3515 section 2.4.7.
    const state = status >= 200 ? 'terminated;reason=noresource' : `active;expires=${seconds}`;
    const headers: ExtraHeaders = [
      ['Event', event],
      ['Subscription-State', state],
    ];
    this.#dialog.request(
      'NOTIFY',
      `${SIPFRAG};version=2.0`,
      writeSipfrag(status),
      (final) => {
        subscription.waiting = false;
        // RFC 6665 section 4.2.2: who refuses a NOTIFY has no subscription.
        if (final >= 300) subscription.silent = true;
        this.#flush(subscription);
      },
      { headers },
    );
  }
}
