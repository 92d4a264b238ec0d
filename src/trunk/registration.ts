import type { Millis } from '../base/clock.ts';
import type { RegistrationSettings } from './outbound.ts';

/**
 * A registration at a carrier (RFC 3261 section 10.2), pure: answers and alarms in, what to do next out.
 *
 *     (idle) ──start──▶ (asking) ──2xx──▶ (registered) ──half of it is over──▶ (asking)
 *                        │    ▲
 *                   else │    │ after a while, longer each time
 *                        ▼    │
 *                       (waiting)
 *
 * stop: from anywhere, and a binding that may stand is taken back.
 */
export type RegistrationState =
  | { readonly phase: 'idle' }
  /** A REGISTER is under way. `until`: when the binding that stands meanwhile runs out, 0 for none. */
  | { readonly phase: 'asking'; readonly until: Millis; readonly failures: number; readonly askedMs: Millis }
  | { readonly phase: 'registered'; readonly until: Millis; readonly askedMs: Millis }
  | { readonly phase: 'waiting'; readonly until: Millis; readonly failures: number; readonly askedMs: Millis }
  | { readonly phase: 'stopped' };

export type RegistrationInput =
  | { readonly type: 'start' }
  /** The alarm that was asked for rang. */
  | { readonly type: 'due' }
  /** 2xx; `expiresMs` as the answer has it for our own Contact, undefined when it says nothing. */
  | { readonly type: 'accepted'; readonly expiresMs: Millis | undefined }
  /** 423: `minMs` is the least that is taken. */
  | { readonly type: 'too-brief'; readonly minMs: Millis }
  /** Any other answer, or none; `retryMs`: Retry-After, when there was one. */
  | { readonly type: 'failed'; readonly retryMs: Millis | undefined }
  | { readonly type: 'stop' };

export type RegistrationAction =
  | { readonly do: 'register'; readonly expiresMs: Millis }
  | { readonly do: 'unregister' }
  /** Wake the machine with `due`; replaces the alarm before. */
  | { readonly do: 'wake'; readonly inMs: Millis };

interface Step {
  readonly state: RegistrationState;
  readonly actions: readonly RegistrationAction[];
}

/** The least that may stand between two REGISTERs, whatever an answer says. */
const LEAST_MS: Millis = 5000;
/** The most that is believed of Expires, Min-Expires and Retry-After. */
const MOST_MS: Millis = 86_400_000;

export const idleRegistration: RegistrationState = { phase: 'idle' };

/** What `input` makes of `state` at `now`. */
export function stepRegistration(
  settings: RegistrationSettings,
  state: RegistrationState,
  input: RegistrationInput,
  now: Millis,
): Step {
  const nothing: Step = { state, actions: [] };
  if (state.phase === 'stopped') return nothing;
  if (input.type === 'stop') {
    const stands = state.phase !== 'idle' && (state.phase === 'asking' || state.until > now);
    return { state: { phase: 'stopped' }, actions: stands ? [{ do: 'unregister' }] : [] };
  }
  switch (state.phase) {
    case 'idle':
      return input.type === 'start' ? ask(settings.expiresMs, 0, 0) : nothing;
    case 'asking':
      return answered(settings, state, input, now) ?? nothing;
    case 'registered':
    case 'waiting':
      if (input.type !== 'due') return nothing;
      return ask(state.askedMs, state.until, state.phase === 'waiting' ? state.failures : 0);
  }
}

function ask(askedMs: Millis, until: Millis, failures: number): Step {
  const state = { phase: 'asking' as const, until, failures, askedMs };
  return { state, actions: [{ do: 'register', expiresMs: askedMs }] };
}

function answered(
  settings: RegistrationSettings,
  state: Extract<RegistrationState, { phase: 'asking' }>,
  input: RegistrationInput,
  now: Millis,
): Step | undefined {
  switch (input.type) {
    case 'accepted': {
      // Section 10.2.4: the answer decides. A binding that it does not list does not stand.
      const lasts = Math.min(MOST_MS, input.expiresMs ?? state.askedMs);
      if (lasts <= 0) return failed(settings, state, undefined);
      const inMs = refreshAfter(lasts);
      const { askedMs } = state;
      return {
        state: { phase: 'registered', until: now + lasts, askedMs },
        actions: [{ do: 'wake', inMs }],
      };
    }
    case 'too-brief': {
      // Section 10.2.8: again at once with what is wanted; who wants ever more waits for it.
      const askedMs = Math.max(state.askedMs, Math.min(MOST_MS, input.minMs));
      if (askedMs === state.askedMs || state.failures > 0)
        return failed(settings, { ...state, askedMs }, undefined);
      return ask(askedMs, state.until, 1);
    }
    case 'failed':
      return failed(settings, state, input.retryMs);
    default:
      return undefined;
  }
}

/** Twice as long each time; no less than Retry-After says. */
function failed(
  { retryMs, maxRetryMs }: RegistrationSettings,
  { until, failures, askedMs }: Extract<RegistrationState, { phase: 'asking' }>,
  told: Millis | undefined,
): Step {
  const backoff = Math.min(maxRetryMs, retryMs * 2 ** Math.min(failures, 16));
  const inMs = Math.max(LEAST_MS, backoff, Math.min(MOST_MS, told ?? 0));
  return {
    state: { phase: 'waiting', until, failures: failures + 1, askedMs },
    actions: [{ do: 'wake', inMs }],
  };
}

/** Early enough for several attempts: at half of a short time, ten minutes before the end of a long one. */
function refreshAfter(lastsMs: Millis): Millis {
  return Math.max(LEAST_MS, lastsMs > 1_200_000 ? lastsMs - 600_000 : lastsMs / 2);
}
