import type { SipTerms } from '../../sip/call-terms.ts';
import type { Config, TrunkConfig } from './schema.ts';
import type { Path } from './source.ts';

const KEYS = [
  'session_timers',
  'session_expires',
  'min_se',
  'session_refresh',
  'reliable_responses',
  'contact_user',
] as const;

type TermsConfig = Pick<TrunkConfig, (typeof KEYS)[number]>;

/** What is asked for when a trunk asks for session timers and `sip.session_expires` does not, seconds. */
const SESSION_EXPIRES = 1800;

/** The terms of a trunk's calls; undefined when it says nothing of them. */
export function termsOf(trunk: TermsConfig, { sip }: Pick<Config, 'sip'>): SipTerms | undefined {
  if (KEYS.every((key) => trunk[key] === undefined)) return undefined;
  const { session_timers: timers, session_expires: own } = trunk;
  const asked = Math.round((own ?? sip.session_expires) / 1000);
  const expires = timers === 'ask' && asked === 0 ? SESSION_EXPIRES : asked;
  return {
    sessionExpires: timers === 'accept' || timers === 'off' ? 0 : expires,
    minSe: Math.ceil((trunk.min_se ?? sip.min_se) / 1000),
    timers: timers === 'off' ? 'off' : 'on',
    refresh: trunk.session_refresh,
    reliable: trunk.reliable_responses,
    contactUser: trunk.contact_user,
  };
}

/** drachtio keeps to its own terms, and sends no keep-alives for us: a key that would do nothing is refused. */
export function termFaults({ sip, trunks, outbound_trunks }: Config): { path: Path; message: string }[] {
  if (sip.engine !== 'drachtio') return [];
  const message = 'has no effect with sip.engine: drachtio';
  const silent = outbound_trunks.flatMap(({ keepalive_interval }, index) =>
    keepalive_interval > 0 ? [{ path: ['outbound_trunks', index, 'keepalive_interval'], message }] : [],
  );
  const terms = Object.entries({ trunks, outbound_trunks }).flatMap(([section, all]) =>
    all.flatMap((trunk, index) =>
      KEYS.filter((key) => trunk[key] !== undefined).map((key) => ({
        path: [section, index, key],
        message,
      })),
    ),
  );
  return [...terms, ...silent];
}
