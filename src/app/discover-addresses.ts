import { lookup } from 'node:dns';
import { driveAlarms, monotonicClock, rethrow } from '../adapters/clock/clock.ts';
import { systemRandom } from '../adapters/crypto/crypto.ts';
import { openUdp } from '../adapters/udp/udp.ts';
import { WakeQueue } from '../base/wake-queue.ts';
import type { GatewayEvent } from '../events/index.ts';
import { parseStunUrl } from '../stun/stun-url.ts';
import { announcedAddresses, selectedAddresses } from './config/announced.ts';
import type { StartupConfig } from './config/read.ts';
import { discoverAddresses } from './discovery.ts';
import { type LocalAddress, localAddresses } from './local-addresses.ts';
import { listening } from './startup-error.ts';

/** How long a name of a STUN server may take to be found, ms. */
const LOOKUP_MS = 2000;

/** What discovery has to say once somebody listens. */
export type DiscoveryEvent = Extract<GatewayEvent, { type: 'address.discovered' | 'address.doubtful' }>;

/**
 * With `node.stun_servers` the addresses that others see stand before this machine's own in what is announced. What only this
 * machine reaches is told. Rejects with a StartupError when the media port is taken.
 */
export async function withDiscovered(
  startup: StartupConfig,
): Promise<{ readonly startup: StartupConfig; readonly events: readonly DiscoveryEvent[] }> {
  const { node } = startup.config;
  const found = node.stun_servers.length === 0 ? { startup, events: [] } : await discovered(startup);
  const { addresses, mode } = found.startup;
  const isLoopback = (address: string) => address === '::1' || address.startsWith('127.');
  // No interface but loopback, or none that `include` and `exclude` leave: in development that is what is wanted.
  return mode === 'development' || !addresses.every(isLoopback)
    ? found
    : { ...found, events: [...found.events, ...addresses.map(onlyLoopback)] };
}

function onlyLoopback(address: string): DiscoveryEvent {
  return { type: 'address.doubtful', local: address, address, reason: 'loopback' };
}

async function discovered(startup: StartupConfig): ReturnType<typeof withDiscovered> {
  const { node, ice } = startup.config;
  const timers = new WakeQueue();
  const stop = driveAlarms(timers, monotonicClock, rethrow);
  try {
    const locals = selectedAddresses(localAddresses(), node);
    const found = await listening('ice.udp_port', () =>
      discoverAddresses({
        servers: node.stun_servers.flatMap((text) => parseStunUrl(text) ?? []),
        ...{ locals, timers, openUdp, resolve, port: ice.udp_port },
        ...{ clock: monotonicClock, random: systemRandom },
      }),
    );
    const addresses = announcedAddresses(
      [],
      locals,
      startup.mode,
      found.flatMap(({ address }) => address ?? []),
    );
    const events = found.flatMap(({ local, address, doubt: reason }): DiscoveryEvent[] => [
      ...(address === undefined ? [] : [{ type: 'address.discovered' as const, local, address }]),
      ...(reason === undefined
        ? []
        : [{ type: 'address.doubtful' as const, local, address: address ?? local, reason }]),
    ]);
    return { startup: { ...startup, addresses }, events };
  } finally {
    stop();
  }
}

/** By the host's resolver; undefined when the name has no address of that family, or not in time. */
function resolve(host: string, family: LocalAddress['family']): Promise<string | undefined> {
  return new Promise((found) => {
    const late = setTimeout(() => found(undefined), LOOKUP_MS);
    const wanted = family === 'IPv6' ? 6 : 4;
    lookup(host, { family: wanted }, (error, address, its) => {
      clearTimeout(late);
      // A literal address comes back whatever family was asked for.
      found(error === null && its === wanted ? address : undefined);
    });
  });
}
