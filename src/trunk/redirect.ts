import { parseAddress } from '../sip/name-addr.ts';
import type { SipUri } from '../sip/ports.ts';
import { parseHostPort } from '../sip/uri.ts';
import type { Target } from './outbound.ts';

/** A place that a redirection names, on a host that it may name. */
export interface RedirectedTarget {
  readonly target: Target;
  /** User of the Request-URI. */
  readonly user: string;
  /** The host is the trunk's own, and so may be given its credentials. */
  readonly isOwn: boolean;
}

/** Contacts that are looked at in one redirection. */
const MAX_CONTACTS = 16;

/**
 * Where a redirection leads (RFC 3261 section 8.1.3.4), the most wanted first: `contacts` are the Contact values of the 3xx.
 * Only hosts of the trunk and of the policy's list, never by a transport that is less safe than the trunk's.
 */
export function redirectedTargets(
  contacts: readonly string[],
  trunk: { readonly domain: string; readonly targets: readonly Target[] },
  hosts: readonly string[],
): readonly RedirectedTarget[] {
  const domain = parseHostPort(trunk.domain)?.host ?? trunk.domain;
  const own = new Set([domain, ...trunk.targets.map(({ host }) => host)].map(plain));
  const others = new Set(hosts.map(plain));
  const transport = trunk.targets[0]?.transport ?? 'udp';
  return contacts
    .slice(0, MAX_CONTACTS)
    .flatMap((value) => {
      const contact = parseAddress(value);
      return contact?.uri === undefined ? [] : [{ uri: contact.uri, q: wish(contact.params.get('q')) }];
    })
    .sort((one, other) => other.q - one.q)
    .flatMap(({ uri }): RedirectedTarget[] => {
      const isOwn = own.has(plain(uri.host));
      const by = transportOf(uri, transport);
      if (by === undefined || uri.user === '' || (!isOwn && !others.has(plain(uri.host)))) return [];
      const { user, port } = uri;
      return [
        { user, isOwn, target: { host: plain(uri.host), port, transport: by, priority: 0, weight: 1 } },
      ];
    });
}

/** Undefined when the place would be reached by other means than the trunk allows. */
function transportOf(uri: SipUri, trunk: Target['transport']): Target['transport'] | undefined {
  if (uri.scheme === 'tel') return undefined;
  if (uri.scheme === 'sips' || trunk === 'tls') return trunk === 'tls' ? 'tls' : undefined;
  const named = uri.params.get('transport')?.toLowerCase() ?? trunk;
  return named === 'udp' || named === 'tcp' ? named : undefined;
}

/** RFC 3261 section 20.10: 1 when it is not said. */
function wish(q: string | undefined): number {
  return q === undefined || !/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? 1 : Number(q);
}

function plain(host: string): string {
  return host.toLowerCase();
}
