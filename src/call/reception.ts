import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { Sound } from '../media/protocol.ts';
import type { Lockout } from '../sip/digest/lockout.ts';
import { ruleOfPin } from '../trunk/pin.ts';
import {
  type CallPolicy,
  DEFAULT_POLICY,
  type DispatchRule,
  type InboundTrunk,
  type MediaPatience,
} from '../trunk/trunk.ts';
import type { EndingCause } from './ending.ts';
import { failureTone } from './failure-tone.ts';
import { IVR_IDLE, type IvrAction, type IvrInput, type IvrState, stepIvr, wakeOf } from './ivr.ts';
import { Keypad } from './keypad.ts';
import type { PhoneLine } from './phone-line.ts';
import { recording } from './recording.ts';
import type { Answering } from './state.ts';

/** Silence before the first prompt: the far end's path may open a moment after the answer. */
const LEAD_MS: Millis = 400;
/** For the tone that says that there is no place. */
const TURNED_AWAY_MS: Millis = 3000;

/** What the trunk, the rule and the door say of a call's reception. */
export interface ReceptionPlan {
  readonly trunk: Pick<
    InboundTrunk,
    'country' | 'language' | 'ringingTimeoutMs' | 'maxCallDurationMs' | keyof MediaPatience
  >;
  /** The rule, or the first of `pinRules`. */
  readonly rule: DispatchRule;
  /** Those of which the PIN chooses; none: the call is in its room. */
  readonly pinRules: readonly DispatchRule[];
  readonly lockout: Lockout;
  /** Whose wrong PINs count together. */
  readonly lockoutKey: string;
  /** Lets the call into the room of the rule that its PIN named; the cause when the room did not. */
  readonly admit: (rule: DispatchRule) => EndingCause | undefined;
}

/** What a reception asks of its call. */
export interface ReceptionCall {
  readonly line: PhoneLine;
  answer(): void;
  /** A PIN was keyed; which one is nobody's to know. */
  pinChecked(verdict: PinVerdict): void;
  /** The line is in its room: media as the call stands. */
  proceed(): void;
  end(cause: EndingCause): void;
}

/** What came of a PIN; `locked`: this caller has keyed too many wrong ones, by now or before. */
export type PinVerdict = 'accepted' | 'refused' | 'locked';

/** When a call is answered that is received so. Without an offer there is nothing to play before the answer. */
export function answeringOf({ rule, pinRules }: ReceptionPlan, offer: 'offer' | 'no-offer'): Answering {
  const { answer, earlyMedia } = rule.policy ?? DEFAULT_POLICY;
  const waits = answer === 'when-somebody';
  const early = answer === 'after-pin' || (waits && earlyMedia !== 'none');
  if (early && offer === 'offer') return 'after-early-media';
  return waits && pinRules.length === 0 ? 'after-ringing' : 'at-once';
}

/**
 * What a caller meets by its rule: a PIN is asked for before there is a room for him, then he waits for somebody to be there,
 * and in the room his keys may mute him. Of the PIN nothing is told to anybody.
 */
export class Reception {
  readonly #plan: ReceptionPlan;
  readonly #call: ReceptionCall;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #keypad = new Keypad();
  #stage: 'pin' | 'waiting' | 'in' | 'turned-away';
  #policy: CallPolicy;
  #ivr: IvrState = IVR_IDLE;
  #alarm: Alarm | undefined;
  #hasMedia = false;
  #isAnswered = false;
  #hasJoined = false;
  #isMuted = false;

