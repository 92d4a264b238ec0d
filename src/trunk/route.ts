import { dispatch } from './dispatch.ts';
import type { CallFacts, MatchRefusal, Step, TrunkTable } from './match.ts';
import type { DispatchRule, InboundTrunk } from './trunk.ts';

/** Why a call goes nowhere. */
export type RouteRefusal = MatchRefusal | 'no-rule';

/** Where a call goes and why: the whole decision, to be replayed by `explain`. */
export type Route =
  | {
      readonly ok: true;
      readonly trunk: InboundTrunk;
      readonly rule: DispatchRule;
      /** Normalised numbers. */
      readonly called: string;
      readonly caller: string;
      readonly steps: readonly Step[];
    }
  | {
      readonly ok: false;
      readonly refusal: RouteRefusal;
      readonly trunk: InboundTrunk | undefined;
      readonly steps: readonly Step[];
    };

/** Finds trunk, then rule. A call without both is refused. */
export function route(trunks: TrunkTable, rules: readonly DispatchRule[], call: CallFacts): Route {
  const match = trunks.match(call);
  if (!match.ok) return { ok: false, refusal: match.refusal, trunk: undefined, steps: match.steps };
  const { trunk, called, caller } = match;
  const found = dispatch(rules, { trunk, called, caller });
  const steps = [...match.steps, ...found.steps];
  if (!found.ok) return { ok: false, refusal: found.refusal, trunk, steps };
  return { ok: true, trunk, rule: found.rule, called, caller, steps };
}

/** The decision in words, one line for each trunk and rule that was looked at, the verdict last. */
export function explain(decision: Route): string {
  const lines = decision.steps.map(({ subject, verdict, why }) => `${MARKS[verdict]} ${subject}: ${why}`);
  lines.push(
    decision.ok
      ? `accepted: ${decision.caller} to ${decision.called} by trunk ${decision.trunk.id}, rule ${decision.rule.id}`
      : `refused: ${decision.refusal}`,
  );
  return lines.join('\n');
}

const MARKS: Readonly<Record<Step['verdict'], string>> = { chosen: '+', 'passed-over': '~', no: '-' };
