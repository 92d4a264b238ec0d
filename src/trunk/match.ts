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
    }
  | { readonly ok: false; readonly refusal: MatchRefusal };

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
   * nearest miss as the refusal. `steps` gets the reasoning in words: for a person, since it costs more than the decision.
   */
  match(call: CallFacts, steps?: Step[]): TrunkMatch {
    let nearest: MatchRefusal = 'no-trunk';
    let best: Best | undefined;
    for (const entry of this.#trunks) {
      const verdict = examine(entry, call, this.#tokens);
      if (!verdict.ok) {
        steps?.push({ subject: subjectOf(entry), verdict: 'no', why: whyNot(entry.trunk, call, verdict) });
        nearest = nearer(nearest, verdict.refusal);
        continue;
      }
      const wins = best === undefined || verdict.closeness > best.found.closeness;
      if (steps !== undefined) tellFit(steps, entry, verdict, wins, best);
      if (wins) best = { entry, found: verdict, step: (steps?.length ?? 0) - 1 };
    }
    if (best === undefined) return { ok: false, refusal: nearest };
    const { called, caller, display } = best.found;
    const { trunk } = best.entry;
    return { ok: true, trunk, called, caller, display, hidden: call.privacy === true };
  }
}

/** The trunk that fits best so far, and where its step is. */
interface Best {
  readonly entry: Compiled;
  readonly found: Found;
  readonly step: number;
}

function tellFit(
  steps: Step[],
  entry: Compiled,
  found: Found,
  wins: boolean,
  before: Best | undefined,
): void {
  const subject = subjectOf(entry);
  if (!wins) {
    steps.push({ subject, verdict: 'passed-over', why: `${before?.entry.trunk.id} came first` });
    return;
  }
  if (before !== undefined) {
    const closely = before.found.closeness > 0 ? ' more closely' : '';
    const why = `${entry.trunk.id} names the called number${closely}`;
    steps[before.step] = { subject: subjectOf(before.entry), verdict: 'passed-over', why };
  }
  const why = entry.numbers.isEmpty
    ? 'source matches, all numbers are served'
    : `source and called number ${found.called} match`;
  steps.push({ subject, verdict: 'chosen', why });
}

function subjectOf({ trunk }: Compiled): string {
  return `trunk ${trunk.id}`;
}

interface Found {
  readonly ok: true;
  readonly called: string;
  readonly caller: string;
  readonly display: string;
  /** How closely the trunk names the called number. */
  readonly closeness: number;
}

/** What of the call is not the trunk's; `value` is how that was read. */
interface Missed {
  readonly ok: false;
  readonly refusal: MatchRefusal;
  readonly miss: 'enabled' | 'source' | 'transport' | 'registration' | 'no-number' | 'number' | 'caller';
  readonly value: string;
}

type Examined = Found | Missed;

function missed(refusal: MatchRefusal, miss: Missed['miss'], value = ''): Missed {
  return { ok: false, refusal, miss, value };
}

/** Of most trunks a call is none. */
const DISABLED = missed('no-trunk', 'enabled');
const FROM_ELSEWHERE = missed('no-trunk', 'source');
const BY_OTHER_MEANS = missed('no-trunk', 'transport');
const NOT_REGISTERED = missed('no-number', 'registration');

function whyNot({ registration }: InboundTrunk, call: CallFacts, { miss, value }: Missed): string {
  switch (miss) {
    case 'enabled':
      return 'enabled is false';
    case 'source':
      return `source ${call.source} is not in allowed_addresses`;
    case 'transport':
      return `${call.transport ?? 'udp'} is not in transports`;
    case 'registration':
      return `the Request-URI is not what ${registration} has registered`;
    case 'no-number':
      return `called number: ${value}`;
    case 'number':
      return `called number ${value} is not in numbers`;
    case 'caller':
      return `caller ${value} is not in allowed_numbers`;
  }
}

function examine(
  { trunk, sources, numbers, callers }: Compiled,
  call: CallFacts,
  tokens: ReadonlyMap<string, string>,
): Examined {
  if (trunk.enabled === false) return DISABLED;
  if (!sources.has(call.source)) return FROM_ELSEWHERE;
  if (!takes(trunk, call.transport ?? 'udp')) return BY_OTHER_MEANS;
  const { registration, calledNumberFrom } = trunk;
  if (registration !== undefined && call.requestUser !== tokens.get(registration)) return NOT_REGISTERED;
  // The Request-URI of a registered trunk is our Contact (RFC 3261 section 16.5): the number stands elsewhere.
  const from = registration !== undefined && calledNumberFrom === 'request-uri' ? 'to' : calledNumberFrom;
  const called = normalizeNumber(calledUser(from, call), trunk.country);
  if (!called.ok) return missed('bad-number', 'no-number', called.error);
  const closeness = numbers.closeness(called.value);
  if (!numbers.isEmpty && closeness === 0) return missed('no-number', 'number', called.value);
  const { caller, display } = callerOf(trunk, call);
  if (!callers.isEmpty && callers.closeness(caller) === 0) return missed('forbidden', 'caller', caller);
  return { ok: true, called: called.value, caller, display, closeness };
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
