import { dispatch } from './dispatch.ts';
import type { CallFacts } from './facts.ts';
import type { MatchRefusal, Step, TrunkTable } from './match.ts';
import type { DispatchRule, InboundTrunk } from './trunk.ts';

/** Why a call goes nowhere. */
export type RouteRefusal = MatchRefusal | 'no-rule';

/** Where a call goes and why: the whole decision, to be replayed by `explain`. */
export type Route =
  | {
      readonly ok: true;
      readonly trunk: InboundTrunk;
      /** Of `pinRules`, when there are any, the first: which one it is the PIN will say. */
      readonly rule: DispatchRule;
      readonly pinRules: readonly DispatchRule[];
      /** Normalised numbers. */
      readonly called: string;
      readonly caller: string;
      /** What the caller is called, as claimed. */
      readonly display: string;
      /** The caller asks not to be shown. */
      readonly hidden: boolean;
      /** How it came about, in words: made when it is asked for. */
      readonly steps: () => readonly Step[];
    }
  | {
      readonly ok: false;
      readonly refusal: RouteRefusal;
      readonly trunk: InboundTrunk | undefined;
      readonly steps: () => readonly Step[];
    };

/** Finds trunk, then rule. A call without both is refused. */
export function route(trunks: TrunkTable, rules: readonly DispatchRule[], call: CallFacts): Route {
  const steps = () => reasoning(trunks, rules, call);
  const match = trunks.match(call);
  if (!match.ok) return { ok: false, refusal: match.refusal, trunk: undefined, steps };
  const { trunk } = match;
  const found = dispatch(rules, match);
  return found.ok ? { ...match, ...found, steps } : { ok: false, refusal: found.refusal, trunk, steps };
}

/** The same once more, in words. */
function reasoning(trunks: TrunkTable, rules: readonly DispatchRule[], call: CallFacts): readonly Step[] {
  const steps: Step[] = [];
  const match = trunks.match(call, steps);
  if (match.ok) dispatch(rules, match, steps);
  return steps;
}

/** Lines of an explanation that goes into an event: enough for a person, and no more work for each refused call. */
const BRIEF = 24;

/**
 * The decision in words, one line for each trunk and rule that was looked at, the verdict last. `brief`: of many lines
 * the first ones, for the log.
 */
export function explain(decision: Route, length: 'whole' | 'brief' = 'whole'): string {
  const steps = decision.steps();
  const shown = length === 'brief' ? steps.slice(0, BRIEF) : steps;
  const lines = shown.map(({ subject, verdict, why }) => `${MARKS[verdict]} ${subject}: ${why}`);
  const more = steps.length - shown.length;
  if (more > 0) lines.push(`… and ${more} more`);
  lines.push(verdictOf(decision));
  return lines.join('\n');
}

function verdictOf(decision: Route): string {
  if (!decision.ok) return `refused: ${decision.refusal}`;
  const { caller, called, trunk, rule, pinRules } = decision;
  const by = `${caller} to ${called} by trunk ${trunk.id}`;
  if (pinRules.length === 0) return `accepted: ${by}, rule ${rule.id}`;
  return `asked for a PIN: ${by}, ${pinRules.length === 1 ? 'rule' : 'rules'} ${pinRules.map(({ id }) => id).join(', ')}`;
}

const MARKS: Readonly<Record<Step['verdict'], string>> = { chosen: '+', 'passed-over': '~', no: '-' };
