/** Where a request to a URI goes (RFC 3263 section 4): pure, the DNS is asked through {@link Resolver}. */
import type { Random } from '../base/random.ts';
import type { NextHop, SipUri } from './ports.ts';
import { type SrvRecord, srvOrder } from './srv-order.ts';

/** One NAPTR record (RFC 3403 section 4.1). */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  /** `s`: the replacement is a name for SRV. */
  readonly flags: string;
  /** `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`. */
  readonly service: string;
  readonly replacement: string;
}

/**
 * The DNS. `done` is called exactly once, now or later, with an empty list when there is nothing or nobody answers: for
 * where to go next that makes no difference.
 */
export interface Resolver {
  naptr(name: string, done: (records: readonly NaptrRecord[]) => void): void;
  srv(name: string, done: (records: readonly SrvRecord[]) => void): void;
  /** Literal addresses of a host, A and AAAA, the preferred first. */
  addresses(host: string, done: (addresses: readonly string[]) => void): void;
}

/** Transports that we can send by. */
export type SendTransport = 'udp' | 'tcp' | 'tls';

export interface LocateOptions {
  readonly resolver: Resolver;
  readonly random: Random;
  /** What we can send by, in the order in which we like it. */
  readonly transports: readonly SendTransport[];
}

/** The part of a URI that says where it leads. */
export type Target = Pick<SipUri, 'scheme' | 'host' | 'port' | 'params'>;

/** More than any sane domain has; a hostile one shall not keep us busy. */
const MAX_SERVICES = 8;
const MAX_HOSTS = 16;
const MAX_HOPS = 32;

const SERVICES: Readonly<Record<string, SendTransport>> = {
  'sip+d2u': 'udp',
  'sip+d2t': 'tcp',
  'sips+d2t': 'tls',
};

/** A name to ask SRV for, and what is spoken there. */
interface Service {
  readonly transport: SendTransport;
  readonly name: string;
}

/** A host to ask addresses for. */
interface Host {
  readonly transport: SendTransport;
  readonly host: string;
  readonly port: number;
}

/** All hops for `target`, in the order in which they are to be tried; empty when there is none. `done` is called once. */
export function locate(
  target: Target,
  options: LocateOptions,
  done: (hops: readonly NextHop[]) => void,
): void {
  const secure = target.scheme === 'sips';
  const asked = askedTransport(target, secure);
  const name = (target.params.get('maddr') ?? target.host).toLowerCase();
  const usable = options.transports.filter((each) => !secure || each === 'tls');
  if (asked === 'unknown' || (asked !== undefined && !usable.includes(asked))) {
    done([]);
    return;
  }
  const finish = (hosts: readonly Host[]) => resolveHosts(hosts, name, options.resolver, done);
  // Sections 4.1 and 4.2: a literal address or an explicit port leaves nothing to be looked up but addresses.
  if (isLiteral(name) || target.port !== undefined) {
    const transport = asked ?? (secure ? 'tls' : 'udp');
    const usableDefault = usable.includes(transport) ? [transport] : [];
    finish(usableDefault.map((each) => ({ transport: each, host: name, port: target.port ?? portOf(each) })));
    return;
  }
  const fallback = () => finish(byAddress(name, asked, secure, usable));
  const trySrv = (services: readonly Service[]) =>
    resolveServices(services, options, (hosts) => {
      if (hosts === 'nothing') fallback();
      else finish(hosts);
    });
  if (asked !== undefined) {
    trySrv([{ transport: asked, name: srvName(asked, name) }]);
    return;
  }
  options.resolver.naptr(name, (records) => {
    const services = naptrServices(records, usable);
    // Section 4.1: without NAPTR, SRV for each transport that we have.
    trySrv(
      services.length > 0 ? services : usable.map((each) => ({ transport: each, name: srvName(each, name) })),
    );
  });
}

/** Is it an address already? IPv6 stands without brackets. */
function isLiteral(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

/** Section 4.1: the transport parameter; over SIPS tcp means TLS on it. */
function askedTransport({ params }: Target, secure: boolean): SendTransport | 'unknown' | undefined {
  const text = params.get('transport')?.toLowerCase();
  if (text === undefined) return undefined;
  if (text === 'tls' || (text === 'tcp' && secure)) return 'tls';
  return text === 'udp' || text === 'tcp' ? text : 'unknown';
}

function portOf(transport: SendTransport): number {
  return transport === 'tls' ? 5061 : 5060;
}

function srvName(transport: SendTransport, host: string): string {
  return transport === 'tls' ? `_sips._tcp.${host}` : `_sip._${transport}.${host}`;
}

/** Section 4.2: no SRV, and so the host itself on the default port. */
function byAddress(
  host: string,
  asked: SendTransport | undefined,
  secure: boolean,
  usable: readonly SendTransport[],
): Host[] {
  const transport = asked ?? (secure ? 'tls' : 'udp');
  return usable.includes(transport) ? [{ transport, host, port: portOf(transport) }] : [];
}

function naptrServices(records: readonly NaptrRecord[], usable: readonly SendTransport[]): Service[] {
  return [...records]
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ flags, service, replacement }): Service[] => {
      const transport = SERVICES[service.toLowerCase()];
      const isOurs = transport !== undefined && usable.includes(transport);
      return isOurs && flags.toLowerCase() === 's' ? [{ transport, name: replacement }] : [];
    })
    .slice(0, MAX_SERVICES);
}

/** Asks SRV for each service, in order. `nothing`: no name has a record at all. A target of `.` is a no. */
function resolveServices(
  services: readonly Service[],
  { resolver, random }: LocateOptions,
  done: (hosts: readonly Host[] | 'nothing') => void,
): void {
  gather(
    services.map(
      ({ name, transport }) =>
        (found: (hosts: readonly Host[] | 'nothing') => void) =>
          resolver.srv(name, (records) => {
            const hosts = srvOrder(records.slice(0, MAX_HOSTS), random)
              .filter(({ target }) => target !== '.' && target !== '')
              .map(({ target, port }) => ({ transport, host: target.toLowerCase(), port }));
            found(records.length === 0 ? 'nothing' : hosts);
          }),
    ),
    (all) =>
      done(
        all.every((each) => each === 'nothing')
          ? 'nothing'
          : all.flatMap((each) => (each === 'nothing' ? [] : each)),
      ),
  );
}

function resolveHosts(
  hosts: readonly Host[],
  name: string,
  resolver: Resolver,
  done: (hops: readonly NextHop[]) => void,
): void {
  gather(
    hosts
      .slice(0, MAX_HOPS)
      .map(({ host, port, transport }) => (found: (hops: readonly NextHop[]) => void) => {
        const hop = (address: string): NextHop => ({ transport, remote: { address, port }, name });
        if (isLiteral(host)) found([hop(host)]);
        else resolver.addresses(host, (addresses) => found(addresses.map(hop)));
      }),
    (all) => done(all.flat().slice(0, MAX_HOPS)),
  );
}

/** Runs all at once and gives their results in their order. */
function gather<T>(
  tasks: readonly ((found: (result: T) => void) => void)[],
  done: (results: T[]) => void,
): void {
  const results = new Array<T>(tasks.length);
  let left = tasks.length;
  if (left === 0) done([]);
  tasks.forEach((task, index) => {
    let answered = false;
    task((result) => {
      if (answered) return;
      answered = true;
      results[index] = result;
      left--;
      if (left === 0) done(results);
    });
  });
}
