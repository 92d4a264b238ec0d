import { AddressSet } from './addresses.ts';
import { normalizeNumber, numberKey } from './number.ts';
import type { InboundTrunk } from './trunk.ts';

/** What is known of a call before anything is decided: the packet's real source, and user parts as they came. */
export interface CallFacts {
  readonly source: string;
  /** User of the Request-URI. */
  readonly requestUser: string;
  /** User of the To header. */
  readonly toUser: string;
  /** User of the From header. */
  readonly fromUser: string;
}

/** One line of reasoning about one trunk or rule. */
export interface Step {
  readonly subject: string;
  readonly verdict: 'chosen' | 'passed-over' | 'no';
  readonly why: string;
}

/** `no-trunk`: nobody names the source. `no-number`: none of the source's trunks serves the called number. */
export type MatchRefusal = 'no-trunk' | 'bad-number' | 'no-number' | 'forbidden';

export type TrunkMatch =
  | {
      readonly ok: true;
      readonly trunk: InboundTrunk;
      readonly called: string;
      readonly caller: string;
      readonly steps: readonly Step[];
    }
  | { readonly ok: false; readonly refusal: MatchRefusal; readonly steps: readonly Step[] };

interface Compiled {
  readonly trunk: InboundTrunk;
  readonly sources: AddressSet;
  readonly numbers: ReadonlySet<string>;
  readonly callers: ReadonlySet<string>;
}

/** The trunks of a configuration, made ready for asking. */
export class TrunkTable {
  readonly #trunks: readonly Compiled[];

  constructor(trunks: readonly InboundTrunk[]) {
    this.#trunks = trunks.map((trunk) => ({
      trunk,
      sources: new AddressSet(trunk.allowedAddresses),
      numbers: numberKeys(trunk.numbers, trunk.country),
      callers: numberKeys(trunk.allowedNumbers, trunk.country),
    }));
  }

  /**
   * The trunk of a call: by source address, then called number, then caller. Of several, one that names the called
   * number wins over one that serves all; of equals the first. Fails closed, with the nearest miss as the refusal.
   */
  match(call: CallFacts): TrunkMatch {
    const steps: Step[] = [];
    let nearest: MatchRefusal = 'no-trunk';
    let best: { entry: Compiled; called: string; caller: string; step: number } | undefined;
    for (const entry of this.#trunks) {
      const verdict = examine(entry, call);
      const subject = `trunk ${entry.trunk.id}`;
      if (!verdict.ok) {
        steps.push({ subject, verdict: 'no', why: verdict.why });
        nearest = nearer(nearest, verdict.refusal);
        continue;
      }
      const wins = best === undefined || (best.entry.numbers.size === 0 && entry.numbers.size > 0);
      if (wins && best !== undefined) {
        steps[best.step] = {
          ...steps[best.step]!,
          verdict: 'passed-over',
          why: `${entry.trunk.id} names the called number`,
        };
      }
      steps.push({
        subject,
        verdict: wins ? 'chosen' : 'passed-over',
        why: wins ? verdict.why : `${best!.entry.trunk.id} came first`,
      });
      if (wins) best = { entry, called: verdict.called, caller: verdict.caller, step: steps.length - 1 };
    }
    if (best === undefined) return { ok: false, refusal: nearest, steps };
    return { ok: true, trunk: best.entry.trunk, called: best.called, caller: best.caller, steps };
  }
}

type Examined =
  | { readonly ok: true; readonly called: string; readonly caller: string; readonly why: string }
  | { readonly ok: false; readonly refusal: MatchRefusal; readonly why: string };

function examine({ trunk, sources, numbers, callers }: Compiled, call: CallFacts): Examined {
  if (!sources.has(call.source)) {
    return { ok: false, refusal: 'no-trunk', why: `source ${call.source} is not in allowed_addresses` };
  }
  const called = normalizeNumber(
    trunk.calledNumberFrom === 'to' ? call.toUser : call.requestUser,
    trunk.country,
  );
  if (!called.ok) return { ok: false, refusal: 'bad-number', why: `called number: ${called.error}` };
  if (numbers.size > 0 && !numbers.has(numberKey(called.value))) {
    return { ok: false, refusal: 'no-number', why: `called number ${called.value} is not in numbers` };
  }
  // A caller without a usable number is anonymous, which is no fault of the call.
  const from = normalizeNumber(call.fromUser, trunk.country);
  const caller = from.ok ? from.value : 'anonymous';
  if (callers.size > 0 && !callers.has(numberKey(caller))) {
    return { ok: false, refusal: 'forbidden', why: `caller ${caller} is not in allowed_numbers` };
  }
  const why =
    numbers.size > 0
      ? `source and called number ${called.value} match`
      : 'source matches, all numbers are served';
  return { ok: true, called: called.value, caller, why };
}

/** The further a call came, the more its refusal says. */
const DEPTH: readonly MatchRefusal[] = ['no-trunk', 'bad-number', 'no-number', 'forbidden'];

function nearer(a: MatchRefusal, b: MatchRefusal): MatchRefusal {
  return DEPTH.indexOf(b) > DEPTH.indexOf(a) ? b : a;
}

/** Keys of configured numbers; one that is no number matches nobody. */
export function numberKeys(numbers: readonly string[], country: string | undefined): ReadonlySet<string> {
  return new Set(
    numbers.map((number) => {
      const normal = normalizeNumber(number, country);
      return normal.ok ? numberKey(normal.value) : `invalid ${number}`;
    }),
  );
}
