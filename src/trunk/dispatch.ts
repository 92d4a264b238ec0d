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
      readonly steps: readonly Step[];
    }
  | { readonly ok: false; readonly refusal: 'no-rule'; readonly steps: readonly Step[] };

/**
 * The rule of a call. The lowest priority comes first; then, as LiveKit has it, who asks for a PIN before who does not; then
 * the rule that names more (called numbers before callers
 * before trunks), then the one that names the called number more closely; among equals the file's order decides.
 */
export function dispatch(rules: readonly DispatchRule[], call: TrunkCall): Dispatch {
  const steps: Step[] = [];
  const pinRules: DispatchRule[] = [];
  let chosen: DispatchRule | undefined;
  const ordered = rules
    .map((rule, at) => ({ rule, at, ...examine(rule, call) }))
    .sort(
      (a, b) =>
        a.rule.priority - b.rule.priority ||
        open(a.rule) - open(b.rule) ||
        weight(b.rule) - weight(a.rule) ||
        b.closeness - a.closeness ||
        a.at - b.at,
    );
  for (const { rule, miss } of ordered) {
    const subject = `rule ${rule.id}`;
    if (miss !== undefined) steps.push({ subject, verdict: 'no', why: miss });
    else if (chosen === undefined || (rule.pin !== undefined && chosen.pin !== undefined)) {
      chosen ??= rule;
      if (rule.pin !== undefined) pinRules.push(rule);
      const asks = rule.pin === undefined ? '' : 'by its PIN ';
      steps.push({ subject, verdict: 'chosen', why: `${asks}${describeRoom(rule.room)}` });
    } else steps.push({ subject, verdict: 'passed-over', why: `${chosen.id} comes first` });
  }
  return chosen === undefined
    ? { ok: false, refusal: 'no-rule', steps }
    : { ok: true, rule: chosen, pinRules, steps };
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

/** Why the rule is not the call's, or how closely it names the called number. */
function examine(
  rule: DispatchRule,
  { trunk, called, caller }: TrunkCall,
): { readonly miss: string | undefined; readonly closeness: number } {
  const numbers = numbersOf(rule, trunk.country);
  const closeness = numbers.called.closeness(called);
  const miss =
    rule.enabled === false
      ? 'enabled is false'
      : rule.trunkIds.length > 0 && !rule.trunkIds.includes(trunk.id)
        ? `trunk ${trunk.id} is not in trunk_ids`
        : !numbers.called.isEmpty && closeness === 0
          ? `called number ${called} is not in numbers`
          : !numbers.callers.isEmpty && numbers.callers.closeness(caller) === 0
            ? `caller ${caller} is not in inbound_numbers`
            : undefined;
  return { miss, closeness };
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
