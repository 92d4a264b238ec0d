/**
 * An event as the fields of a log line. A call has seven lines: they are written as JSON here, in one walk over the event, for
 * pino's way of a copy that is redacted, one that is searched for secrets and one that is serialised took more than twice as long.
 */
import { redactNumber } from '../../base/log.ts';
import type { GatewayEvent } from '../../events/index.ts';
import { HIDDEN, hiddenWithin, isSecret } from './secrets.ts';

/** JSON without its braces. Numbers of phones are cut short, and keys that were pressed left out, for they may be a PIN. */
export function eventFields(event: GatewayEvent): string {
  let line = `"event":"${event.type}"`;
  const values = event as unknown as Readonly<Record<string, unknown>>;
  for (const name in values) {
    const value = values[name];
    if (name === 'type' || value === undefined || (name === 'digit' && event.type === 'call.dtmf')) continue;
    line += `,"${name}":${fieldOf(name, value)}`;
  }
  return line;
}

function fieldOf(name: string, value: unknown): string {
  if (isSecret(name)) return JSON.stringify(HIDDEN);
  if (name === 'from' || name === 'to') return JSON.stringify(redactNumber(String(value)));
  if (typeof value === 'string') return textOf(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return JSON.stringify(Array.isArray(value) ? value : hiddenWithin(value));
}

/** Digits that a number has which is cut short. */
const NUMBER_DIGITS = 7;

/** A text in quotes: at once where it has neither a number nor anything to be escaped, as nearly all. */
function textOf(text: string): string {
  let digits = 0;
  let apart = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) {
      apart = 0;
      if (++digits === NUMBER_DIGITS) return JSON.stringify(redactDigits(text));
    } else if (isEscaped(code)) return JSON.stringify(redactDigits(text));
    else if (++apart > 2 || !isSeparator(code)) digits = 0;
  }
  return `"${text}"`;
}

/** Quotes, backslashes, control characters, and halves of pairs. */
function isEscaped(code: number): boolean {
  return code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code < 0xe000);
}

/** `-`, `.`, blank and parentheses. */
function isSeparator(code: number): boolean {
  return code === 0x2d || code === 0x2e || code === 0x20 || code === 0x28 || code === 0x29;
}

/** Rooms, identities and user names are often made of numbers: `sip_+60312345678`, `0312345678_x7`. */
function redactDigits(text: string): string {
  return text.replace(/\+?\d(?:[-. ()]{0,2}\d){6,}/g, (digits) =>
    isAddress(digits) ? digits : redactNumber(digits),
  );
}

/** `192.168.100.20` looks like a number with separators. */
function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
}
