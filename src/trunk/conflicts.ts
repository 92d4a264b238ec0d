import { overlapping } from './addresses.ts';
import { normalizeNumber, numberKey } from './number.ts';
import type { DispatchRule, InboundTrunk } from './trunk.ts';

/**
 * The first of `others` that would take the same calls as `trunk`, so that only their order could tell which one has them: LiveKit's
 * rule of one trunk for each called number and caller. LiveKit looks at numbers alone; here trunks whose callers come from different
 * addresses, or for different registrations, are told apart by that.
 */
export function conflictingTrunk(
  trunk: InboundTrunk,
  others: Iterable<InboundTrunk>,
): InboundTrunk | undefined {
  const called = keysOf(trunk.numbers, trunk.country);
  const callers = keysOf(trunk.allowedNumbers, trunk.country);
  for (const other of others) {
    if (other.id === trunk.id || other.enabled === false || other.registration !== trunk.registration)
      continue;
    const isSame =
      meet(called, keysOf(other.numbers, other.country)) &&
      meet(callers, keysOf(other.allowedNumbers, other.country));
    if (isSame && haveCommonSources(trunk, other)) return other;
  }
  return undefined;
}

/**
 * The first of `others` that is for the same trunk, caller, called number and PIN as `rule`, with the same priority: which of the two
 * a call means nobody could say (LiveKit's rule, but for the priority, which LiveKit lacks).
 */
export function conflictingRule(
  rule: DispatchRule,
  others: Iterable<DispatchRule>,
): DispatchRule | undefined {
  const trunks = new Set(rule.trunkIds.length > 0 ? rule.trunkIds : [ANY]);
  const called = keysOf(rule.numbers, undefined);
  const callers = keysOf(rule.inboundNumbers, undefined);
  for (const other of others) {
    if (other.id === rule.id || other.enabled === false) continue;
    if (other.pin !== rule.pin || other.priority !== rule.priority) continue;
    const isSame =
      meet(trunks, new Set(other.trunkIds.length > 0 ? other.trunkIds : [ANY])) &&
      meet(called, keysOf(other.numbers, undefined)) &&
      meet(callers, keysOf(other.inboundNumbers, undefined));
    if (isSame) return other;
  }
  return undefined;
}

/** Stands for a list that names nothing: it meets others that do so, and none that names something, which comes first anyway. */
const ANY = '';

/** Numbers by what they are the same by; a pattern is the same as its like. */
function keysOf(numbers: readonly string[], country: string | undefined): ReadonlySet<string> {
  if (numbers.length === 0) return new Set([ANY]);
  return new Set(
    numbers.map((text) => {
      const number = normalizeNumber(text, country);
      return number.ok ? numberKey(number.value) : text;
    }),
  );
}

function meet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  const [few, many] = one.size <= other.size ? [one, other] : [other, one];
  for (const key of few) if (many.has(key)) return true;
  return false;
}

function haveCommonSources(one: InboundTrunk, other: InboundTrunk): boolean {
  return one.allowedAddresses.some((a) => other.allowedAddresses.some((b) => overlapping(a, b)));
}
