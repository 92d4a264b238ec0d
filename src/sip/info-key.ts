/**
 * Keys in INFO: `application/dtmf-relay` (`Signal=5`, `Duration=160`) and `application/dtmf` (`5`). No RFC has them; they come from
 * gateways of the nineties and PBXes speak them to this day.
 */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import { parseNumber } from './grammar.ts';

export const DTMF_RELAY = 'application/dtmf-relay';
export const DTMF = 'application/dtmf';

export interface InfoKey {
  /** One of 0-9 * # A-D. */
  readonly digit: string;
  readonly durationMs: Millis;
}

/** `other`: it cannot be read. `flash`: a hook flash, which is no key. */
export type InfoFault = 'other' | 'flash';

/** For who does not say how long: what most phones send. */
const DEFAULT_MS: Millis = 250;
const LONGEST_MS: Millis = 10_000;
const KEYS = '0123456789*#ABCD';

/** The key in a body of type `contentType`, one of {@link DTMF_RELAY} and {@link DTMF}. */
export function parseInfoKey(contentType: string, body: Uint8Array): InfoKey | InfoFault {
  const text = fromUtf8(body.subarray(0, 256));
  if (contentType === DTMF) return keyOf(text.trim(), DEFAULT_MS);
  let signal: string | undefined;
  let durationMs = DEFAULT_MS;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const value = line.slice(equals + 1).trim();
    if (name === 'signal') signal ??= value;
    else if (name === 'duration') durationMs = parseNumber(value, LONGEST_MS) ?? DEFAULT_MS;
  }
  return signal === undefined ? 'other' : keyOf(signal, durationMs);
}

/** The body of an INFO of type {@link DTMF_RELAY}. */
export function writeInfoKey({ digit, durationMs }: InfoKey): Uint8Array {
  return utf8(`Signal=${digit}\r\nDuration=${Math.round(durationMs)}\r\n`);
}

/** A key by its sign, or by its number as RFC 4733 counts events: 10 is *, 11 is #, 12 to 15 are A to D, 16 is a flash. */
function keyOf(text: string, durationMs: Millis): InfoKey | InfoFault {
  const sign = text.toUpperCase();
  if (sign.length === 1 && KEYS.includes(sign)) return { digit: sign, durationMs };
  const event = parseNumber(text, 16);
  if (event === 16 || /^(?:hf|flash|!)$/i.test(text)) return 'flash';
  return event === undefined ? 'other' : { digit: KEYS[event]!, durationMs };
}
