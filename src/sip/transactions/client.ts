/**
 * The non-INVITE client transaction (RFC 3261 section 17.1.2).
 *
 *              | request / send, E, F
 *  E / resend  V
 *     +--->+--------+  F, transport error / tell TU
 *     +----| trying |-------------------------------+
 *          +--------+                               |
 *   1xx / tell |  | 200-699 / tell, K               |
 *              V  |                                 |
 *     +------------+  F, transport error / tell TU  |
 *  +->| proceeding |--------------------------------+
 *  +--+------------+                                |
 *  E / resend, 1xx / tell                           |
 *         | 200-699 / tell, K                       |
 *         V                                         V
 *     +-----------+   K                         terminated
 *     | completed |---------------------------------^
 *     +-----------+
 */
import type { Millis } from '../../base/clock.ts';
import { go, type Step, send, set, stay, stop, type Timing, tell } from './step.ts';

export type ClientState =
  | { readonly name: 'trying' | 'proceeding'; readonly request: Uint8Array; readonly interval: Millis }
  | { readonly name: 'completed' }
  | { readonly name: 'terminated' };

export type ClientInput =
  /** Sends the request for the first time. */
  | { readonly type: 'begin' }
  | { readonly type: 'response'; readonly status: number }
  | { readonly type: 'timer'; readonly timer: string }
  | { readonly type: 'transport-error' };

export function clientStart(request: Uint8Array, timing: Timing): ClientState {
  return { name: 'trying', request, interval: timing.t1 };
}

const TERMINATED: ClientState = { name: 'terminated' };

export function stepClient(state: ClientState, input: ClientInput, timing: Timing): Step<ClientState> {
  if (state.name === 'terminated') return stay(state);
  if (state.name === 'completed') {
    return input.type === 'timer' && input.timer === 'K' ? go(TERMINATED) : stay(state);
  }
  switch (input.type) {
    case 'begin':
      if (timing.reliable) return go(state, send(state.request), set('F', 64 * timing.t1));
      return go(state, send(state.request), set('E', state.interval), set('F', 64 * timing.t1));
    case 'timer': {
      if (input.timer === 'F') return go(TERMINATED, tell('timeout'));
      if (input.timer !== 'E') return stay(state);
      // Section 17.1.2.2: once a 1xx came, at T2 each time.
      const interval = state.name === 'proceeding' ? timing.t2 : Math.min(2 * state.interval, timing.t2);
      return go({ ...state, interval }, send(state.request), set('E', interval));
    }
    case 'response':
      if (input.status < 200) return go({ ...state, name: 'proceeding' }, tell('response'));
      if (timing.reliable) return go(TERMINATED, tell('response'));
      return go({ name: 'completed' }, stop('E'), stop('F'), set('K', timing.t4), tell('response'));
    case 'transport-error':
      return go(TERMINATED, tell('transport-error'));
  }
}
