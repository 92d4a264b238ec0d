import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { fail, ok, type Result } from '../base/result.ts';

/** Why a user part is no number that may be routed. */
export type NumberFault = 'empty' | 'too-long' | 'characters';

/** What may be a number or a name: nothing in it means anything to a shell, a database, a log or a page. */
const ALLOWED = /^\+?[0-9*#A-Za-z._-]{1,64}$/;
const DIGITS = /^\+?[0-9]+$/;
/** RFC 3966 section 5.1.1 visual separators, and the blank that people write. */
const SEPARATORS = /[-.() ]/g;

/**
 * The one form of a called or calling number: `+` and digits (E.164) when it is one, or can be made one by the
 * default country; else as it came (an extension, a service code, a name such as `lobby`). Parameters behind a
 * semicolon (RFC 3261 section 19.1.6) are passed over.
 */
export function normalizeNumber(user: string, country: string | undefined): Result<string, NumberFault> {
  if (user.length > 256) return fail('too-long');
  const end = user.indexOf(';');
  const number = (end < 0 ? user : user.slice(0, end)).trim();
  if (number === '') return fail('empty');
  const bare = number.replace(SEPARATORS, '');
  const candidate = DIGITS.test(bare) ? bare : number;
  if (candidate.length > 65) return fail('too-long');
  if (!ALLOWED.test(candidate)) return fail('characters');
  return ok(DIGITS.test(candidate) ? toE164(candidate, country) : candidate);
}

/** Two normalised numbers are the same subscriber: the plus does not tell them apart, nor does the case of a name. */
export function numberKey(normalized: string): string {
  const bare = normalized.startsWith('+') ? normalized.slice(1) : normalized;
  return bare.toLowerCase();
}

/** Whether `code` is a country that {@link normalizeNumber} knows. */
export function isCountry(code: string): boolean {
  return isSupportedCountry(code);
}

function toE164(digits: string, country: string | undefined): string {
  if (digits.startsWith('+') || country === undefined || !isCountry(country)) return digits;
  const parsed = parsePhoneNumberFromString(digits, country as CountryCode);
  return parsed?.isPossible() === true ? parsed.number : digits;
}
