/** The `Digest name=value, …` grammar of challenges and credentials (RFC 3261 section 25.1, RFC 7616 section 3). */
import { quotedEnd, skipBlank, tokenEnd, unquote } from '../grammar.ts';

/** More than any RFC defines; a header with more is an attack or garbage. */
const MAX_DIRECTIVES = 32;
const MAX_LENGTH = 8192;
const COMMA = 44;
const EQUALS = 61;
const QUOTE = 34;

/**
 * Reads the directives behind the scheme `Digest`: names in lower case, quoted values unquoted. Undefined for another
 * scheme, for what does not follow the grammar, and when a name comes twice.
 */
export function parseDirectives(value: string): ReadonlyMap<string, string> | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const scheme = tokenEnd(value, 0);
  if (value.slice(0, scheme).toLowerCase() !== 'digest') return undefined;
  const directives = new Map<string, string>();
  let i = skipBlank(value, scheme);
  if (i === scheme) return undefined;
  while (i < value.length) {
    const nameEnd = tokenEnd(value, i);
    const name = value.slice(i, nameEnd).toLowerCase();
    const equals = skipBlank(value, nameEnd);
    if (name === '' || value.charCodeAt(equals) !== EQUALS || directives.has(name)) return undefined;
    const start = skipBlank(value, equals + 1);
    const isQuoted = value.charCodeAt(start) === QUOTE;
    const end = isQuoted ? quotedEnd(value, start) : tokenEnd(value, start);
    if (end <= start) return undefined;
    directives.set(name, isQuoted ? unquote(value.slice(start, end)) : value.slice(start, end));
    if (directives.size > MAX_DIRECTIVES) return undefined;
    i = skipBlank(value, end);
    if (i === value.length) break;
    if (value.charCodeAt(i) !== COMMA) return undefined;
    i = skipBlank(value, i + 1);
    if (i === value.length) return undefined;
  }
  return directives.size > 0 ? directives : undefined;
}
