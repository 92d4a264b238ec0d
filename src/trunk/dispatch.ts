import type { Step } from './match.ts';
import { NumberSet } from './number-set.ts';
import type { DispatchRule, InboundTrunk, RoomChoice } from './trunk.ts';

/** A call that has its trunk; numbers are normalised. */
export interface TrunkCall {
  readonly trunk: InboundTrunk;
  readonly called: string;
  readonly caller: string;
  /** The caller asks not to be shown. */
  readonly hidden: boolean;
}

export type Dispatch =
  | {
      readonly ok: true;
      readonly rule: DispatchRule;
      /** When `rule` asks for a PIN: all that fit and ask for one, of which the PIN chooses. Else none. */
      readonly pinRules: readonly DispatchRule[];
    }
  | { readonly ok: false; readonly refusal: 'no-rule' };

/**
 * The rule of a call. The lowest priority comes first; then, as LiveKit has it, who asks for a PIN before who does not; then
 * the rule that names more (called numbers before callers
 * before trunks), then the one that names the called number more closely; among equals the file's order decides. `steps` gets the
 * reasoning in words, for a person.
 */
export function dispatch(rules: readonly DispatchRule[], call: TrunkCall, steps?: Step[]): Dispatch {
  const pinRules: DispatchRule[] = [];
  let chosen: DispatchRule | undefined;
  for (const { rule, miss } of examined(rules, call, steps === undefined ? 'fitting' : 'all')) {
    if (miss !== undefined) steps?.push({ subject: subjectOf(rule), verdict: 'no', why: whyNot(miss, call) });
    else if (chosen === undefined || (rule.pin !== undefined && chosen.pin !== undefined)) {
      chosen ??= rule;
      if (rule.pin !== undefined) pinRules.push(rule);
      const asks = rule.pin === undefined ? '' : 'by its PIN ';
      steps?.push({
        ...{ subject: subjectOf(rule), verdict: 'chosen' },
        why: `${asks}${describeRoom(rule.room)}`,
      });
    } else steps?.push({ subject: subjectOf(rule), verdict: 'passed-over', why: `${chosen.id} comes first` });
  }
  return chosen === undefined ? { ok: false, refusal: 'no-rule' } : { ok: true, rule: chosen, pinRules };
}

/** The rules in the order in which they count: all of them, or those that fit. */
function examined(rules: readonly DispatchRule[], call: TrunkCall, which: 'all' | 'fitting'): Examined[] {
  const found: Examined[] = [];
  for (const rule of rules) {
    const its = examine(rule, call);
    if (which === 'all' || its.miss === undefined) found.push(its);
  }
  // Among equals the order stays: sorting is stable.
  return found.sort(
    (a, b) =>
      a.rule.priority - b.rule.priority ||
      open(a.rule) - open(b.rule) ||
      weight(b.rule) - weight(a.rule) ||
      b.closeness - a.closeness,
  );
}

function subjectOf({ id }: DispatchRule): string {
  return `rule ${id}`;
}

function open({ pin }: DispatchRule): number {
  return pin === undefined ? 1 : 0;
}

/** The room that a rule sends a call to. `unique` draws random characters for rooms that no other call shall share. */
export function roomName(rule: DispatchRule, call: TrunkCall, unique: () => string): string {
  const { room } = rule;
  switch (room.kind) {
    case 'direct':
      return room.roomName;
    case 'individual':
      // A hidden number must not show in the room's name either.
      return joined([
        room.roomPrefix,
        hides(rule, call) ? '' : call.caller,
        room.randomize || hides(rule, call) ? unique() : '',
      ]);
    case 'callee':
      return `${room.roomPrefix}${call.called}${room.randomize ? `_${unique()}` : ''}`;
  }
}

/** Whether the caller's number stays out of the room: by the rule, or by the caller's own wish. */
export function hides(rule: DispatchRule, call: Pick<TrunkCall, 'hidden'>): boolean {
  return rule.hidePhoneNumber || call.hidden;
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('_');
}

function weight(rule: DispatchRule): number {
  return (
    (rule.numbers.length > 0 ? 4 : 0) +
    (rule.inboundNumbers.length > 0 ? 2 : 0) +
    (rule.trunkIds.length > 0 ? 1 : 0)
  );
}

interface RuleNumbers {
  readonly called: NumberSet;
  readonly callers: NumberSet;
}

/** A rule's numbers mean something by a trunk's country; compiled once for each. */
const compiled = new WeakMap<DispatchRule, Map<string, RuleNumbers>>();

function numbersOf(rule: DispatchRule, country: string | undefined): RuleNumbers {
  const byCountry = compiled.get(rule) ?? new Map<string, RuleNumbers>();
  compiled.set(rule, byCountry);
  const known = byCountry.get(country ?? '');
  if (known !== undefined) return known;
  const numbers = {
    called: new NumberSet(rule.numbers, country),
    callers: new NumberSet(rule.inboundNumbers, country),
  };
  byCountry.set(country ?? '', numbers);
  return numbers;
}

/** What of the call is not the rule's. */
type Miss = 'enabled' | 'trunk' | 'called' | 'caller';

interface Examined {
  readonly rule: DispatchRule;
  /** Undefined: it fits. */
  readonly miss: Miss | undefined;
  /** How closely it names the called number. */
  readonly closeness: number;
}

function examine(rule: DispatchRule, { trunk, called, caller }: TrunkCall): Examined {
  if (rule.enabled === false) return { rule, miss: 'enabled', closeness: 0 };
  if (rule.trunkIds.length > 0 && !rule.trunkIds.includes(trunk.id))
    return { rule, miss: 'trunk', closeness: 0 };
  const numbers = numbersOf(rule, trunk.country);
  const closeness = numbers.called.closeness(called);
  if (!numbers.called.isEmpty && closeness === 0) return { rule, miss: 'called', closeness };
  const isForCaller = numbers.callers.isEmpty || numbers.callers.closeness(caller) > 0;
  return { rule, miss: isForCaller ? undefined : 'caller', closeness };
}

function whyNot(miss: Miss, { trunk, called, caller }: TrunkCall): string {
  switch (miss) {
    case 'enabled':
      return 'enabled is false';
    case 'trunk':
      return `trunk ${trunk.id} is not in trunk_ids`;
    case 'called':
      return `called number ${called} is not in numbers`;
    case 'caller':
      return `caller ${caller} is not in inbound_numbers`;
  }
}

function describeRoom(room: RoomChoice): string {
  switch (room.kind) {
    case 'direct':
      return `everyone into room ${room.roomName}`;
    case 'individual':
      return room.randomize ? 'a room of its own for the call' : 'the room of the caller';
    case 'callee':
      return 'the room of the called number';
  }
}
