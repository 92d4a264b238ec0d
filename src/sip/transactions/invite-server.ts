/**
 * The INVITE server transaction (RFC 3261 section 17.2.1 with RFC 6026 section 7.1).
 *
 *                     INVITE / tell TU
 *    INVITE / resend last 1xx  |
 *                   +------+   V      1xx / send
 *                   |  +------------+ <---+
 *                   +->| proceeding |-----+
 *                      +------------+
 *     300-699 / send, G, H |      | 2xx / send, L
 *                 +--------+      +---------+
 *   INVITE / resend  V                      V  INVITE / -   2xx / send   ACK / tell TU
 *   G / resend  +-----------+          +----------+
 *          +--->| completed |          | accepted |<--+
 *               +-----------+          +----------+   |
 *      ACK / I |    | H / timeout            | L      |
 *              V    |                        |
 *      +-----------+|                        |
 *      | confirmed ||                        |
 *      +-----------+|                        |
 *           I |     V                        V
 *             +-> terminated <---------------+          transport error: terminated from anywhere but accepted
 */
import type { Millis } from '../../base/clock.ts';
import { go, type Step, send, set, stay, stop, type Timing, tell } from './step.ts';

export type InviteServerState =
  | { readonly name: 'proceeding'; readonly last: Uint8Array | undefined }
  | { readonly name: 'completed'; readonly last: Uint8Array; readonly interval: Millis }
  | { readonly name: 'confirmed' }
  | { readonly name: 'accepted' }
  | { readonly name: 'terminated' };

export type InviteServerInput =
  /** The INVITE again. */
  | { readonly type: 'request' }
  | { readonly type: 'ack' }
  | { readonly type: 'respond'; readonly status: number; readonly bytes: Uint8Array }
  | { readonly type: 'timer'; readonly timer: string }
  | { readonly type: 'transport-error' };

export const inviteServerStart: InviteServerState = { name: 'proceeding', last: undefined };

const TERMINATED: InviteServerState = { name: 'terminated' };

export function stepInviteServer(
  state: InviteServerState,
  input: InviteServerInput,
  timing: Timing,
): Step<InviteServerState> {
  switch (state.name) {
    case 'proceeding':
      return proceeding(state, input, timing);
    case 'completed':
      return completed(state, input, timing);
    case 'confirmed':
      return input.type === 'timer' && input.timer === 'I' ? go(TERMINATED) : stay(state);
    case 'accepted':
      return accepted(state, input);
    case 'terminated':
      return stay(state);
  }
}

function proceeding(
  state: InviteServerState & { name: 'proceeding' },
  input: InviteServerInput,
  timing: Timing,
): Step<InviteServerState> {
  switch (input.type) {
    case 'request':
      return state.last === undefined ? stay(state) : go(state, send(state.last));
    case 'respond': {
      const { status, bytes } = input;
      if (status < 200) return go({ name: 'proceeding', last: bytes }, send(bytes));
      // RFC 6026 section 7.1: timer L keeps resent INVITEs away from the TU, which itself resends the 2xx.
      if (status < 300) return go({ name: 'accepted' }, send(bytes), set('L', 64 * timing.t1));
      const next: InviteServerState = { name: 'completed', last: bytes, interval: timing.t1 };
      if (timing.reliable) return go(next, send(bytes), set('H', 64 * timing.t1));
      return go(next, send(bytes), set('G', timing.t1), set('H', 64 * timing.t1));
    }
    case 'transport-error':
      return go(TERMINATED, tell('transport-error'));
    case 'ack':
    case 'timer':
      return stay(state);
  }
}

function completed(
  state: InviteServerState & { name: 'completed' },
  input: InviteServerInput,
  timing: Timing,
): Step<InviteServerState> {
  switch (input.type) {
    case 'request':
      return go(state, send(state.last));
    case 'ack':
      // Timer I is zero on a reliable transport: nothing can come late there.
      if (timing.reliable) return go(TERMINATED);
      return go({ name: 'confirmed' }, stop('G'), stop('H'), set('I', timing.t4));
    case 'timer':
      if (input.timer === 'G') {
        const interval = Math.min(2 * state.interval, timing.t2);
        return go({ ...state, interval }, send(state.last), set('G', interval));
      }
      return input.timer === 'H' ? go(TERMINATED, tell('timeout')) : stay(state);
    case 'transport-error':
      return go(TERMINATED, tell('transport-error'));
    case 'respond':
      return stay(state);
  }
}

function accepted(state: InviteServerState, input: InviteServerInput): Step<InviteServerState> {
  switch (input.type) {
    case 'respond':
      return input.status >= 200 && input.status < 300 ? go(state, send(input.bytes)) : stay(state);
    case 'ack':
      return go(state, tell('ack'));
    case 'timer':
      return input.timer === 'L' ? go(TERMINATED) : stay(state);
    case 'request':
    case 'transport-error':
      return stay(state);
  }
}
