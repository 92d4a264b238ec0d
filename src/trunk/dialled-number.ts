import { type CountryCode, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** How a trunk's carrier wants numbers written: `+60312345678`, `60312345678`, or as they are dialled in its country. */
export type NumberFormat = '+e164' | 'e164' | 'national';

/** Countries that a trunk may call, by ISO 3166 code. */
export type AllowedCountries = readonly string[] | 'all';

/** Longest string of digits that is an extension or a service code, and calls nobody abroad. */
const MAX_LOCAL_DIGITS = 6;

/** A normalised number (`number.ts`) as a carrier wants it. What is no E.164 number stays as it is. */
export function writeNumber(
  number: string,
  { format, country, prefix }: { format: NumberFormat; country: string | undefined; prefix: string },
): string {
  return prefix + formatted(number, format, country);
}

/**
 * Whether a normalised number is in one of the countries. Extensions, service codes and names are in none and may be
 * called; a number whose country cannot be told may not: satellite and premium networks are among them.
 */
export function isInCountries(number: string, allowed: AllowedCountries): boolean {
  if (allowed === 'all') return true;
  const parsed = abroad(number);
  if (parsed !== undefined) return parsed.country !== undefined && allowed.includes(parsed.country);
  return !/^\+?\d+$/.test(number) || (!number.startsWith('+') && number.length <= MAX_LOCAL_DIGITS);
}

function formatted(number: string, format: NumberFormat, country: string | undefined): string {
  const parsed = abroad(number);
  if (parsed === undefined || format === '+e164') return number;
  if (format === 'e164' || country === undefined) return number.slice(1);
  const text =
    parsed.country === country
      ? parsed.format('NATIONAL')
      : parsed.format('IDD', { fromCountry: country as CountryCode });
  return text.replace(/\D/g, '');
}

function abroad(number: string): PhoneNumber | undefined {
  return number.startsWith('+') ? parsePhoneNumberFromString(number) : undefined;
}
