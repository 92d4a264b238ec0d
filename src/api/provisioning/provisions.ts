import type { WallClock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import type { EventSink } from '../../events/index.ts';
import { type CallPlan, EMPTY_PLAN, joinPlans } from '../../trunk/call-plan.ts';
import { conflictingRule, conflictingTrunk } from '../../trunk/conflicts.ts';
import { refuse, type TwirpFault } from '../twirp.ts';
import { idOf, KINDS, timestamp } from './kinds.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { readSaved, writeSaved } from './saved.ts';
import type { Infos, Meanings, Section, Settings, SettingsReader } from './settings.ts';

/** Something that was made by API: what was said, what it means, and how it is kept. */
export interface Made<S extends Section> {
  readonly info: Infos[S];
  readonly means: Meanings[S];
  /** The message in protobuf's JSON, secrets and all. */
  readonly json: string;
}

/** All that was made by API, in the order of its making. */
export type Shelves = { readonly [S in Section]: ReadonlyMap<string, Made<S>> };

const EMPTY: Shelves = { trunks: new Map(), outbound_trunks: new Map(), rules: new Map() };

export interface ProvisionsOptions {
  /** What the configuration says: it comes first, and is not changed here. */
  readonly given: CallPlan;
  /** What stands in where nothing else fits (`--dev`): it comes last, and is in nobody's way. */
  readonly fallback?: CallPlan;
  readonly changes: 'allowed' | 'refused';
  /** Things of each kind that may be made. */
  readonly maxEntries: number;
  readonly reader: SettingsReader;
  /** Keeps the text for the next start; an error is for the operator to read. */
  readonly keep: (text: string) => Promise<Result<void, string>>;
  /** New calls are decided by this plan from here on. */
  readonly apply: (plan: CallPlan) => void;
  readonly random: Random;
  readonly wall: WallClock;
  readonly emit: EventSink;
}

/** Changes that wait for the one that is being written. */
const MAX_WAITING = 100;

type Changed<S extends Section> = Promise<Result<Infos[S], TwirpFault>>;

/**
 * Trunks and rules that are made by API, beside those of the configuration. A change is checked, then kept, and only then takes effect:
 * what an answer has promised is there after a restart. One change runs after the other.
 */
export class Provisions {
  readonly #options: ProvisionsOptions;
  readonly #turns = new OneAtATime(MAX_WAITING);
  #made: Shelves = EMPTY;

  constructor(options: ProvisionsOptions) {
    this.#options = options;
  }

  /** All that says who may call, and where. */
  get plan(): CallPlan {
    return joinPlans(this.#options.given, planOf(this.#made), this.#options.fallback ?? EMPTY_PLAN);
  }

  get given(): CallPlan {
    return joinPlans(this.#options.given, this.#options.fallback ?? EMPTY_PLAN);
  }

  /** What was made by API, as it is told: without passwords. */
  told<S extends Section>(section: S): readonly Infos[S][] {
    return [...this.#made[section].values()].map(({ info }) => KINDS[section].told(info));
  }

  has(section: Section, id: string): boolean {
    return this.#made[section].has(id);
  }

  /** Takes up what was kept at the last run, before the first call; or says what is wrong with it, and takes up nothing. */
  restore(text: string): Result<void, readonly string[]> {
    const { reader } = this.#options;
    const saved = readSaved(text);
    if (!saved.ok) return saved;
    const faults: string[] = [];
    const shelf = <S extends Section>(section: S): ReadonlyMap<string, Made<S>> =>
      new Map(
        saved.value[section].flatMap((json): [string, Made<S>][] => {
          const info = readInfo(section, json);
          if (info === undefined) {
            faults.push(`${section}: an entry is no ${KINDS[section].noun}`);
            return [];
          }
          const id = idOf(info);
          const means = this.#read(section, info, id);
          if (!means.ok) faults.push(`${section} ${id}: ${means.error}`);
          return means.ok ? [[id, { info, means: means.value, json: JSON.stringify(json) }]] : [];
        }),
      );
    const made = {
      trunks: shelf('trunks'),
      outbound_trunks: shelf('outbound_trunks'),
      rules: shelf('rules'),
    };
    if (faults.length > 0) return fail(faults);
    // A rule whose trunk was deleted is for nobody, and in nobody's way.
    const clashes = reader.faults(planOf(made)).filter(({ key }) => !key.startsWith('trunk_ids'));
    if (clashes.length > 0)
      return fail(clashes.map(({ section, id, key, message }) => `${section} ${id}: ${key}: ${message}`));
    this.#made = made;
    this.#options.apply(this.plan);
    return ok(undefined);
  }

  /** Makes something; its id is drawn here. `by`: the API key of who asks. */
  create<S extends Section>(section: S, info: Infos[S], by: string): Changed<S> {
    return this.#turn(() => {
      const { maxEntries, random, wall } = this.#options;
      const { noun, prefix, stamped } = KINDS[section];
      if (this.#made[section].size >= maxEntries)
        return refuse('resource_exhausted', `there are ${maxEntries} of them: as many as may be`);
      if (idOf(info) !== '') return refuse('invalid_argument', `the id of a new ${noun} must be empty`);
      const now = timestamp(wall.unixMs());
      const id = newId(random, prefix);
      return this.#put(section, stamped(info, id, { createdAt: now, updatedAt: now }), 'made', by);
    });
  }

  /** Puts what `change` makes of something in its place. */
  update<S extends Section>(
    section: S,
    id: string,
    change: (before: Infos[S]) => Result<Infos[S], TwirpFault>,
    by: string,
  ): Changed<S> {
    return this.#turn(() => {
      const before = this.#made[section].get(id);
      if (before === undefined) return this.#missing(section, id);
      const after = change(before.info);
      if (!after.ok) return after;
      const named = idOf(after.value);
      if (named !== '' && named !== id)
        return refuse('invalid_argument', 'the id in the message must be empty, or the one that is changed');
      const { createdAt } = before.info;
      const updatedAt = timestamp(this.#options.wall.unixMs());
      const info = KINDS[section].stamped(after.value, id, { createdAt: createdAt ?? updatedAt, updatedAt });
      return this.#put(section, info, 'changed', by);
    });
  }

  /** Deletes something that nothing else needs. Calls of it that are up go on. */
  delete<S extends Section>(section: S, id: string, by: string): Changed<S> {
    return this.#turn(async () => {
      const before = this.#made[section].get(id);
      if (before === undefined) return this.#missing(section, id);
      const shelf: Map<string, Made<S>> = new Map(this.#made[section]);
      shelf.delete(id);
      const after: Shelves = { ...this.#made, [section]: shelf };
      const [need] = this.#options.reader
        .faults(planOf(after))
        .filter(({ key }) => !key.startsWith('trunk_ids'));
      if (need !== undefined)
        return refuse('failed_precondition', `${need.id} needs it: ${need.key}: ${need.message}`);
      const kept = await this.#commit(after);
      if (!kept.ok) return kept;
      this.#options.emit({ type: 'trunk.provisioned', section, id, change: 'deleted', by });
      return ok(KINDS[section].told(before.info));
    });
  }

  async #put<S extends Section>(
    section: S,
    info: Infos[S],
    change: 'made' | 'changed',
    by: string,
  ): Promise<Result<Infos[S], TwirpFault>> {
    const id = idOf(info);
    const means = this.#read(section, info, id);
    if (!means.ok) return refuse('invalid_argument', means.error);
    const shelf: Map<string, Made<S>> = new Map(this.#made[section]);
    shelf.set(id, { info, means: means.value, json: info.toJsonString() });
    const after: Shelves = { ...this.#made, [section]: shelf };
    const fault = this.#faultOf(section, id, after);
    if (fault !== undefined) return refuse('invalid_argument', fault);
    const kept = await this.#commit(after);
    if (!kept.ok) return kept;
    const { emit } = this.#options;
    emit({ type: 'trunk.provisioned', section, id, change, by });
    // There is no noise suppression, and calls are the same without: told, and no reason to refuse.
    if ('krispEnabled' in info && info.krispEnabled)
      emit({ type: 'dropped', where: 'http', reason: 'sip-krisp-enabled', count: 1 });
    return ok(KINDS[section].told(info));
  }

  #read<S extends Section>(section: S, info: Infos[S], id: string): Result<Meanings[S], string> {
    const settings = KINDS[section].settings(info);
    if (!settings.ok) return settings;
    const said: Settings = Object.fromEntries(
      Object.entries({ ...settings.value, id }).filter(([, value]) => value !== undefined),
    );
    return this.#options.reader.read(section, said);
  }

  /** What is wrong with one thing among all others. */
  #faultOf(section: Section, id: string, after: Shelves): string | undefined {
    const made = planOf(after);
    const fault = this.#options.reader
      .faults(made)
      .find((each) => each.section === section && each.id === id);
    if (fault !== undefined) return `${fault.key}: ${fault.message}`;
    const { given } = this.#options;
    if (section === 'trunks') {
      const trunk = after.trunks.get(id)?.means;
      const other = trunk && conflictingTrunk(trunk, [...given.trunks, ...made.trunks]);
      return (
        other &&
        `conflicts with the inbound trunk ${other.id}: the same numbers and callers, and addresses too`
      );
    }
    if (section === 'outbound_trunks') return undefined;
    const rule = after.rules.get(id)?.means;
    const other = rule && conflictingRule(rule, [...given.rules, ...made.rules]);
    return (
      other &&
      `conflicts with the dispatch rule ${other.id}: the same trunk, numbers, caller, PIN and priority`
    );
  }

  async #commit(after: Shelves): Promise<Result<void, TwirpFault>> {
    const kept = await this.#options.keep(writeSaved(after));
    if (!kept.ok) return refuse('unavailable', `nothing is changed, for it cannot be kept: ${kept.error}`);
    this.#made = after;
    this.#options.apply(this.plan);
    return ok(undefined);
  }

  async #turn<S extends Section>(
    work: () => Result<Infos[S], TwirpFault> | Changed<S>,
  ): Promise<Result<Infos[S], TwirpFault>> {
    if (this.#options.changes === 'refused')
      return refuse('unimplemented', 'trunks and dispatch rules come from the configuration of this server');
    const turn = this.#turns.run(async () => work());
    return turn ?? refuse('resource_exhausted', 'too many changes at once');
  }

  #missing(section: Section, id: string): { ok: false; error: TwirpFault } {
    const { noun } = KINDS[section];
    const { trunks, outboundTrunks, rules } = this.given;
    const given = { trunks, outbound_trunks: outboundTrunks, rules }[section];
    return given.some((each) => each.id === id)
      ? refuse('failed_precondition', `the ${noun} ${id} stands in the configuration and is changed there`)
      : refuse('not_found', `requested sip ${noun} does not exist`);
  }
}

function planOf({ trunks, outbound_trunks, rules }: Shelves): CallPlan {
  return {
    trunks: [...trunks.values()].map(({ means }) => means),
    outboundTrunks: [...outbound_trunks.values()].map(({ means }) => means),
    rules: [...rules.values()].map(({ means }) => means),
  };
}

/** Undefined: it is no such message. */
function readInfo<S extends Section>(section: S, json: unknown): Infos[S] | undefined {
  try {
    return KINDS[section].read(json);
  } catch {
    // protobuf's way of saying so
    return undefined;
  }
}
