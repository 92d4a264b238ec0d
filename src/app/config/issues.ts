import type { z } from 'zod';
import { configSchema } from './schema.ts';
import type { Path } from './source.ts';
import { suggest } from './suggest.ts';

/** What is wrong with a value, or with a key that nobody knows. */
export interface SchemaFault {
  /** Of the value, or of the map that the key is in. */
  readonly path: Path;
  /** The key that is unknown; undefined: it is the value that is wrong. */
  readonly key: string | undefined;
  readonly message: string;
}

/** What zod says of a value that stands at `at` in the configuration, in words for an operator. */
export function schemaFaults(issue: z.core.$ZodIssue, at: Path = []): readonly SchemaFault[] {
  const path = [...at, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code !== 'unrecognized_keys') return [{ path, key: undefined, message: readable(issue) }];
  return issue.keys.map((key) => ({
    ...{ path, key, message: `unknown key${suggest(configSchema, path, key)}` },
  }));
}

function readable(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is required';
  const [within] = issue.code === 'invalid_key' ? issue.issues : [];
  if (within !== undefined) return readable(within);
  return issue.message.replace(/^Invalid (input|option): /, '').replace(/^Too (small|big): /, '');
}
