/** Calls that are handed on by REFER (RFC 3515, RFC 5589 sections 6 and 7): blind, or attended, in the place of another call of ours. */
import type { Clock, Millis } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import { parseAddress } from '../sip/name-addr.ts';
import type { DialogNames, ExtraHeaders, SipCall, SipRequestInfo } from '../sip/ports.ts';
import { formatReferTo, isFalse } from '../sip/refer.ts';
import { type ReferInput, type ReferOutcome, type ReferState, stepRefer } from '../sip/refer-progress.ts';
import { parseSipfrag, SIPFRAG } from '../sip/sipfrag.ts';
import { parseEvent, parseSubscriptionState } from '../sip/subscription.ts';
import { transferTarget } from './transfer-target.ts';

/** Where a call goes. */
export interface TransferOrder {
  /** A number or name at the far end, or a `sip:`, `sips:` or `tel:` URI; undefined: to who is in the dialog of `replaces`. */
  readonly to: string | undefined;
  /** The other dialog of ours whose far end gets the call: attended transfer. */
  readonly replaces?: DialogNames | undefined;
  /** More headers of the REFER. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long the new call may take to be answered; undefined: 60 s. */
  readonly timeoutMs?: Millis | undefined;
}

/** What came of a transfer. */
export type TransferOutcome = ReferOutcome;

/** Why a transfer is not even begun. */
export type TransferRefusal =
  /** The call is not answered yet, or over. */
  | 'not-answered'
  /** Another transfer of the same call is under way. */
  | 'already-transferring'
  /** `to` is no number, name or URI. */
  | 'bad-target';

/** What whoever transfers a call hears of it. `over` comes exactly once, last. */
export interface TransferListener {
  /** A provisional status of the new call, 100 to 199. */
  progress?(status: number): void;
  /** On success our call has ended by BYE; after a failure it goes on, unless it ended for a reason of its own. */
  over(outcome: TransferOutcome): void;
}

export interface TransfersOptions {
  /** The call, `SCL_…`. */
  readonly call: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** Somebody else has the call: ours is to be ended. */
  transferred(): void;
}

type Dialog = Pick<SipCall, 'request' | 'dialog'>;

interface Subscription {
  /** CSeq numbers under which the REFER was sent: the last one is the `id` (RFC 3515 section 2.4.6). Empty: not told. */
  readonly numbers: number[];
  readonly listener: TransferListener;
  readonly beganAt: Millis;
  state: ReferState;
  /** The far end said `terminated`. */
  closed: boolean;
  patience: Alarm | undefined;
  deadline: Alarm | undefined;
}

const DEFAULT_TIMEOUT_MS: Millis = 60_000;
/** RFC 6665 section 4.1.2.4, timer N: 64 T1. */
const FIRST_NOTIFY_MS: Millis = 32_000;
/** Subscriptions of a dialog that are remembered: those of earlier transfers may still end. */
const MAX_SUBSCRIPTIONS = 4;
const NO_BODY = new Uint8Array(0);

export class Transfers {
  readonly #options: TransfersOptions;
  #dialog: Dialog | undefined;
  #subscriptions: Subscription[] = [];

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  /** The call is answered. */
  established(dialog: Dialog): void {
    this.#dialog = dialog;
  }

