import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReferInput, type ReferState, stepRefer } from '../../../src/sip/refer-progress.ts';

const accepted: ReferInput = { type: 'answered', status: 202, subscribed: true };
const notify = (status: number | undefined, terminated = false): ReferInput => ({
  ...{ type: 'notified', status, terminated },
});

function states(...inputs: ReferInput[]): ReferState {
  let state: ReferState = { phase: 'sent' };
  for (const input of inputs) state = stepRefer(state, input);
  return state;
}

const failure = (reason: string, status: number) => ({
  phase: 'over',
  outcome: { ok: false, reason, status },
});
const success = (by: string, status: number) => ({ phase: 'over', outcome: { ok: true, by, status } });

describe('a REFER of ours (RFC 3515 section 2.4)', () => {
  test('202, 100, 180, 200: transferred', () => {
    expect(states(accepted, notify(100))).toEqual({ phase: 'accepted', last: 100 });
    expect(states(accepted, notify(100), notify(180), notify(200, true))).toEqual(success('notify', 200));
  });

  test('a NOTIFY that overtakes the 202 counts, and the 202 changes nothing after it', () => {
    expect(states(notify(100), accepted)).toEqual({ phase: 'accepted', last: 100 });
    expect(states(notify(200, true), accepted)).toEqual(success('notify', 200));
  });

  test('refused, unanswered, failed, without a result, silent, too late', () => {
    expect(states({ type: 'answered', status: 603, subscribed: true })).toEqual(failure('refused', 603));
    expect(states({ type: 'answered', status: 408, subscribed: true })).toEqual(failure('no-answer', 408));
    expect(states(accepted, notify(486, true))).toEqual(failure('failed', 486));
    expect(states(accepted, notify(100, true))).toEqual(failure('no-result', 487));
    expect(states(accepted, notify(undefined, true))).toEqual(failure('no-result', 487));
    expect(states(accepted, { type: 'silent' })).toEqual(failure('no-notify', 408));
    expect(states(accepted, notify(180), { type: 'timeout' })).toEqual(failure('timeout', 408));
  });

  test('silence counts only before the first NOTIFY', () => {
    expect(states(accepted, notify(100), { type: 'silent' })).toEqual({ phase: 'accepted', last: 100 });
  });

  test('Refer-Sub: false means that nothing more will be told (RFC 4488 section 4)', () => {
    expect(states({ type: 'answered', status: 200, subscribed: false })).toEqual(
      success('no-subscription', 200),
    );
  });

  test('the far end hangs up: once it has taken the REFER that is the transfer', () => {
    const bye: ReferInput = { type: 'dialog-over', byFarEnd: true };
    expect(states(accepted, bye)).toEqual(success('bye', 200));
    expect(states(bye)).toEqual(failure('call-ended', 487));
    expect(states(accepted, { type: 'dialog-over', byFarEnd: false })).toEqual(failure('call-ended', 487));
  });

  test('property: what is over stays so, whatever comes', () => {
    const input: fc.Arbitrary<ReferInput> = fc.oneof(
      fc.record({
        type: fc.constant('answered' as const),
        status: fc.constantFrom(200, 202, 403, 408, 603),
        subscribed: fc.boolean(),
      }),
      fc.record({
        type: fc.constant('notified' as const),
        status: fc.constantFrom(undefined, 100, 180, 200, 486),
        terminated: fc.boolean(),
      }),
      fc.constantFrom<ReferInput>({ type: 'silent' }, { type: 'timeout' }),
      fc.record({ type: fc.constant('dialog-over' as const), byFarEnd: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        let state: ReferState = { phase: 'sent' };
        for (const each of inputs) {
          const next = stepRefer(state, each);
          if (state.phase === 'over') expect(next).toBe(state);
          state = next;
        }
      }),
    );
  });
});
