/**
 * The non-INVITE server transaction (RFC 3261 section 17.2.2 with RFC 4320 section 4).
 *
 *        request / tell TU, P, F
 *              V
 *         +--------+   1xx / send    +------------+  request / resend 1xx
 *         | trying |---------------->| proceeding |<--+ 1xx / send
 *         +--------+                 +------------+---+
 *           |    | F                  |        | F
 *   200-699 / send, J           200-699 / send, J
 *           |    |                    |        |
 *           V    |                    V        |
 *         +-----------+ <-------------+        |
 *         | completed |--+ request / resend    |
 *         +-----------+<-+                     |
 *              | J       |                     |
 *              V         V                     V
 *             terminated <---------------------+        transport error: terminated from anywhere
 */
import { go, type Step, send, set, stay, stop, type Timing, tell } from './step.ts';

export type ServerState =
  | { readonly name: 'trying' }
  | { readonly name: 'proceeding'; readonly last: Uint8Array }
  | { readonly name: 'completed'; readonly last: Uint8Array }
  | { readonly name: 'terminated' };

export type ServerInput =
  /** The request came for the first time: sets the timers. */
  | { readonly type: 'begin' }
  /** The request again. */
  | { readonly type: 'request' }
  | { readonly type: 'respond'; readonly status: number; readonly bytes: Uint8Array }
  | { readonly type: 'timer'; readonly timer: string }
  | { readonly type: 'transport-error' };

export const serverStart: ServerState = { name: 'trying' };

const TERMINATED: ServerState = { name: 'terminated' };

/** When the far end's timer E has reached T2 (RFC 4320 section 4.1): T1, 2 T1, 4 T1 ... until T2. */
export function provisionalDue({ t1, t2 }: Pick<Timing, 't1' | 't2'>): number {
  let due = 0;
  for (let interval = t1; interval < t2; interval *= 2) due += interval;
  return due;
}

export function stepServer(state: ServerState, input: ServerInput, timing: Timing): Step<ServerState> {
  if (state.name === 'terminated') return stay(state);
  if (input.type === 'transport-error') return go(TERMINATED, tell('transport-error'));
  if (state.name === 'completed') {
    if (input.type === 'request') return go(state, send(state.last));
    return input.type === 'timer' && input.timer === 'J' ? go(TERMINATED) : stay(state);
  }
  switch (input.type) {
    case 'begin':
      // RFC 4320 section 4.2: who cannot answer in time says nothing; the client's own timer F has rung.
      return go(state, set('P', provisionalDue(timing)), set('F', 64 * timing.t1));
    case 'request':
      return state.name === 'trying' ? stay(state) : go(state, send(state.last));
    case 'respond': {
      const { status, bytes } = input;
      if (status < 200) return go({ name: 'proceeding', last: bytes }, send(bytes));
      if (timing.reliable) return go(TERMINATED, send(bytes));
      return go(
        { name: 'completed', last: bytes },
        send(bytes),
        stop('P'),
        stop('F'),
        set('J', 64 * timing.t1),
      );
    }
    case 'timer':
      if (input.timer === 'P')
        return state.name === 'trying' ? go(state, tell('provisional-due')) : stay(state);
      return input.timer === 'F' ? go(TERMINATED) : stay(state);
  }
}
