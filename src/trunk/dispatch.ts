import { numberKeys, type Step } from './match.ts';
import { numberKey } from './number.ts';
import type { DispatchRule, InboundTrunk, RoomChoice } from './trunk.ts';

/** A call that has its trunk; numbers are normalised. */
export interface TrunkCall {
  readonly trunk: InboundTrunk;
  readonly called: string;
  readonly caller: string;
}

export type Dispatch =
  | { readonly ok: true; readonly rule: DispatchRule; readonly steps: readonly Step[] }
  | { readonly ok: false; readonly refusal: 'no-rule'; readonly steps: readonly Step[] };

/**
 * The rule of a call. The more a rule names (called numbers before callers before trunks), the earlier it comes;
 * among equals the file's order decides.
 */
export function dispatch(rules: readonly DispatchRule[], call: TrunkCall): Dispatch {
  const steps: Step[] = [];
  let chosen: DispatchRule | undefined;
  const ordered = rules
    .map((rule, at) => ({ rule, at }))
    .sort((a, b) => weight(b.rule) - weight(a.rule) || a.at - b.at);
  for (const { rule } of ordered) {
    const subject = `rule ${rule.id}`;
    const miss = whyNot(rule, call);
    if (miss !== undefined) steps.push({ subject, verdict: 'no', why: miss });
    else if (chosen !== undefined)
      steps.push({ subject, verdict: 'passed-over', why: `${chosen.id} comes first` });
    else {
      chosen = rule;
      steps.push({ subject, verdict: 'chosen', why: describeRoom(rule.room) });
    }
  }
  return chosen === undefined ? { ok: false, refusal: 'no-rule', steps } : { ok: true, rule: chosen, steps };
}

/** The room that a rule sends a call to. `unique`: random characters for rooms that no other call shall share. */
export function roomName(rule: DispatchRule, call: TrunkCall, unique: string): string {
  const { room } = rule;
  switch (room.kind) {
    case 'direct':
      return room.roomName;
    case 'individual':
      // A hidden number must not show in the room's name either.
      return joined([
        room.roomPrefix,
        rule.hidePhoneNumber ? '' : call.caller,
        room.randomize || rule.hidePhoneNumber ? unique : '',
      ]);
    case 'callee':
      return `${room.roomPrefix}${call.called}${room.randomize ? `_${unique}` : ''}`;
  }
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

function whyNot(rule: DispatchRule, { trunk, called, caller }: TrunkCall): string | undefined {
  if (rule.trunkIds.length > 0 && !rule.trunkIds.includes(trunk.id))
    return `trunk ${trunk.id} is not in trunk_ids`;
  if (rule.numbers.length > 0 && !numberKeys(rule.numbers, trunk.country).has(numberKey(called))) {
    return `called number ${called} is not in numbers`;
  }
  if (
    rule.inboundNumbers.length > 0 &&
    !numberKeys(rule.inboundNumbers, trunk.country).has(numberKey(caller))
  ) {
    return `caller ${caller} is not in inbound_numbers`;
  }
  return undefined;
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
