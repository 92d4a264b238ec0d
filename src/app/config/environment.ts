import { parseDocument } from 'yaml';
import { z } from 'zod';
import { fail, ok, type Result } from '../../base/result.ts';
import { configSchema } from './schema.ts';
import { type ConfigFault, formatPath, type Path } from './source.ts';
import { nearest, unwrapped } from './suggest.ts';

const PREFIX = 'TRUNKROOM_';

/** A value out of the environment, for one key of the configuration. */
export interface Override {
  readonly variable: string;
  readonly path: Path;
  readonly value: unknown;
}

interface Key {
  readonly path: Path;
  readonly schema: z.ZodType;
}

/** All variables: `TRUNKROOM_SIP_PORT` for `sip.port`, `TRUNKROOM_TRUNKS` (YAML or JSON) for a whole list. */
const VARIABLES: ReadonlyMap<string, Key> = new Map(
  Object.entries(configSchema.shape).flatMap(([section, schema]): [string, Key][] => {
    const inner = unwrapped(schema);
    if (!(inner instanceof z.ZodObject)) return [[variableOf([section]), { path: [section], schema }]];
    return Object.entries(inner.shape as Record<string, z.ZodType>).map(([key, field]) => [
      variableOf([section, key]),
      { path: [section, key], schema: field },
    ]);
  }),
);

/** The variable that sets the key at `path`. */
export function variableOf(path: readonly string[]): string {
  return PREFIX + path.join('_').toUpperCase();
}

/** What the environment sets. A variable of ours that names no key is a fault, as an unknown key in the file is. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): {
  readonly overrides: readonly Override[];
  readonly faults: readonly ConfigFault[];
} {
  const overrides: Override[] = [];
  const faults: ConfigFault[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const key = VARIABLES.get(variable);
    if (key === undefined) {
      const near = nearest([...VARIABLES.keys()], variable);
      const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
      faults.push({ place: variable, path: '', message: `no such key${hint}` });
      continue;
    }
    const value = readValue(key.schema, text);
    if (value.ok) overrides.push({ variable, path: key.path, value: value.value });
    else faults.push({ place: variable, path: formatPath(key.path), message: `is no YAML: ${value.error}` });
  }
  return { overrides, faults };
}

/** The text itself where the key takes it so, else what it means as YAML: numbers, booleans, lists. */
function readValue(schema: z.ZodType, text: string): Result<unknown, string> {
  if (schema.safeParse(text).success) return ok(text);
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  // Not the words of the parser, which has the text in them: it may be a secret.
  if (error !== undefined) return fail(`wrong from character ${error.pos[0] + 1} on`);
  try {
    return ok(document.toJS({ maxAliasCount: 100 }) as unknown);
  } catch {
    return fail('an alias leads nowhere, or to too much');
  }
}