  /** Sends a REFER, or says why not; then `listener` hears of it, never from within this method. */
  begin(order: TransferOrder, listener: TransferListener): Result<undefined, TransferRefusal> {
    const { clock, timers, emit, call } = this.#options;
    const dialog = this.#dialog;
    const names = dialog?.dialog;
    if (dialog === undefined || names === undefined) return fail('not-answered');
    if (this.#subscriptions.some(({ state }) => state.phase !== 'over')) return fail('already-transferring');
    const referTo = referToOf(order, names);
    if (referTo === undefined) return fail('bad-target');
    const subscription: Subscription = {
      ...{ numbers: [], listener, beganAt: clock.now(), state: { phase: 'sent' }, closed: false },
      ...{ patience: undefined, deadline: undefined },
    };
    this.#subscriptions = [...this.#subscriptions, subscription].slice(-MAX_SUBSCRIPTIONS);
    const timeoutMs = order.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    subscription.deadline = timers.schedule(clock.now() + timeoutMs, () =>
      this.#input(subscription, { type: 'timeout' }),
    );
    const kind = order.replaces === undefined ? 'blind' : 'attended';
    emit({ type: 'call.transferring', call, kind, to: userOf(referTo) });
    const headers: ExtraHeaders = [
      ['Refer-To', referTo],
      // RFC 3892 section 3.
      ['Referred-By', `<${names.localUri}>`],
      ...Object.entries(order.headers ?? {}),
    ];
    // Later: what fails at once would be heard before the caller has its answer.
    timers.schedule(clock.now(), () => this.#send(dialog, subscription, headers));
    return ok(undefined);
  }

  /** A NOTIFY of the package `refer`: the status to answer with. */
  notified(request: SipRequestInfo): number {
    const state = parseSubscriptionState(request.header('subscription-state'));
    // RFC 6665 section 8.2.3: a NOTIFY has one.
    if (state === undefined) return 400;
    const subscription = this.#find(parseEvent(request.header('event'))?.id);
    // RFC 6665 section 4.1.3.
    if (subscription === undefined) return 481;
    const { body, contentType } = request;
    // RFC 3515 section 2.4.5; a NOTIFY that only ends the subscription has been seen without.
    if (body.length > 0 && contentType !== SIPFRAG) return 415;
    const status = body.length > 0 ? parseSipfrag(body)?.status : undefined;
    if (body.length > 0 && status === undefined) return 400;
    subscription.closed ||= state.terminated;
    if (state.terminated) this.#forgetClosed();
    this.#input(subscription, { type: 'notified', status, terminated: state.terminated });
    return 200;
  }

  /** The call is over; `byFarEnd`: its BYE. */
  over(byFarEnd: boolean): void {
    this.#dialog = undefined;
    for (const subscription of this.#subscriptions)
      this.#input(subscription, { type: 'dialog-over', byFarEnd });
    this.#subscriptions = [];
  }

  #send(dialog: Dialog, subscription: Subscription, headers: ExtraHeaders): void {
    if (subscription.state.phase === 'over') return;
    const { timers, clock } = this.#options;
    dialog.request(
      'REFER',
      '',
      NO_BODY,
      (status, header) => {
        // RFC 4488 section 4: who says so will send no NOTIFY, whether he was asked to or not.
        const subscribed = !isFalse(header?.('refer-sub'));
        this.#input(subscription, { type: 'answered', status, subscribed });
        if (subscription.state.phase !== 'accepted') return;
        subscription.patience = timers.schedule(clock.now() + FIRST_NOTIFY_MS, () =>
          this.#input(subscription, { type: 'silent' }),
        );
      },
      { headers, sent: (cseq) => subscription.numbers.push(cseq) },
    );
  }

  /** Without an `id` the newest one is meant; an engine that tells no numbers cannot tell them apart either. */
  #find(id: string | undefined): Subscription | undefined {
    const open = this.#subscriptions.filter(({ closed }) => !closed);
    const named = open.find(({ numbers }) => numbers.some((number) => String(number) === id));
    return named ?? open.findLast(({ numbers }) => id === undefined || numbers.length === 0);
  }

  #forgetClosed(): void {
    this.#subscriptions = this.#subscriptions.filter(({ closed }) => !closed);
  }

  #input(subscription: Subscription, input: ReferInput): void {
    const { timers, emit, clock, call } = this.#options;
    const before = subscription.state;
    const { listener, beganAt } = subscription;
    subscription.state = stepRefer(before, input);
    const { state } = subscription;
    if (state === before) return;
    if (state.phase === 'accepted' && state.last !== undefined) {
      timers.cancel(subscription.patience);
      emit({ type: 'call.transfer-progress', call, status: state.last });
      listener.progress?.(state.last);
    }
    if (state.phase !== 'over') return;
    timers.cancel(subscription.patience);
    timers.cancel(subscription.deadline);
    const { outcome } = state;
    // Nobody waits for what it has to say any more.
    if (!outcome.ok && outcome.reason !== 'failed') subscription.closed = true;
    this.#forgetClosed();
    const result = outcome.ok ? 'transferred' : outcome.reason;
    emit({
      type: 'call.transferred',
      call,
      result,
      status: outcome.status,
      durationMs: clock.now() - beganAt,
    });
    if (outcome.ok && outcome.by !== 'bye') this.#options.transferred();
    listener.over(outcome);
  }
}

/** The number or name in a Refer-To of ours. */
function userOf(referTo: string): string {
  return parseAddress(referTo)?.uri?.user ?? '';
}

/** Undefined when the target is none. */
function referToOf({ to, replaces }: TransferOrder, names: DialogNames): string | undefined {
  if (replaces === undefined) {
    const target = to === undefined ? undefined : transferTarget(to, names.remoteUri);
    return target === undefined ? undefined : formatReferTo(target);
  }
  const target = to === undefined ? replaces.target : transferTarget(to, replaces.remoteUri);
  if (target === undefined || target === '') return undefined;
  // RFC 3891 section 3: to-tag is the tag of who gets the INVITE, there the far end of the other dialog.
  const { callId, remoteTag: toTag, localTag: fromTag } = replaces;
  return formatReferTo(target, { callId, toTag, fromTag, earlyOnly: false });
}
