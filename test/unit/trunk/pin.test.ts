import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/trunk/dispatch.ts';
import type { Step } from '../../../src/trunk/match.ts';
import { ruleOfPin } from '../../../src/trunk/pin.ts';
import type { DispatchRule } from '../../../src/trunk/trunk.ts';
import { rule, trunk } from './trunks.ts';

const call = { trunk: trunk(), called: '+60312345678', caller: '+60123456789', hidden: false };

function found(rules: readonly DispatchRule[]): { rule: string; pins: string[]; verdicts: string[] } {
  const steps: Step[] = [];
  const result = dispatch(rules, call, steps);
  // Who asks for no words gets the same.
  expect(dispatch(rules, call)).toEqual(result);
  if (!result.ok) throw new Error(result.refusal);
  return {
    rule: result.rule.id,
    pins: result.pinRules.map(({ id }) => id),
    verdicts: steps.map(({ subject, verdict }) => `${subject} ${verdict}`),
  };
}

describe('rules with a PIN', () => {
  it('come before those without, and choose among themselves by the PIN', () => {
    const rules = [
      rule({ id: 'open' }),
      rule({ id: 'board', pin: '4711' }),
      rule({ id: 'sales', pin: '0815' }),
      rule({ id: 'other', pin: '1', numbers: ['+60399999999'] }),
    ];
    const { pins, verdicts } = found(rules);
    expect(pins).toEqual(['board', 'sales']);
    expect(verdicts).toContain('rule open passed-over');
    expect(verdicts).toContain('rule other no');
    expect(ruleOfPin(rules.slice(1), '0815')?.id).toBe('sales');
    expect(ruleOfPin(rules.slice(1), '4711')?.id).toBe('board');
    expect(ruleOfPin(rules.slice(1), '')).toBeUndefined();
  });
  it('do not come before a rule of a lower priority number', () => {
    expect(found([rule({ id: 'board', pin: '4711', priority: 5 }), rule({ id: 'open' })])).toMatchObject({
      rule: 'open',
      pins: [],
    });
  });
  it('take the first of two with the same PIN', () => {
    const rules = [rule({ id: 'b', pin: '1' }), rule({ id: 'a', pin: '1', numbers: [call.called] })];
    expect(ruleOfPin(rules, '1')?.id).toBe('b');
    // In their order: who names the number comes first.
    expect(found(rules).pins).toEqual(['a', 'b']);
  });
  it('compare as === does', () => {
    const digits = fc.stringMatching(/^\d{1,16}$/);
    fc.assert(
      fc.property(digits, fc.oneof(digits, fc.string()), (pin, entered) => {
        const isIt = ruleOfPin([rule({ pin })], entered) !== undefined;
        expect(isIt).toBe(entered.slice(0, 16) === pin && entered.length === pin.length);
        expect(ruleOfPin([rule({ pin })], pin)).toBeDefined();
      }),
    );
  });
});
