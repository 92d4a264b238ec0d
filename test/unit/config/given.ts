import { loadConfig } from '../../../src/app/config/load.ts';
import { formatFault } from '../../../src/app/config/source.ts';

export const SECRET = 'a-secret-of-at-least-32-characters';
export const KEYS = `keys: { my-key: ${SECRET} }`;

/** What a configuration is read from. */
export interface Given {
  readonly text?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly mode?: 'development' | 'production';
  readonly files?: Readonly<Record<string, string>>;
}

export function load({ text, env = {}, mode = 'production', files = {} }: Given) {
  return loadConfig({ text, file: 'trunkroom.yaml', env, mode, readSecret: (path) => files[path] });
}

/** The configuration, which must be good. */
export function good(given: Given) {
  const result = load(given);
  if (!result.ok) throw new Error(result.error.map(formatFault).join('\n'));
  return result.value;
}

/** What is wrong with it, each fault with its place. */
export function faults(given: Given): string[] {
  const result = load(given);
  return result.ok ? [] : result.error.map(formatFault);
}
