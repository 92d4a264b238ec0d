/**
 * The INVITE client transaction (RFC 3261 section 17.1.1 with RFC 6026 section 7.2).
 *
 *                 | INVITE / send, A, B
 *     A / resend  V
 *        +--->+---------+   B, transport error / tell TU
 *        +----| calling |----------------------------------+
 *             +---------+                                  |
 *     1xx / tell |  |  | 2xx / tell, M                     |
 *                V  |  +-------------------+               |
 *      +------------+                      |               |
 *      | proceeding |--+ 1xx / tell        |               |
 *      +------------+<-+                   V               |
 *        |    |  2xx / tell, M       +----------+          |
 *        |    +--------------------->| accepted |--+ 2xx / tell
 *        | 300-699 / ACK, tell, D    +----------+<-+       |
 *        V   (also from calling)           | M             |
 *      +-----------+                       |               |
 *      | completed |--+ 300-699 / ACK      |               |
 *      +-----------+<-+                    V               |
 *        | D, transport error           terminated <-------+
 *        +--------------------------------^
 */
import type { Millis } from '../../base/clock.ts';
import { go, type Step, send, set, stay, stop, type Timing, tell } from './step.ts';

export type InviteClientState =
  | { readonly name: 'calling'; readonly request: Uint8Array; readonly interval: Millis }
  | { readonly name: 'proceeding' }
  | { readonly name: 'completed'; readonly ack: Uint8Array }
  | { readonly name: 'accepted' }
  | { readonly name: 'terminated' };

export type InviteClientInput =
  /** Sends the INVITE for the first time. */
  | { readonly type: 'begin' }
  /** `ack` is at hand for 300 to 699: the transaction itself acknowledges those (section 17.1.1.3). */
  | { readonly type: 'response'; readonly status: number; readonly ack: Uint8Array | undefined }
  | { readonly type: 'timer'; readonly timer: string }
  | { readonly type: 'transport-error' };

export function inviteClientStart(request: Uint8Array, timing: Timing): InviteClientState {
  return { name: 'calling', request, interval: timing.t1 };
}

const TERMINATED: InviteClientState = { name: 'terminated' };

export function stepInviteClient(
  state: InviteClientState,
  input: InviteClientInput,
  timing: Timing,
): Step<InviteClientState> {
  switch (state.name) {
    case 'calling':
      return calling(state, input, timing);
    case 'proceeding':
      if (input.type === 'response') return answered(state, input, timing);
      return input.type === 'transport-error' ? go(TERMINATED, tell('transport-error')) : stay(state);
    case 'completed':
      if (input.type === 'response') return input.status >= 300 ? go(state, send(state.ack)) : stay(state);
      if (input.type === 'transport-error') return go(TERMINATED);
      return input.type === 'timer' && input.timer === 'D' ? go(TERMINATED) : stay(state);
    case 'accepted':
      if (input.type === 'response') {
        return input.status >= 200 && input.status < 300 ? go(state, tell('response')) : stay(state);
      }
      return input.type === 'timer' && input.timer === 'M' ? go(TERMINATED) : stay(state);
    case 'terminated':
      return stay(state);
  }
}

function calling(
  state: InviteClientState & { name: 'calling' },
  input: InviteClientInput,
  timing: Timing,
): Step<InviteClientState> {
  switch (input.type) {
    case 'begin':
      if (timing.reliable) return go(state, send(state.request), set('B', 64 * timing.t1));
      return go(state, send(state.request), set('A', state.interval), set('B', 64 * timing.t1));
    case 'timer': {
      if (input.timer === 'B') return go(TERMINATED, tell('timeout'));
      if (input.timer !== 'A') return stay(state);
      // Section 17.1.1.2: doubled without the cap that timer E has.
      const interval = 2 * state.interval;
      return go({ ...state, interval }, send(state.request), set('A', interval));
    }
    case 'response':
      return answered(state, input, timing);
    case 'transport-error':
      return go(TERMINATED, tell('transport-error'));
  }
}

function answered(
  state: InviteClientState,
  { status, ack }: InviteClientInput & { type: 'response' },
  timing: Timing,
): Step<InviteClientState> {
  if (status < 200) return go({ name: 'proceeding' }, stop('A'), stop('B'), tell('response'));
  if (status < 300) {
    return go({ name: 'accepted' }, stop('A'), stop('B'), set('M', 64 * timing.t1), tell('response'));
  }
  if (ack === undefined) return stay(state);
  if (timing.reliable) return go(TERMINATED, send(ack), tell('response'));
  // Timer D: at least 32 s, so that a final response which is resent until then finds its ACK.
  const d = Math.max(32_000, 64 * timing.t1);
  return go({ name: 'completed', ack }, stop('A'), stop('B'), send(ack), set('D', d), tell('response'));
}
