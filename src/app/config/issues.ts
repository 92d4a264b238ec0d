import type { z } from 'zod';
import { faultWords } from './fault-words.ts';
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
export function schemaFaults(issues: readonly z.core.$ZodIssue[], at: Path = []): readonly SchemaFault[] {
  // zod goes on to ask how long a list is that is none.
  const isOfOtherKind = ({ path }: z.core.$ZodIssue) =>
    issues.some(
      (other) => other.code === 'invalid_type' && other.path.map(String).join() === path.map(String).join(),
    );
  return issues
    .filter((issue) => issue.code === 'invalid_type' || !isOfOtherKind(issue))
    .flatMap((issue) => faultsOf(issue, at));
}

function faultsOf(issue: z.core.$ZodIssue, at: Path): readonly SchemaFault[] {
  const path = [...at, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code !== 'unrecognized_keys') return [{ path, key: undefined, message: faultWords(issue) }];
  return issue.keys.map((key) => ({
    ...{ path, key, message: `unknown key${suggest(configSchema, path, key)}` },
  }));
}
