import { BindError, type OpenUdp } from '../adapters/udp/udp.ts';
import type { Clock, Millis } from '../base/clock.ts';
import { type DatagramSocket, formatHostPort, type HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { AddressDoubt } from '../events/index.ts';
import { BindingProbe } from '../stun/binding-probe.ts';
import type { StunServerAddress } from '../stun/stun-url.ts';
import { addressScope } from '../trunk/addresses.ts';
import type { LocalAddress } from './local-addresses.ts';

/** How long the servers have to answer, ms: the gateway starts no sooner. */
const ANSWER_MS: Millis = 2000;
/** How long a packet of ours has to come back to us, ms. */
const RETURN_MS: Millis = 1000;

/** What STUN said of one address of this machine. */
export interface Discovery {
  readonly local: string;
  /** As what others see it; undefined when no server answered, or none has this family. */
  readonly address: string | undefined;
  /** Why it may be of no use to browsers; undefined: a packet sent to it came to the media port, or nobody was asked. */
  readonly doubt: AddressDoubt | undefined;
}

export interface DiscoveryOptions {
  readonly servers: readonly StunServerAddress[];
  readonly locals: readonly LocalAddress[];
  /** The first port of browsers' media, which nobody must hold yet. */
  readonly port: number;
  readonly openUdp: OpenUdp;
  /** The literal address of a name in a family; undefined: it has none. */
  readonly resolve: (host: string, family: LocalAddress['family']) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/**
 * Asks STUN servers, from the media port of each address of this machine that is not internal, as what others see it, and
 * tries whether what is sent there arrives. Rejects with a BindError when the port is taken.
 */
export async function discoverAddresses(options: DiscoveryOptions): Promise<Discovery[]> {
  const outward = options.locals.filter(({ internal }) => !internal);
  const found = await Promise.allSettled(outward.map((local) => discover(local, options)));
  return found.flatMap((one) => {
    if (one.status === 'fulfilled') return [one.value];
    // An address that has left the machine meanwhile.
    if (one.reason instanceof BindError && one.reason.code === 'EADDRNOTAVAIL') return [];
    throw one.reason;
  });
}

async function discover(local: LocalAddress, options: DiscoveryOptions): Promise<Discovery> {
  const servers = await addressesOf(options.servers, local.family, options);
  // Nobody can be asked about this family: that is no doubt about it.
  if (servers.length === 0) return { local: local.address, address: undefined, doubt: undefined };
  const media = await options.openUdp({ address: local.address, port: options.port });
  try {
    const answers = await mappings(media, servers, options);
    const [first] = answers;
    if (first === undefined) return { local: local.address, address: undefined, doubt: 'no-answer' };
    const doubt = await doubtOf(local, first, answers, media, options);
    return { local: local.address, address: first.address, doubt };
  } finally {
    media.close();
  }
}

async function doubtOf(
  local: LocalAddress,
  first: HostPort,
  answers: readonly HostPort[],
  media: DatagramSocket,
  options: DiscoveryOptions,
): Promise<AddressDoubt | undefined> {
  // RFC 4787 section 4.1: a NAT whose mapping depends on whom one speaks to shows each server another.
  if (answers.some((one) => one.address !== first.address || one.port !== first.port))
    return 'mapping-varies';
  if (first.port !== media.local.port) return 'port-translated';
  if (first.address === local.address) return undefined;
  return (await returns(local, first, media, options)) ? undefined : 'not-reached';
}

/** What each server that answered says, in the order of the servers. */
async function mappings(
  media: DatagramSocket,
  servers: readonly HostPort[],
  options: DiscoveryOptions,
): Promise<HostPort[]> {
  const probes = new Map<string, BindingProbe>();
  media.onDatagram = (bytes, address, port) =>
    probes.get(formatHostPort({ address, port }))?.receive(bytes.slice());
  const answers = servers.map(
    (server) =>
      new Promise<HostPort | undefined>((done) => {
        const send = (bytes: Uint8Array) => media.send(bytes, server.port, server.address);
        probes.set(formatHostPort(server), new BindingProbe({ ...options, within: ANSWER_MS, send, done }));
      }),
  );
  return (await Promise.all(answers)).filter(
    (one) => one !== undefined && isSomewhere(one.address),
  ) as HostPort[];
}

/** Whether a request with a random transaction id, sent to `mapped` from another socket of ours, comes to `media`. */
async function returns(
  local: LocalAddress,
  mapped: HostPort,
  media: DatagramSocket,
  options: DiscoveryOptions,
): Promise<boolean> {
  const other = await options.openUdp({ address: local.address, port: 0 });
  try {
    return await new Promise<boolean>((done) => {
      const send = (bytes: Uint8Array) => other.send(bytes, mapped.port, mapped.address);
      const probe = new BindingProbe({ ...options, within: RETURN_MS, send, done: () => done(false) });
      media.onDatagram = (bytes) => {
        if (bytes.length !== probe.request.length || !bytes.every((byte, i) => byte === probe.request[i]))
          return;
        probe.stop();
        done(true);
      };
    });
  } finally {
    other.close();
  }
}

async function addressesOf(
  servers: readonly StunServerAddress[],
  family: LocalAddress['family'],
  { resolve }: DiscoveryOptions,
): Promise<HostPort[]> {
  const found = await Promise.all(
    servers.map(async ({ host, port }) => {
      const address = await resolve(host, family);
      return address === undefined ? [] : [{ address, port }];
    }),
  );
  return found.flat();
}

/** A server's word counts only for an address that another machine can send to. */
function isSomewhere(address: string): boolean {
  const scope = addressScope(address);
  return scope === 'public' || scope === 'private' || scope === 'reserved';
}
