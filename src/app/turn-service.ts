import { monotonicClock, wallClock } from '../adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../adapters/crypto/crypto.ts';
import type { TcpListener } from '../adapters/tcp/door.ts';
import { listenTcp } from '../adapters/tcp/tcp.ts';
import { openUdp } from '../adapters/udp/udp.ts';
import { randomText } from '../base/ids.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { IceServer } from '../peer/context.ts';
import { mintTurnCredentials } from '../turn/credentials.ts';
import { TurnServer } from '../turn/server.ts';
import { StreamDoor } from '../turn/stream-door.ts';
import { UdpDoor } from '../turn/udp-door.ts';
import { localAddresses, openUdpOn } from './addresses.ts';
import type { StartupConfig } from './config/read.ts';
import { listening } from './startup-error.ts';

/** The embedded STUN and TURN server on real sockets, and what browsers are given to use it. */
export interface TurnService {
  /** Servers and credentials for one participant; handed out in the join response. */
  iceServers(identity: string): IceServer[];
  allocations(): number;
  /** UDP sockets that are open, relays counted in. */
  sockets(): number;
  close(): Promise<void>;
}

export interface TurnServiceOptions {
  readonly startup: StartupConfig;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** UDP ports of the media workers: the only peers that a relay talks to. */
  readonly icePorts: readonly number[];
}

/** A gateway without TURN. */
export const noTurn: TurnService = {
  iceServers: () => [],
  allocations: () => 0,
  sockets: () => 0,
  close: () => Promise.resolve(),
};

/** Binds UDP and TCP. Rejects with a StartupError. */
export async function openTurn({
  startup,
  timers,
  emit,
  icePorts,
}: TurnServiceOptions): Promise<TurnService> {
  const { config, addresses } = startup;
  const { turn } = config;
  const secret = turn.secret ?? randomText(systemRandom, 32);
  const listen = { address: turn.address, port: turn.port };
  const udp = await listening('turn.port', () => openUdpOn(listen, addresses));
  const relayAddress = addresses[0] ?? '127.0.0.1';
  // Behind a 1:1 NAT the announced address is on no interface.
  const isLocal = localAddresses().some((local) => local.address === relayAddress);
  const relayBind = isLocal ? relayAddress : '0.0.0.0';
  const peers = new Set(icePorts);
  const own = new Set(addresses);
  const server = new TurnServer({
    timers,
    clock: monotonicClock,
    wall: wallClock,
    random: systemRandom,
    digests: nodeDigests,
    secret,
    realm: turn.realm,
    relayAddress,
    relays: {
      open: (port, opened) => {
        openUdp({ address: relayBind, port }).then(opened, () => opened(undefined));
      },
    },
    isAllowedPeer: (address, port) => peers.has(port) && own.has(address),
    emit,
    limits: { relayPorts: [turn.relay_ports.first, turn.relay_ports.last] },
  });
  new UdpDoor(server, udp);
  const streams = new StreamDoor({ server, timers, clock: monotonicClock });
  const tcp = await listenStreams(udp, listen.address, streams, emit);
  return {
    iceServers: (identity) => {
      const { username, password } = mintTurnCredentials({
        digests: nodeDigests,
        secret,
        identity,
        unixMs: wallClock.unixMs(),
        ttlSeconds: Math.floor(turn.credential_ttl / 1000),
      });
      const urls = addresses
        .slice(0, MAX_ANNOUNCED)
        .flatMap((address) =>
          ['udp', 'tcp'].map((transport) => `turn:${address}:${udp.local.port}?transport=${transport}`),
        );
      return [{ urls, username, credential: password }];
    },
    allocations: () => server.gauges().allocations,
    sockets: () => 1 + server.gauges().allocations,
    close: async () => {
      streams.close();
      server.close();
      udp.close();
      await tcp.close();
    },
  };
}

/** Browsers try every URL at once: a machine with many addresses must not make them gather for ever. */
const MAX_ANNOUNCED = 2;

async function listenStreams(
  udp: DatagramSocket,
  address: string,
  streams: StreamDoor,
  emit: EventSink,
): Promise<TcpListener> {
  try {
    return await listening('turn.port', () =>
      listenTcp(
        { address, port: udp.local.port },
        {
          accept: (connection) => streams.accept(connection),
          refused: (reason, source) =>
            emit({ type: 'dropped', where: 'turn', reason: `connections-${reason}`, count: 1, source }),
        },
      ),
    );
  } catch (error) {
    udp.close();
    throw error;
  }
}