  constructor(
    plan: ReceptionPlan,
    call: ReceptionCall,
    { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
  ) {
    this.#plan = plan;
    this.#call = call;
    this.#clock = clock;
    this.#timers = timers;
    this.#policy = plan.rule.policy ?? DEFAULT_POLICY;
    this.#stage = plan.pinRules.length > 0 ? 'pin' : this.#waits ? 'waiting' : 'in';
  }

  /** Of the rule that the call goes by, else of the trunk. */
  get patience(): MediaPatience {
    const { trunk } = this.#plan;
    return {
      mediaTimeoutMs: this.#policy.mediaTimeoutMs ?? trunk.mediaTimeoutMs,
      holdTimeoutMs: this.#policy.holdTimeoutMs ?? trunk.holdTimeoutMs,
    };
  }

  /** The phone rings; it is in its room, or in the anteroom when there is a PIN to ask for. */
  begin(): void {
    this.#limit();
    if (this.#stage === 'waiting') this.companyChanged();
  }

  /** The phone hears us, and nobody hears the phone yet. */
  mediaBegun(): void {
    if (this.#hasMedia) return;
    this.#hasMedia = true;
    if (this.#stage === 'pin')
      this.#alarm = this.#timers.schedule(this.#clock.now() + LEAD_MS, () => this.#input({ type: 'begin' }));
    else if (this.#stage === 'waiting') this.#playWaiting();
  }

  /** Our 200 is on its way. */
  answered(): void {
    this.#isAnswered = true;
    this.#limit();
  }

  /** The phone is heard in its room. */
  joined(): void {
    this.#hasJoined = true;
    this.#tellRoom('join', 'joined');
  }

  /** The call is over: last words to those who stay. */
  close(): void {
    this.#timers.cancel(this.#alarm);
    if (this.#hasJoined) this.#tellRoom('leave', 'left');
  }

  /** True: the key is not for the room. */
  keyHeard(digit: string): boolean {
    if (this.#stage === 'pin') {
      this.#input({ type: 'digit', digit });
      return true;
    }
    if (this.#stage === 'turned-away') return true;
    if (!this.#policy.keypadMute || this.#keypad.press(digit, this.#clock.now()) !== 'mute') return false;
    this.#isMuted = !this.#isMuted;
    this.#call.line.mute(this.#isMuted);
    const name = this.#isMuted ? 'you-are-muted' : 'you-are-unmuted';
    this.#call.line.sounds.play([this.#file(name)], 'once', 'heard');
    return true;
  }

  played(): void {
    if (this.#stage === 'pin') this.#input({ type: 'played' });
  }

  /** Is the caller kept waiting until somebody is in the room? */
  get awaitsCompany(): boolean {
    return this.#stage === 'waiting';
  }

  companyChanged(): void {
    if (this.#stage !== 'waiting' || !this.#call.line.presence.hasCompany) return;
    this.#stage = 'in';
    this.#call.line.sounds.silence();
    if (this.#isAnswered) this.#limit();
    else this.#call.answer();
  }

  get #waits(): boolean {
    return this.#policy.answer === 'when-somebody';
  }

  #input(input: IvrInput): void {
    const { state, actions } = stepIvr(this.#ivr, input, this.#clock.now());
    this.#ivr = state;
    const wake = wakeOf(state);
    if (input.type !== 'digit' || state.phase !== 'idle') this.#timers.cancel(this.#alarm);
    if (wake !== undefined) this.#alarm = this.#timers.schedule(wake, () => this.#input({ type: 'time' }));
    for (const action of actions) this.#carryOut(action);
  }

  #carryOut(action: IvrAction): void {
    const { line } = this.#call;
    switch (action.do) {
      case 'play':
        line.sounds.play(
          action.prompts.map((name) => this.#file(name)),
          'once',
          'silenced',
        );
        return;
      case 'stop':
        line.sounds.silence();
        return;
      case 'check':
        this.#check(action.pin);
        return;
      case 'hang-up':
        this.#call.end(action.cause);
        return;
    }
  }

  #check(pin: string): void {
    const { lockout, lockoutKey, pinRules, admit } = this.#plan;
    const now = this.#clock.now();
    const rule = ruleOfPin(pinRules, pin);
    if (rule === undefined || lockout.isLocked(lockoutKey, now)) {
      lockout.failed(lockoutKey, now);
      this.#call.pinChecked(lockout.isLocked(lockoutKey, now) ? 'locked' : 'refused');
      this.#input({ type: 'verdict', verdict: 'wrong' });
      return;
    }
    lockout.succeeded(lockoutKey);
    this.#call.pinChecked('accepted');
    this.#input({ type: 'verdict', verdict: 'right' });
    const refused = admit(rule);
    if (refused === undefined) this.#admitted(rule);
    else this.#turnAway(refused);
  }

  /** The room of a right PIN has no place for him: who is answered hears it as a tone. */
  #turnAway(cause: EndingCause): void {
    if (!this.#isAnswered) {
      this.#call.end(cause);
      return;
    }
    this.#stage = 'turned-away';
    this.#call.line.sounds.play(failureTone(cause, this.#plan.trunk.country), 'last', 'silenced');
    this.#call.line.limit(TURNED_AWAY_MS, cause);
  }

  #admitted({ policy = DEFAULT_POLICY }: DispatchRule): void {
    this.#policy = policy;
    this.#stage = this.#waits && !this.#call.line.presence.hasCompany ? 'waiting' : 'in';
    this.#call.line.sounds.silence();
    this.#call.proceed();
    this.#limit();
    if (this.#stage === 'waiting') this.#playWaiting();
    else if (!this.#isAnswered) this.#call.answer();
  }

  /** How long the call may stay as it is. */
  #limit(): void {
    const { line } = this.#call;
    const { trunk } = this.#plan;
    const wait = this.#policy.waitMs ?? trunk.ringingTimeoutMs;
    if (this.#stage === 'waiting') line.limit(wait, 'nobody-came');
    else if (!this.#isAnswered) line.limit(wait, 'ringing-timeout');
    // A PIN has time-outs of its own.
    else line.limit(this.#policy.maxCallDurationMs ?? trunk.maxCallDurationMs, 'max-duration');
  }

  #playWaiting(): void {
    const { line } = this.#call;
    const { country } = this.#plan.trunk;
    if (!this.#isAnswered && this.#policy.earlyMedia === 'ringback')
      line.sounds.play([{ from: 'tone', tone: 'ringback', country }], 'all', 'silenced');
    else line.sounds.play([this.#file('please-wait'), this.#file('hold-music')], 'last', 'silenced');
  }

  #tellRoom(tone: 'join' | 'leave', spoken: 'joined' | 'left'): void {
    const { entrySound } = this.#policy;
    if (entrySound === 'none') return;
    const sound: Sound = entrySound === 'tone' ? { from: 'tone', tone } : this.#file(spoken);
    this.#call.line.sounds.playToRoom([sound], 'once');
  }

  #file(name: string): Sound {
    return recording(name, this.#policy.language ?? this.#plan.trunk.language);
  }
}
