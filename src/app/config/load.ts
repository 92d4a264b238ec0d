import type { z } from 'zod';
import { fail, ok, type Result } from '../../base/result.ts';
import { consistencyFaults } from './consistency.ts';
import { withDevelopmentDefaults } from './development.ts';
import { withDrachtioSecret } from './drachtio.ts';
import { type Override, readEnvironment } from './environment.ts';
import { schemaFaults } from './issues.ts';
import { type Config, configSchema } from './schema.ts';
import { type ConfigFault, formatPath, type Path, readYaml, type YamlSource } from './source.ts';
import { withTrunkSecrets } from './trunk-secrets.ts';
import { turnServerFaults } from './turn-servers.ts';
import { turnUserFaults } from './turn-users.ts';

/** All that a configuration is made of; nothing is read from anywhere else. */
export interface ConfigInput {
  /** The file's text, or undefined when there is none. */
  readonly text: string | undefined;
  /** The file's name for messages. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `--dev` allows: development keys and the development trunk where none are given. */
  readonly mode: 'development' | 'production';
  /** Content of a file that a `*_file` key names; undefined when it cannot be read. */
  readonly readSecret: (path: string) => string | undefined;
}

/** Reads, checks and completes a configuration; all faults at once, each with its place. */
export function loadConfig(input: ConfigInput): Result<Config, readonly ConfigFault[]> {
  const source = readYaml(input.text ?? '', input.file);
  if (!source.ok) return source;
  const { overrides, faults } = readEnvironment(input.env);
  const root = source.value.values ?? {};
  if (typeof root !== 'object' || Array.isArray(root)) {
    return fail([{ place: source.value.place([]), path: '', message: 'a map of sections is expected' }]);
  }
  const values = structuredClone(root) as Record<string, unknown>;
  for (const { path, value } of overrides) setAt(values, path, value);
  const places = placesOf(source.value, overrides);
  const parsed = configSchema.safeParse(values, { reportInput: true });
  if (!parsed.success) return fail([...faults, ...faultsOf(parsed.error.issues, places)]);
  const secrets = withSecrets(parsed.data, input.readSecret);
  const trunks = withTrunkSecrets(secrets.config, input.readSecret);
  const config = input.mode === 'development' ? withDevelopmentDefaults(trunks.config) : trunks.config;
  const relays = turnServerFaults(parsed.data.turn_servers, input.readSecret);
  const problems = [
    ...secrets.problems,
    ...trunks.problems,
    ...relays,
    ...turnUserFaults(parsed.data.turn.users, input.readSecret),
    // That keys are missing is no second fault of a file that was to hold them.
    ...consistencyFaults(config, input.mode).filter(
      ({ path: [first, key] }) => first !== 'keys' || key !== undefined || !secrets.lacksKeys,
    ),
  ];
  const all = [
    ...faults,
    ...problems.map(({ path, message }) => ({ place: places.place(path), path: formatPath(path), message })),
  ];
  return all.length > 0 ? fail(all) : ok(config);
}

interface Places {
  place(path: Path): string;
  placeOfKey(path: Path, key: string): string;
}

/** A value's place: the variable that set it, else the file. */
function placesOf(source: YamlSource, overrides: readonly Override[]): Places {
  const variable = (path: Path) =>
    overrides.find((one) => one.path.every((part, depth) => path[depth] === part))?.variable;
  return {
    place: (path) => variable(path) ?? source.place(path),
    placeOfKey: (path, key) => variable([...path, key]) ?? source.placeOfKey(path, key),
  };
}

function faultsOf(issues: readonly z.core.$ZodIssue[], places: Places): ConfigFault[] {
  return schemaFaults(issues).map(({ path, key, message }) =>
    key === undefined
      ? { place: places.place(path), path: formatPath(path), message }
      : { place: places.placeOfKey(path, key), path: formatPath([...path, key]), message },
  );
}

/** What a secret's file gives; a secret that stands in both places is a fault. `lacksKeys`: the file of keys is at fault. */
function withSecrets(config: Config, read: ConfigInput['readSecret']) {
  const problems: { path: Path; message: string }[] = [];
  const turn = { ...config.turn };
  if (turn.secret_file !== undefined) {
    const secret = read(turn.secret_file)?.trim();
    if (turn.secret !== undefined)
      problems.push({ path: ['turn', 'secret_file'], message: 'turn.secret is set too: give one' });
    else if (secret === undefined)
      problems.push({ path: ['turn', 'secret_file'], message: `${turn.secret_file} cannot be read` });
    else if (secret.length < 16)
      problems.push({ path: ['turn', 'secret_file'], message: 'holds no secret of 16 characters or more' });
    else turn.secret = secret;
  }
  const keys = { ...config.keys };
  if (config.key_file !== undefined) {
    const text = read(config.key_file);
    if (text === undefined)
      problems.push({ path: ['key_file'], message: `${config.key_file} cannot be read` });
    for (const [index, line] of (text ?? '').split('\n').entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const pair = /^([A-Za-z0-9_.-]{1,64}):\s*(\S+)\s*$/.exec(line);
      // The line itself stays out of the message: it may be a secret.
      if (pair === null)
        problems.push({ path: ['key_file'], message: `line ${index + 1} is not "key: secret"` });
      else keys[pair[1]!] = pair[2]!;
    }
  }
  const { drachtio, problems: ofDrachtio } = withDrachtioSecret(config, read);
  const lacksKeys = problems.some(({ path: [first] }) => first === 'key_file');
  return { config: { ...config, turn, keys, drachtio }, problems: [...problems, ...ofDrachtio], lacksKeys };
}

function setAt(values: Record<string, unknown>, path: Path, value: unknown): void {
  let at = values;
  for (const part of path.slice(0, -1)) {
    const next = at[part];
    const inner = (typeof next === 'object' && next !== null ? next : {}) as Record<string, unknown>;
    at[part] = inner;
    at = inner;
  }
  at[path.at(-1)!] = value;
}
