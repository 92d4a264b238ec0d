/**
 * Asking a caller for a PIN, pure: prompts, digits, time-outs and what follows from them. Digits may come while a prompt
 * is played, and end it. `#` ends the PIN, `*` begins it anew; a PIN that is not ended counts as ended after a while.
 *
 *              begin                       `#`, 16 digits, or a pause
 *   (idle) ───────────▶ (entering) ─────────────────────────────────▶ (checking)
 *                           ▲  │                                        │   │
 *                           │  └ nothing keyed: asked again, at last ─┐ │   └─ right ─▶ (over)
 *                           └──────────── wrong, tries left ──────────┼─┘
 *                                                                     ▼ wrong, none left
 *                                                 (leaving) ── played ─▶ (over)
 */
import type { Millis } from '../base/clock.ts';
import type { EndingCause } from './ending.ts';

/** Names of the recordings that are played. */
export type Prompt = 'enter-pin' | 'wrong-pin' | 'too-many-tries' | 'goodbye';

export type IvrState =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'entering';
      /** Counts from 1. */
      readonly attempt: number;
      readonly entered: string;
      readonly prompting: boolean;
      readonly until: Millis | undefined;
    }
  | { readonly phase: 'checking'; readonly attempt: number }
  | { readonly phase: 'leaving'; readonly cause: EndingCause; readonly until: Millis }
  | { readonly phase: 'over' };

export type IvrInput =
  | { readonly type: 'begin' }
  | { readonly type: 'digit'; readonly digit: string }
  /** The prompts that were asked for last are over. */
  | { readonly type: 'played' }
  /** `until` has come. */
  | { readonly type: 'time' }
  | { readonly type: 'verdict'; readonly verdict: 'right' | 'wrong' };

export type IvrAction =
  | { readonly do: 'play'; readonly prompts: readonly Prompt[] }
  | { readonly do: 'stop' }
  /** A verdict must follow. */
  | { readonly do: 'check'; readonly pin: string }
  | { readonly do: 'hang-up'; readonly cause: EndingCause };

export interface IvrStep {
  readonly state: IvrState;
  readonly actions: readonly IvrAction[];
}

/** Times that a PIN may be entered in one call. */
export const ATTEMPTS = 3;
/** Digits of the longest PIN. */
export const LONGEST_PIN = 16;
/** For the first digit, from the end of the prompt on. */
export const FIRST_DIGIT_MS: Millis = 10_000;
/** For each further digit. */
export const NEXT_DIGIT_MS: Millis = 5000;
/** The last words may take no longer. */
const LAST_WORDS_MS: Millis = 15_000;

/** Before anything was played. */
export const IVR_IDLE: IvrState = { phase: 'idle' };

/** When `time` is to be told; undefined: never. */
export function wakeOf(state: IvrState): Millis | undefined {
  return state.phase === 'entering' || state.phase === 'leaving' ? state.until : undefined;
}

/** What `input` makes of `state`. Inputs that come too late change nothing. */
export function stepIvr(state: IvrState, input: IvrInput, now: Millis): IvrStep {
  switch (state.phase) {
    case 'idle':
      return input.type === 'begin' ? ask(1, ['enter-pin']) : same(state);
    case 'entering':
      return enter(state, input, now);
    case 'checking':
      if (input.type !== 'verdict') return same(state);
      if (input.verdict === 'right') return { state: { phase: 'over' }, actions: [] };
      return state.attempt < ATTEMPTS
        ? ask(state.attempt + 1, ['wrong-pin', 'enter-pin'])
        : leave(['too-many-tries', 'goodbye'], 'wrong-pin', now);
    case 'leaving': {
      const isOver = input.type === 'played' || (input.type === 'time' && now >= state.until);
      if (!isOver) return same(state);
      return { state: { phase: 'over' }, actions: [{ do: 'hang-up', cause: state.cause }] };
    }
    case 'over':
      return same(state);
  }
}

type Entering = Extract<IvrState, { phase: 'entering' }>;

function enter(state: Entering, input: IvrInput, now: Millis): IvrStep {
  switch (input.type) {
    case 'played':
      if (!state.prompting) return same(state);
      return same({ ...state, prompting: false, until: now + FIRST_DIGIT_MS });
    case 'time':
      if (state.until === undefined || now < state.until) return same(state);
      return state.entered === '' ? unanswered(state, now) : submit(state, []);
    case 'digit':
      return keyed(state, input.digit, now);
    case 'begin':
    case 'verdict':
      return same(state);
  }
}

function keyed(state: Entering, digit: string, now: Millis): IvrStep {
  // A … D are on no caller's keypad.
  if (!/^[0-9*#]$/.test(digit)) return same(state);
  const actions: readonly IvrAction[] = state.prompting ? [{ do: 'stop' }] : [];
  const heard = { ...state, prompting: false };
  if (digit === '*') return { state: { ...heard, entered: '', until: now + FIRST_DIGIT_MS }, actions };
  if (digit === '#') return state.entered === '' ? unanswered(heard, now) : submit(heard, actions);
  const entered = state.entered + digit;
  if (entered.length >= LONGEST_PIN) return submit({ ...heard, entered }, actions);
  return { state: { ...heard, entered, until: now + NEXT_DIGIT_MS }, actions };
}

function submit({ attempt, entered }: Entering, before: readonly IvrAction[]): IvrStep {
  return { state: { phase: 'checking', attempt }, actions: [...before, { do: 'check', pin: entered }] };
}

/** Nothing was keyed: asks again, as long as there are tries. */
function unanswered({ attempt }: Entering, now: Millis): IvrStep {
  return attempt < ATTEMPTS ? ask(attempt + 1, ['enter-pin']) : leave(['goodbye'], 'no-pin', now);
}

function ask(attempt: number, prompts: readonly Prompt[]): IvrStep {
  return {
    state: { phase: 'entering', attempt, entered: '', prompting: true, until: undefined },
    actions: [{ do: 'play', prompts }],
  };
}

function leave(prompts: readonly Prompt[], cause: EndingCause, now: Millis): IvrStep {
  return {
    state: { phase: 'leaving', cause, until: now + LAST_WORDS_MS },
    actions: [{ do: 'play', prompts }],
  };
}

function same(state: IvrState): IvrStep {
  return { state, actions: [] };
}
