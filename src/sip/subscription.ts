/** The Event and Subscription-State headers (RFC 6665 sections 8.2.1 and 8.2.3), as a REFER's subscription has them. */
import { isToken, parseNumber, parseParams } from './grammar.ts';

export interface SubscriptionState {
  /** Anything but `terminated` means that there is more to come (RFC 6665 section 4.1.3). */
  readonly terminated: boolean;
  /** Seconds that it lasts at most; undefined when it does not say. */
  readonly expires: number | undefined;
  /** Why it ended, lower case: `noresource`, `timeout` …; empty when it does not say. */
  readonly reason: string;
}

/** Undefined when it is missing or malformed. */
export function parseSubscriptionState(value: string | undefined): SubscriptionState | undefined {
  const parsed = value === undefined ? undefined : tokenWithParams(value);
  if (parsed === undefined) return undefined;
  return {
    terminated: parsed.token === 'terminated',
    expires: parseNumber(parsed.params.get('expires') ?? '', 2 ** 32 - 1),
    reason: (parsed.params.get('reason') ?? '').toLowerCase(),
  };
}

/** The package in lower case, and the `id` that tells one subscription of a dialog from another. */
export function parseEvent(
  value: string | undefined,
): { readonly package: string; readonly id: string | undefined } | undefined {
  const parsed = value === undefined ? undefined : tokenWithParams(value);
  return parsed === undefined ? undefined : { package: parsed.token, id: parsed.params.get('id') };
}

function tokenWithParams(value: string) {
  const semicolon = value.indexOf(';');
  const token = (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
  const params = parseParams(value, semicolon < 0 ? value.length : semicolon);
  return isToken(token) && params !== undefined ? { token, params } : undefined;
}
