import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Step, TrunkTable } from '../../../src/trunk/match.ts';
import { NumberSet, parsePattern } from '../../../src/trunk/number-set.ts';
import { explain, route } from '../../../src/trunk/route.ts';
import { rule, trunk } from './trunks.ts';

const close = (patterns: string[], number: string, country?: string) =>
  new NumberSet(patterns, country).closeness(number);

test('an exact number in every way of writing it', () => {
  for (const text of ['+60312345678', '60312345678', '0312345678', '03-1234 5678'])
    expect(close([text], '+60312345678', 'MY'), text).toBe(1000);
  expect(close(['lobby'], 'Lobby')).toBe(1000);
});

test('a prefix names all that begin so, the longer the closer', () => {
  expect(close(['+6031*'], '+60312345678')).toBe(4);
  expect(close(['+6031*', '+60312*'], '+60312345678')).toBe(5);
  expect(close(['+6031*'], '+60412345678')).toBe(0);
  expect(close(['+6031*'], '+60')).toBe(0);
  // A star that is dialled is no pattern.
  expect(close(['*97'], '*97')).toBe(1000);
  expect(close(['*97'], '*971')).toBe(0);
});

test('a range holds both its ends and nothing of another length', () => {
  const range = ['+60312345600..+60312345699'];
  expect(close(range, '+60312345600')).toBe(9);
  expect(close(range, '60312345699')).toBe(9);
  expect(close(range, '+60312345700')).toBe(0);
  expect(close(range, '+6031234560')).toBe(0);
  expect(close(range, '+603123456000')).toBe(0);
});

test('what is no pattern names nobody, and does not make the set one that names all', () => {
  for (const text of ['', 'a b', '1..', '..', '1..22', '2..1', 'a..b', '+*', '*', '(*)']) {
    const set = new NumberSet([text], undefined);
    expect(set.isEmpty, text).toBe(false);
    expect(set.closeness('1'), text).toBe(0);
  }
  expect(parsePattern('2..1', undefined)).toEqual({ ok: false, error: 'range' });
  expect(parsePattern('a b', undefined)).toEqual({ ok: false, error: 'number' });
});

test('never throws, whatever is a pattern and whatever is dialled', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (pattern, number) => {
      expect(close([pattern, `${pattern}*`, `${pattern}..${number}`], number)).toBeGreaterThanOrEqual(0);
    }),
  );
});

describe('which comes first', () => {
  const call = { source: '192.0.2.10', requestUser: '+60312345678', toUser: '', fromUser: '' };

  test('of trunks the one that names the number most closely', () => {
    const table = new TrunkTable([
      trunk({ id: 'all' }),
      trunk({ id: 'country', numbers: ['+60*'] }),
      trunk({ id: 'city', numbers: ['+603*'] }),
      trunk({ id: 'block', numbers: ['+60312345600..+60312345699'] }),
    ]);
    const steps: Step[] = [];
    const found = table.match(call, steps);
    expect(found.ok && found.trunk.id).toBe('block');
    expect(steps.map(({ verdict }) => verdict)).toEqual([
      'passed-over',
      'passed-over',
      'passed-over',
      'chosen',
    ]);
  });

  test('of rules: priority, then what names more, then what names more closely, then the file\u2019s order', () => {
    const table = new TrunkTable([trunk()]);
    const chosen = (...rules: ReturnType<typeof rule>[]) => {
      const found = route(table, rules, call);
      return found.ok ? found.rule.id : found.refusal;
    };
    const any = rule({ id: 'any' });
    const prefix = rule({ id: 'prefix', numbers: ['+60*'] });
    const longer = rule({ id: 'longer', numbers: ['+6031*'] });
    const exact = rule({ id: 'exact', numbers: ['+60312345678'] });
    expect(chosen(any, prefix, longer, exact)).toBe('exact');
    expect(chosen(any, prefix, longer)).toBe('longer');
    expect(chosen(any, prefix)).toBe('prefix');
    expect(chosen(longer, rule({ id: 'second', numbers: ['+6031*'] }))).toBe('longer');
    expect(chosen({ ...exact, priority: 1 }, any)).toBe('any');
  });

  test('an explanation is whole for people, and no longer than people read in the log', () => {
    const rules = Array.from({ length: 100 }, (_, i) => rule({ id: `r${i}`, numbers: ['1'] }));
    const decision = route(new TrunkTable([trunk()]), rules, call);
    expect(explain(decision).split('\n')).toHaveLength(102);
    const brief = explain(decision, 'brief').split('\n');
    expect(brief).toHaveLength(26);
    expect(brief.slice(-2)).toEqual(['\u2026 and 77 more', 'refused: no-rule']);
  });
});
