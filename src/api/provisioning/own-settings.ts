import { fail, ok, type Result } from '../../base/result.ts';
import type { Section, Settings } from './settings.ts';

/** The key in a thing's metadata under which settings stand that LiveKit's messages have no field for. */
const OWN = 'trunkroom';

/** Settings that have a field of their own, or name what an API must not reach: files of this machine. */
const ELSEWHERE: Readonly<Record<Section, ReadonlySet<string>>> = {
  trunks: new Set([
    ...['id', 'name', 'numbers', 'allowed_addresses', 'allowed_numbers', 'auth_username', 'auth_password'],
    ...['auth_password_file', 'auth_realm', 'headers', 'headers_to_attributes', 'attributes_to_headers'],
    ...['include_headers', 'ringing_timeout', 'max_call_duration'],
  ]),
  outbound_trunks: new Set([
    ...['id', 'name', 'address', 'transport', 'numbers', 'country', 'from_host', 'auth_username'],
    ...['auth_password', 'auth_password_file', 'headers', 'headers_to_attributes', 'attributes_to_headers'],
    'include_headers',
  ]),
  rules: new Set([
    ...['id', 'name', 'trunk_ids', 'numbers', 'inbound_numbers', 'direct', 'individual', 'callee'],
    ...['hide_phone_number', 'attributes', 'metadata', 'room_config'],
  ]),
};

/**
 * What a thing's metadata says in the configuration's own words: `{"trunkroom": {"country": "MY", "max_calls": 30}}`. Metadata that are
 * no JSON, or say nothing of that kind, say nothing.
 */
export function ownSettings(section: Section, metadata: string): Result<Settings, string> {
  const own = ownOf(metadata);
  if (own === undefined) return ok({});
  if (typeof own !== 'object' || own === null || Array.isArray(own))
    return fail(`metadata: ${OWN} must be a map of settings`);
  const elsewhere = Object.keys(own).find((key) => ELSEWHERE[section].has(key));
  return elsewhere === undefined
    ? ok(own as Settings)
    : fail(`metadata: ${OWN}.${elsewhere} cannot be said here`);
}

function ownOf(metadata: string): unknown {
  // Most metadata are somebody else's, and may be long.
  if (!metadata.includes(`"${OWN}"`)) return undefined;
  try {
    const parsed: unknown = JSON.parse(metadata);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)[OWN]
      : undefined;
  } catch {
    // no JSON: nothing of ours
    return undefined;
  }
}
