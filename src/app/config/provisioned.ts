import type { Infos, Meanings, PlanFault, Section, SettingsReader } from '../../api/provisioning/settings.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import type { CallPlan } from '../../trunk/call-plan.ts';
import { consistencyFaults } from './consistency.ts';
import { schemaFaults } from './issues.ts';
import { outboundTrunks } from './outbound.ts';
import type { StartupConfig } from './read.ts';
import { type Config, configSchema } from './schema.ts';
import { formatPath } from './source.ts';
import { withTrunkSecrets } from './trunk-secrets.ts';
import { dispatchRules, inboundTrunks } from './trunks.ts';

const SECTIONS = ['trunks', 'outbound_trunks', 'rules'] as const satisfies readonly (keyof Infos)[];

/**
 * Reads trunks and rules that are made by API as though they stood at the end of the configuration's lists: the same schema, the same
 * checks between them.
 */
export function provisionedReader({ config, mode }: Pick<StartupConfig, 'config' | 'mode'>): SettingsReader {
  /** As the configuration would have them, by what they mean. */
  const entries = new WeakMap<object, unknown>();
  const entriesOf = (meanings: readonly object[]) => meanings.map((each) => entries.get(each));

  return {
    read<S extends Section>(
      section: S,
      settings: Readonly<Record<string, unknown>>,
    ): Result<Meanings[S], string> {
      const entry = readEntry(section, settings);
      if (!entry.ok) return entry;
      const one = { ...config, [section]: [entry.value] };
      const meaning = meaningIn(one, section);
      if (section === 'trunks' && one.trunks[0]?.transports.includes('ws') === true)
        return fail('transports: trunks for web phones stand in the configuration');
      entries.set(meaning, entry.value);
      return ok(meaning);
    },
    faults(made: CallPlan): readonly PlanFault[] {
      const all = {
        ...config,
        trunks: [...config.trunks, ...entriesOf(made.trunks)],
        outbound_trunks: [...config.outbound_trunks, ...entriesOf(made.outboundTrunks)],
        rules: [...config.rules, ...entriesOf(made.rules)],
      } as Config;
      return consistencyFaults(all, mode).flatMap(({ path: [list, index, ...key], message }) => {
        const section = SECTIONS.find((each) => each === list);
        if (section === undefined || typeof index !== 'number') return [];
        const id = all[section][index]?.id;
        return id === undefined ? [] : [{ section, id, key: formatPath(key), message }];
      });
    },
  };
}

/** One entry of a list of the configuration, with its defaults. */
function readEntry(section: Section, settings: Readonly<Record<string, unknown>>): Result<object, string> {
  const { trunks, outbound_trunks, rules } = configSchema.shape;
  const schemas = { trunks, outbound_trunks, rules };
  const parsed = schemas[section].safeParse([settings], { reportInput: false });
  if (!parsed.success) {
    // The first that is wrong is enough to go on with.
    const [fault] = schemaFaults(parsed.error.issues, [section]);
    if (fault === undefined) return fail('the settings are wrong');
    const [, , ...path] = fault.path;
    const where = formatPath(fault.key === undefined ? path : [...path, fault.key]);
    return fail(where === '' ? fault.message : `${where}: ${fault.message}`);
  }
  const [entry] = parsed.data as object[];
  if (entry === undefined) throw new Error('a list of one has one');
  const lists = { trunks: [], outbound_trunks: [], [section]: [entry] } as unknown as Config;
  const [problem] = withTrunkSecrets(lists, () => undefined).problems;
  if (problem !== undefined) return fail(`${formatPath(problem.path.slice(2))}: ${problem.message}`);
  return ok(entry);
}

/** What the one entry of a list is. */
function meaningIn<S extends Section>(config: Config, section: S): Meanings[S] {
  const read: { readonly [K in Section]: () => readonly Meanings[K][] } = {
    trunks: () => inboundTrunks(config),
    outbound_trunks: () => outboundTrunks(config),
    rules: () => dispatchRules(config),
  };
  const [meaning] = read[section]();
  if (meaning === undefined) throw new Error('a list of one has one');
  return meaning;
}
