/**
 * The lexical ground of SIP (RFC 3261 section 25.1): token characters, quoted strings, comma lists, parameters.
 * Everything here works on text by index and never throws.
 */
const TOKEN = charSet("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~");
/** What may not stand in an unquoted parameter value; the RFC allows less, the field sends more. */
const PARAM_END = charSet(' \t;,"<>');

const TAB = 9;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const BACKSLASH = 92;

export const NO_PARAMS: ReadonlyMap<string, string> = new Map();

function charSet(characters: string): Uint8Array {
  const set = new Uint8Array(128);
  for (const character of characters) set[character.charCodeAt(0)] = 1;
  return set;
}

/** Is all of `text` a token? The empty text is none. */
export function isToken(text: string): boolean {
  return text.length > 0 && tokenEnd(text, 0) === text.length;
}

/** Index after the token that starts at `from`; `from` itself when there is none. */
export function tokenEnd(text: string, from: number): number {
  let i = from;
  while (i < text.length && TOKEN[text.charCodeAt(i)] === 1) i++;
  return i;
}

/** Index of the first character at or after `from` that is neither space nor tab. */
export function skipBlank(text: string, from: number): number {
  let i = from;
  while (i < text.length && (text.charCodeAt(i) === SPACE || text.charCodeAt(i) === TAB)) i++;
  return i;
}

/** Index after the closing quote of the quoted string that opens at `from`; -1 when it never closes. */
export function quotedEnd(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return -1;
}

/** The content of a quoted string, quotes and backslashes removed. */
export function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner;
}

/** `text` as a quoted string; control characters, which could end the line, become spaces. */
export function quote(text: string): string {
  let safe = '';
  for (const character of text.replace(/["\\]/g, '\\$&')) safe += hasControl(character) ? ' ' : character;
  return `"${safe}"`;
}

/** Is there a control character (tab too) in `text`? */
export function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) < 32 || text.charCodeAt(i) === 127) return true;
  return false;
}

/** Splits a header value at commas that stand neither in quotes nor in angle brackets; parts are trimmed. */
export function splitCommas(value: string): string[] {
  if (!value.includes(',')) return [value];
  const parts: string[] = [];
  let start = 0;
  let inAngle = false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === QUOTE && !inAngle) {
      const end = quotedEnd(value, i);
      if (end < 0) break;
      i = end - 1;
    } else if (code === LESS) inAngle = true;
    else if (code === GREATER) inAngle = false;
    else if (code === COMMA && !inAngle) {
      parts.push(value.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(value.slice(start).trim());
  return parts;
}

/**
 * Reads `*( SEMI name [ EQUAL value ] )` from `from` to the end. Names in lower case, quoted values unquoted. Undefined
 * when it is anything else, or when a name comes twice (RFC 3261 section 7.3.1).
 */
export function parseParams(text: string, from: number): ReadonlyMap<string, string> | undefined {
  let i = skipBlank(text, from);
  if (i === text.length) return NO_PARAMS;
  const params = new Map<string, string>();
  while (i < text.length) {
    if (text.charCodeAt(i) !== SEMICOLON) return undefined;
    const start = skipBlank(text, i + 1);
    i = tokenEnd(text, start);
    if (i === start) return undefined;
    const name = text.slice(start, i).toLowerCase();
    let value = '';
    i = skipBlank(text, i);
    if (text.charCodeAt(i) === EQUALS) {
      const valueStart = skipBlank(text, i + 1);
      if (text.charCodeAt(valueStart) === QUOTE) {
        i = quotedEnd(text, valueStart);
        if (i < 0) return undefined;
        value = unquote(text.slice(valueStart, i));
      } else {
        i = valueStart;
        while (i < text.length && PARAM_END[text.charCodeAt(i)] !== 1) i++;
        if (i === valueStart) return undefined;
        value = text.slice(valueStart, i);
      }
      i = skipBlank(text, i);
    }
    if (params.has(name)) return undefined;
    params.set(name, value);
  }
  return params;
}

/** A whole number of digits only, up to `max`; undefined otherwise, also for the empty text. */
export function parseNumber(text: string, max: number): number | undefined {
  if (text.length === 0 || text.length > 16) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= max ? value : undefined;
}
