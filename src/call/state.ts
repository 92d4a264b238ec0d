import type { Millis } from '../base/clock.ts';
import type { EndingCause } from './ending.ts';

/**
 * The life of an inbound call, pure. Whatever ends it, its ending is named once and its leg, its place in the room
 * and its place on the trunk are given back exactly once.
 *
 *                 port             ACK
 *   (opening) ──────────▶ (answered) ─────────▶ (talking)
 *       │ │                  ▲  │                   │
 *       │ └ port ─▶ (early) ─┘  │                   │
 *       │              │        │                   │
 *       └─ end: reject ┴────────┴── end: hang up ───┘
 *                            ▼
 *                         (ended)
 */
export type CallState =
  /** In the room; the worker reserves an RTP port; the caller hears ringing. */
  | { readonly phase: 'opening'; readonly answering: Answering }
  /** The caller may hear us before the answer, and the room does not hear the caller yet. */
  | { readonly phase: 'early' }
  /** Our 200 is on its way, the ACK is not here yet. Media flows both ways already. */
  | { readonly phase: 'answered'; readonly since: Millis }
  | { readonly phase: 'talking'; readonly since: Millis }
  | { readonly phase: 'ended'; readonly cause: EndingCause; readonly talkedMs: Millis };

/** When a call is answered: as soon as it has a port, or when we are told to, with early media (183) until then or without. */
export type Answering = 'at-once' | 'after-early-media' | 'after-ringing';

export type CallInput =
  | { readonly type: 'port-opened' }
  /** The call shall be answered now. */
  | { readonly type: 'answer' }
  | { readonly type: 'acknowledged' }
  /** `by`: whether SIP knows already, or has to be told. */
  | { readonly type: 'end'; readonly cause: EndingCause; readonly by: 'sip' | 'gateway' };

export type CallAction =
  | { readonly do: 'answer' }
  /** 183 with our SDP. */
  | { readonly do: 'early-media' }
  /** A final failure response, for nothing final was sent yet. */
  | { readonly do: 'reject'; readonly cause: EndingCause }
  | { readonly do: 'hang-up'; readonly cause: EndingCause }
  /** Out of the room, leg closed, trunk place given back. */
  | { readonly do: 'release'; readonly cause: EndingCause };

/** How a call begins. */
export function openingCall(answering: Answering): CallState {
  return { phase: 'opening', answering };
}

const nothing: readonly CallAction[] = [];

/** What `input` makes of `state`, and what is to be done about it. Inputs that come too late change nothing. */
export function step(
  state: CallState,
  input: CallInput,
  now: Millis,
): { readonly state: CallState; readonly actions: readonly CallAction[] } {
  if (state.phase === 'ended') return { state, actions: nothing };
  switch (input.type) {
    case 'port-opened':
      if (state.phase !== 'opening') return { state, actions: nothing };
      if (state.answering === 'at-once') return answered(now);
      return {
        state: { phase: 'early' },
        actions: state.answering === 'after-early-media' ? [{ do: 'early-media' }] : nothing,
      };
    case 'answer':
      if (state.phase === 'early') return answered(now);
      // Told before there is a port: at once, then, when there is one.
      return { state: state.phase === 'opening' ? openingCall('at-once') : state, actions: nothing };
    case 'acknowledged':
      if (state.phase !== 'answered') return { state, actions: nothing };
      return { state: { phase: 'talking', since: state.since }, actions: nothing };
    case 'end': {
      const { cause } = input;
      const unanswered = state.phase === 'opening' || state.phase === 'early';
      const talkedMs = unanswered ? 0 : now - state.since;
      const release: CallAction = { do: 'release', cause };
      const ended: CallState = { phase: 'ended', cause, talkedMs };
      if (input.by === 'sip') return { state: ended, actions: [release] };
      const tell: CallAction = { do: unanswered ? 'reject' : 'hang-up', cause };
      return { state: ended, actions: [tell, release] };
    }
  }
}

function answered(now: Millis): { readonly state: CallState; readonly actions: readonly CallAction[] } {
  return { state: { phase: 'answered', since: now }, actions: [{ do: 'answer' }] };
}
