import { lookup } from 'node:dns/promises';
import { driveAlarms, monotonicClock } from '../adapters/clock/clock.ts';
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

/** What discovery has to say once somebody listens. */
export type DiscoveryEvent = Extract<GatewayEvent, { type: 'address.discovered' | 'address.doubtful' }>;

/**
 * With `node.stun_servers` the addresses that others see stand before this machine's own in what is announced. Rejects with a
 * StartupError when the media port is taken.
 */
export async function withDiscovered(
  startup: StartupConfig,
): Promise<{ readonly startup: StartupConfig; readonly events: readonly DiscoveryEvent[] }> {
  const { node, ice } = startup.config;
  if (node.stun_servers.length === 0) return { startup, events: [] };
  const timers = new WakeQueue();
  const stop = driveAlarms(timers, monotonicClock, (error) => {
    throw error;
  });
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

/** By the host's resolver; undefined when the name has no address of that family. */
async function resolve(host: string, family: LocalAddress['family']): Promise<string | undefined> {
  try {
    return (await lookup(host, { family: family === 'IPv6' ? 6 : 4 })).address;
  } catch {
    return undefined;
  }
}
