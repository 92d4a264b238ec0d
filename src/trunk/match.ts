import { fail, ok, type Result } from '../base/result.ts';
import { AddressSet } from './addresses.ts';
import { type CallFacts, calledUser, callingParty } from './facts.ts';
import { normalizeNumber } from './number.ts';
import { NumberSet } from './number-set.ts';
import { takes } from './transports.ts';
import type { InboundTrunk } from './trunk.ts';

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
      /** What the caller is called, as claimed. */
      readonly display: string;
      /** The caller asks not to be shown. */
      readonly hidden: boolean;
      readonly steps: readonly Step[];
    }
  | { readonly ok: false; readonly refusal: MatchRefusal; readonly steps: readonly Step[] };

interface Compiled {
  readonly trunk: InboundTrunk;
  readonly sources: AddressSet;
  readonly numbers: NumberSet;
  readonly callers: NumberSet;
}

/** The trunks of a configuration, made ready for asking. */
export class TrunkTable {
  readonly #trunks: readonly Compiled[];

  readonly #tokens: ReadonlyMap<string, string>;

  /** `tokens`: the users of the Contacts that are registered, by outbound trunk. */
  constructor(trunks: readonly InboundTrunk[], tokens: ReadonlyMap<string, string> = new Map()) {
    this.#tokens = tokens;
    this.#trunks = trunks.map((trunk) => ({
      trunk,
      sources: new AddressSet(trunk.allowedAddresses),
      numbers: new NumberSet(trunk.numbers, trunk.country),
      callers: new NumberSet(trunk.allowedNumbers, trunk.country),
    }));
  }

  /** The trunks that name a call's source and its transport, in their order. */
  naming({ source, transport = 'udp' }: Pick<CallFacts, 'source' | 'transport'>): readonly InboundTrunk[] {
    const found: InboundTrunk[] = [];
    for (const { trunk, sources } of this.#trunks)
      if (sources.has(source) && takes(trunk, transport)) found.push(trunk);
    return found;
  }

  /** Who calls on a trunk that is known by other means than the called number; it must be one of the table's. */
  callerOn(
    trunk: InboundTrunk,
    call: CallFacts,
  ): Result<{ readonly caller: string; readonly display: string }, 'forbidden'> {
    const entry = this.#trunks.find((each) => each.trunk === trunk);
    const party = callerOf(trunk, call);
    const allowed =
      entry !== undefined && (entry.callers.isEmpty || entry.callers.closeness(party.caller) > 0);
    return allowed ? ok(party) : fail('forbidden');
  }

  /**
   * The trunk of a call: by source address, then called number, then caller. Of several, the one that names the called
   * number most closely wins, last of all those that serve every number; of equals the first. Fails closed, with the
   * nearest miss as the refusal.
   */
  match(call: CallFacts): TrunkMatch {
    const steps: Step[] = [];
    let nearest: MatchRefusal = 'no-trunk';
    let best: { entry: Compiled; found: Found; step: number } | undefined;
    for (const entry of this.#trunks) {
      const verdict = examine(entry, call, this.#tokens);
      const subject = `trunk ${entry.trunk.id}`;
      if (!verdict.ok) {
        steps.push({ subject, verdict: 'no', why: verdict.why });
        nearest = nearer(nearest, verdict.refusal);
        continue;
      }
      const wins = best === undefined || verdict.closeness > best.found.closeness;
      if (wins && best !== undefined) {
        steps[best.step] = {
          ...steps[best.step]!,
          verdict: 'passed-over',
          why: `${entry.trunk.id} names the called number${best.found.closeness > 0 ? ' more closely' : ''}`,
        };
      }
      steps.push({
        subject,
        verdict: wins ? 'chosen' : 'passed-over',
        why: wins ? verdict.why : `${best!.entry.trunk.id} came first`,
      });
      if (wins) best = { entry, found: verdict, step: steps.length - 1 };
    }
    if (best === undefined) return { ok: false, refusal: nearest, steps };
    const { called, caller, display } = best.found;
    return {
      ...{ ok: true, trunk: best.entry.trunk, called, caller, display, steps },
      hidden: call.privacy === true,
    };
  }
}

interface Found {
  readonly ok: true;
  readonly called: string;
  readonly caller: string;
  readonly display: string;
  readonly why: string;
  /** How closely the trunk names the called number. */
  readonly closeness: number;
}

type Examined = Found | { readonly ok: false; readonly refusal: MatchRefusal; readonly why: string };

function examine(
  { trunk, sources, numbers, callers }: Compiled,
  call: CallFacts,
  tokens: ReadonlyMap<string, string>,
): Examined {
  if (trunk.enabled === false) return { ok: false, refusal: 'no-trunk', why: 'enabled is false' };
  if (!sources.has(call.source)) {
    return { ok: false, refusal: 'no-trunk', why: `source ${call.source} is not in allowed_addresses` };
  }
  const { transport = 'udp' } = call;
  if (!takes(trunk, transport)) {
    return { ok: false, refusal: 'no-trunk', why: `${transport} is not in transports` };
  }
  const { registration, calledNumberFrom } = trunk;
  if (registration !== undefined && call.requestUser !== tokens.get(registration)) {
    const why = `the Request-URI is not what ${registration} has registered`;
    return { ok: false, refusal: 'no-number', why };
  }
  // The Request-URI of a registered trunk is our Contact (RFC 3261 section 16.5): the number stands elsewhere.
  const from = registration !== undefined && calledNumberFrom === 'request-uri' ? 'to' : calledNumberFrom;
  const called = normalizeNumber(calledUser(from, call), trunk.country);
  if (!called.ok) return { ok: false, refusal: 'bad-number', why: `called number: ${called.error}` };
  const closeness = numbers.closeness(called.value);
  if (!numbers.isEmpty && closeness === 0) {
    return { ok: false, refusal: 'no-number', why: `called number ${called.value} is not in numbers` };
  }
  const { caller, display } = callerOf(trunk, call);
  if (!callers.isEmpty && callers.closeness(caller) === 0) {
    return { ok: false, refusal: 'forbidden', why: `caller ${caller} is not in allowed_numbers` };
  }
  const why = numbers.isEmpty
    ? 'source matches, all numbers are served'
    : `source and called number ${called.value} match`;
  return { ok: true, called: called.value, caller, display, why, closeness };
}

/** A caller without a usable number is anonymous, which is no fault of the call. */
function callerOf(trunk: InboundTrunk, call: CallFacts): { caller: string; display: string } {
  const party = callingParty(trunk, call);
  const number = normalizeNumber(party.user, trunk.country);
  return { caller: number.ok ? number.value : 'anonymous', display: party.name };
}

/** The further a call came, the more its refusal says. */
const DEPTH: readonly MatchRefusal[] = ['no-trunk', 'bad-number', 'no-number', 'forbidden'];

function nearer(a: MatchRefusal, b: MatchRefusal): MatchRefusal {
  return DEPTH.indexOf(b) > DEPTH.indexOf(a) ? b : a;
}
