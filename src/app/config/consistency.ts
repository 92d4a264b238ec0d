import { announcedFaults } from './announced.ts';
import { DEVELOPMENT_KEY } from './development.ts';
import { drachtioFaults } from './drachtio.ts';
import { iceFaults } from './ice.ts';
import { portClashes } from './ports.ts';
import type { Config } from './schema.ts';
import type { Path } from './source.ts';
import { termFaults } from './terms.ts';
import { turnSelectionFaults } from './turn-servers.ts';
import { webPhoneFaults } from './web-phones.ts';

/** A fault between keys that are right by themselves. */
export interface Inconsistency {
  readonly path: Path;
  readonly message: string;
}

/** Secrets shorter than a SHA-256 digest weaken the tokens' HMAC (RFC 7518 section 3.2). */
const SHORTEST_SECRET = 32;

/** What no single key shows: keys that are missing or well known, ids that clash or lead nowhere, ports in use twice. */
export function consistencyFaults(
  config: Config,
  mode: 'development' | 'production',
): readonly Inconsistency[] {
  return [
    ...keyFaults(config, mode),
    ...announcedFaults(config),
    ...iceFaults(config),
    ...turnSelectionFaults(config),
    ...duplicates(config.trunks, 'trunks'),
    ...duplicates(config.outbound_trunks, 'outbound_trunks'),
    ...duplicates(config.rules, 'rules'),
    ...danglingTrunks(config),
    ...policyFaults(config),
    ...registrationFaults(config),
    ...formatFaults(config),
    ...packetTimeFaults(config),
    ...transferFaults(config),
    ...webPhoneFaults(config),
    ...drachtioFaults(config, mode),
    ...termFaults(config),
    ...tlsFaults(config),
    ...webhookFaults(config),
    ...portClashes(config),
  ];
}

function keyFaults({ keys }: Config, mode: 'development' | 'production'): Inconsistency[] {
  if (Object.keys(keys).length === 0) {
    return [
      {
        path: ['keys'],
        message: 'at least one API key with its secret is needed (or --dev for the development key)',
      },
    ];
  }
  return Object.entries(keys).flatMap(([key, secret]): Inconsistency[] => {
    const path = ['keys', key];
    if (key === DEVELOPMENT_KEY.key && secret === DEVELOPMENT_KEY.secret) {
      return mode === 'development'
        ? []
        : [{ path, message: 'the development key is refused without --dev' }];
    }
    return secret.length >= SHORTEST_SECRET
      ? []
      : [{ path, message: `the secret must have at least ${SHORTEST_SECRET} characters` }];
  });
}

function duplicates(items: readonly { readonly id: string }[], section: string): Inconsistency[] {
  const firsts = new Map<string, number>();
  return items.flatMap(({ id }, index) => {
    const first = firsts.get(id);
    if (first === undefined) firsts.set(id, index);
    return first === undefined
      ? []
      : [{ path: [section, index, 'id'], message: `${id} is the id of ${section}[${first}] already` }];
  });
}

function danglingTrunks({ trunks, rules }: Config): Inconsistency[] {
  const known = new Set(trunks.map(({ id }) => id));
  return rules.flatMap((rule, index) =>
    rule.trunk_ids.flatMap((id, at) =>
      known.has(id) ? [] : [{ path: ['rules', index, 'trunk_ids', at], message: `there is no trunk ${id}` }],
    ),
  );
}

function policyFaults({ rules }: Config): Inconsistency[] {
  return rules.flatMap((rule, index): Inconsistency[] => {
    const { pin } = rule.direct ?? rule.individual ?? rule.callee ?? {};
    if (rule.answer === 'after-pin' && pin === undefined)
      return [{ path: ['rules', index, 'answer'], message: 'the rule asks for no PIN' }];
    if (rule.early_media !== 'none' && rule.answer !== 'when-somebody')
      return [{ path: ['rules', index, 'early_media'], message: 'answer: when-somebody is needed with it' }];
    return [];
  });
}

function registrationFaults({ trunks, outbound_trunks }: Config): Inconsistency[] {
  const registered = new Set(outbound_trunks.flatMap(({ id, register }) => (register ? [id] : [])));
  const inbound = trunks.flatMap(({ registration }, index) =>
    registration === undefined || registered.has(registration)
      ? []
      : [
          {
            path: ['trunks', index, 'registration'],
            message: `there is no outbound trunk ${registration} that registers`,
          },
        ],
  );
  const nameless = outbound_trunks.flatMap(({ register, auth_username }, index) =>
    register === undefined || register.user !== undefined || auth_username !== undefined
      ? []
      : [{ path: ['outbound_trunks', index, 'register'], message: 'user or auth_username is needed' }],
  );
  return [...inbound, ...nameless];
}

function formatFaults({ outbound_trunks }: Config): Inconsistency[] {
  return outbound_trunks.flatMap(({ country, number_format, caller_format }, index) =>
    country !== undefined || (number_format !== 'national' && caller_format !== 'national')
      ? []
      : [{ path: ['outbound_trunks', index], message: 'a national number format needs a country' }],
  );
}

/** Who asks for longer packets than he takes would get neither. */
function packetTimeFaults({ trunks, outbound_trunks }: Config): Inconsistency[] {
  return Object.entries({ trunks, outbound_trunks }).flatMap(([section, all]) =>
    all.flatMap(({ ptime, maxptime }, index) =>
      ptime === undefined || maxptime === undefined || ptime <= maxptime
        ? []
        : [{ path: [section, index, 'ptime'], message: 'is longer than maxptime' }],
    ),
  );
}

function transferFaults({ trunks, outbound_trunks }: Config): Inconsistency[] {
  const known = new Set(outbound_trunks.map(({ id }) => id));
  const all = Object.entries({ trunks, outbound_trunks }).flatMap(([section, each]) =>
    each.map((trunk, index) => ({ trunk, path: [section, index] })),
  );
  return all.flatMap(
    ({ trunk: { transfer_trunk: by, transfer_numbers: numbers }, path }): Inconsistency[] => {
      const at = (key: string, message: string) => [{ path: [...path, key], message }];
      if (by !== undefined && !known.has(by)) return at('transfer_trunk', `there is no outbound trunk ${by}`);
      // A list without a trunk, or a trunk without a list, would be refused call by call.
      if ((by === undefined) === (numbers.length === 0)) return [];
      return by === undefined
        ? at('transfer_numbers', 'transfer_trunk is needed, which calls them')
        : at('transfer_trunk', 'transfer_numbers is needed: no number is called that it does not name');
    },
  );
}

function tlsFaults({ tls }: Config): Inconsistency[] {
  const fault = (message: string) => [{ path: ['tls', 'domain'], message }];
  if (tls.certificates.length > 0)
    return tls.domain === undefined ? fault('needed with certificates: browsers are told it') : [];
  return tls.domain === undefined
    ? []
    : fault('tls.certificates are needed with it: nothing listens for TLS without them');
}

function webhookFaults({ keys, webhook }: Config): Inconsistency[] {
  return webhook.api_key === undefined || Object.hasOwn(keys, webhook.api_key)
    ? []
    : [{ path: ['webhook', 'api_key'], message: `there is no API key ${webhook.api_key}` }];
}
