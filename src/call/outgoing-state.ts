import type { Millis } from '../base/clock.ts';
import type { EndingCause } from './ending.ts';

/**
 * The life of an outbound call, pure. Whatever ends it, its ending is named once, and what it holds is given back once.
 *
 *             port             18x             2xx
 *   (opening) ─────▶ (calling) ─────▶ (ringing) ─────▶ (talking)
 *       │             │ ▲ │ ◀────────────┤ redirected     │
 *       │             └─┘ next target    │                │
 *       └─────── end: cancel, or hang up ┴────────────────┘
 *                            ▼
 *                         (ended)
 */
export type OutgoingState =
  /** In the room; the worker reserves an RTP port. */
  | { readonly phase: 'opening' }
  /** An INVITE is on its way to one target. */
  | { readonly phase: 'calling' }
  /** Somebody's phone rings there: from now on the call stays with this target, unless it redirects. */
  | { readonly phase: 'ringing' }
  | { readonly phase: 'talking'; readonly since: Millis }
  | { readonly phase: 'ended'; readonly cause: EndingCause; readonly talkedMs: Millis };

export type OutgoingInput =
  | { readonly type: 'port-opened' }
  | { readonly type: 'ringing' }
  | { readonly type: 'answered' }
  /** The target cannot take the call; `more`: there are others. */
  | { readonly type: 'unreachable'; readonly cause: EndingCause; readonly more: boolean }
  /** A redirection: what rang there, if anything did, rings no more. */
  | { readonly type: 'elsewhere' }
  /** `by`: whether SIP knows already, or has to be told. */
  | { readonly type: 'end'; readonly cause: EndingCause; readonly by: 'sip' | 'gateway' };

export type OutgoingAction =
  | { readonly do: 'invite-next' }
  | { readonly do: 'hang-up'; readonly cause: EndingCause }
  | { readonly do: 'release'; readonly cause: EndingCause };

const nothing: readonly OutgoingAction[] = [];

/** What `input` makes of `state`, and what is to be done. Inputs that come too late change nothing. */
export function stepOutgoing(
  state: OutgoingState,
  input: OutgoingInput,
  now: Millis,
): { readonly state: OutgoingState; readonly actions: readonly OutgoingAction[] } {
  const { phase } = state;
  if (phase === 'ended') return { state, actions: nothing };
  switch (input.type) {
    case 'port-opened':
      if (phase !== 'opening') return { state, actions: nothing };
      return { state: { phase: 'calling' }, actions: [{ do: 'invite-next' }] };
    case 'ringing':
      return { state: phase === 'calling' ? { phase: 'ringing' } : state, actions: nothing };
    case 'answered':
      if (phase !== 'calling' && phase !== 'ringing') return { state, actions: nothing };
      return { state: { phase: 'talking', since: now }, actions: nothing };
    case 'unreachable':
      if (phase === 'calling' && input.more) return { state, actions: [{ do: 'invite-next' }] };
      return over(state, input.cause, 'sip', now);
    case 'elsewhere':
      if (phase !== 'calling' && phase !== 'ringing') return { state, actions: nothing };
      return { state: { phase: 'calling' }, actions: [{ do: 'invite-next' }] };
    case 'end':
      return over(state, input.cause, input.by, now);
  }
}

function over(state: OutgoingState, cause: EndingCause, by: 'sip' | 'gateway', now: Millis) {
  const talkedMs = state.phase === 'talking' ? now - state.since : 0;
  const release: OutgoingAction = { do: 'release', cause };
  const actions: OutgoingAction[] = by === 'sip' ? [release] : [{ do: 'hang-up', cause }, release];
  return { state: { phase: 'ended' as const, cause, talkedMs }, actions };
}
