import { z } from 'zod';
import { parseNetwork } from '../../trunk/addresses.ts';
import { isCountry, normalizeNumber } from '../../trunk/number.ts';
import { parsePattern } from '../../trunk/number-set.ts';

/** A UDP or TCP port. */
export const port = z.int().min(1).max(65_535).meta({ title: 'port' });

/** A span of time as `500ms`, `30s`, `5m`, `1h`; ms inside. */
export const duration = z
  .string({ error: 'a duration with its unit is expected, such as 500ms, 30s, 5m, 1h' })
  .regex(/^\d{1,9}(ms|s|m|h)$/, { error: 'a duration with its unit is expected, such as 500ms, 30s, 5m, 1h' })
  .meta({ title: 'duration' })
  .transform((text) => Number.parseInt(text, 10) * UNITS[text.replace(/^\d+/, '') as keyof typeof UNITS]);

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A range of ports as `10000-19999`, both ends included. */
export const portRange = z
  .string({ error: 'a range of ports is expected, such as 10000-19999' })
  .regex(/^\d{1,5}-\d{1,5}$/, { error: 'a range of ports is expected, such as 10000-19999' })
  .meta({ title: 'port range' })
  .transform((text) => {
    const [first, last] = text.split('-').map(Number) as [number, number];
    return { first, last };
  })
  .refine(({ first, last }) => first >= 1 && last <= 65_535 && last > first, {
    error: 'the first port must be lower than the last, both between 1 and 65535',
  });

/** An address to listen on or to announce: literal, for names are not resolved. */
export const address = z.string().refine((text) => !text.includes('/') && parseNetwork(text).ok, {
  error: 'an IPv4 or IPv6 address is expected',
});

/** An address or CIDR. */
export const anyNetwork = z.string().refine((text) => parseNetwork(text).ok, {
  error: 'an IP address or CIDR is expected, such as 203.0.113.0/24',
});

/** The same, but for a range that names everybody: nobody shall be let in by a slip. */
export const network = anyNetwork.refine((text) => !/\/0+$/.test(text), {
  error: 'this names everybody; name those who are meant',
});

/** A telephone number or name, as `normalizeNumber` takes it. */
export const number = z
  .string({ error: 'a number must stand in quotes, else YAML drops its leading 0 or +' })
  .refine((text) => normalizeNumber(text, undefined).ok, {
    error: 'a number is expected: 1 to 64 of 0-9 * # A-Z a-z . _ - after an optional +',
  });

/** A number, or a pattern of numbers. */
export const numberPattern = z
  .string({ error: 'a number must stand in quotes, else YAML drops its leading 0 or +' })
  .max(150)
  .refine((text) => parsePattern(text, undefined).ok, {
    error:
      'a number is expected, a prefix such as "+6031*", or a range such as "+60312345600..+60312345699" of one length',
  });

/** An ISO 3166 country code that numbers can be normalised by. */
export const country = z
  .string()
  .refine(isCountry, { error: 'an ISO 3166 country code is expected, such as MY' });

/** An id of a trunk or rule. */
export const id = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'an id is 1 to 64 of A-Z a-z 0-9 . _ -' });

/** Names of rooms and their prefixes. */
export const roomText = z.string().max(128);

/** How keys reach a trunk's phones. */
export const dtmf = z.enum(['rfc4733', 'info', 'both', 'inband']).default('rfc4733').meta({
  description:
    'How keys are sent to its phones: as RTP telephone-events (RFC 4733), as INFO with application/dtmf-relay, both of them, or as tones within the voice (inband). With rfc4733 a phone that agreed on no telephone-event gets INFO if its Allow names it, and tones if not. Keys of phones are taken by RTP and by INFO whatever stands here.',
});

/** Whether keys of a trunk's phones may be tones. */
export const dtmfInband = z.boolean().default(false).meta({
  description:
    'Whether keys are also found as tones within the voice (ITU-T Q.23) of its phones, beside RTP and INFO. It costs a little CPU for each call.',
});

/** Digits that a caller keys. */
export const pin = z
  .string({ error: 'a PIN must stand in quotes, else YAML drops its leading 0' })
  .regex(/^\d{1,16}$/, { error: 'a PIN is 1 to 16 digits' });

/** A language, which is a directory of recordings. */
export const language = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{1,34}$/, { error: 'a language is expected, such as en or pt-BR' });
