import type { Socket } from 'node:net';
import { monotonicClock, wallClock } from '../adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../adapters/crypto/crypto.ts';
import type { Slots } from '../adapters/native/native-udp.ts';
import type { Certificates } from '../adapters/tcp/certificates.ts';
import { defaultTcpLimits, NodeStreamConnection } from '../adapters/tcp/connection.ts';
import { Entrance, type TcpListener } from '../adapters/tcp/door.ts';
import { listenTcp } from '../adapters/tcp/tcp.ts';
import { listenTls } from '../adapters/tcp/tls.ts';
import { type WiredMedia, WiredRelays } from '../adapters/wire/wired-relays.ts';
import type { StreamConnection } from '../base/net.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { IceServer } from '../peer/context.ts';
import { peerRule } from '../turn/peer-rule.ts';
import { TurnServer } from '../turn/server.ts';
import { StreamDoor } from '../turn/stream-door.ts';
import { UdpDoor } from '../turn/udp-door.ts';
import { openUdpOn } from './addresses.ts';
import type { StartupConfig } from './config/read.ts';
import { datagramSource } from './datagrams.ts';
import { listenAddress } from './local-addresses.ts';
import { mediaAddresses } from './media-settings.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { relayPlaces } from './relay-sockets.ts';
import { listening } from './startup-error.ts';
import { SummedDrops } from './summed-drops.ts';
import { openTurnAccounts } from './turn-accounts.ts';
import { turnUrls } from './turn-urls.ts';

/** The embedded STUN and TURN server on real sockets, and what browsers are given to use it. */
export interface TurnService {
  /** Servers and credentials for one participant; handed out in the join response. */
  iceServers(identity: string): IceServer[];
  /** A connection that came to the port of HTTPS. */
  accept(socket: Socket): void;
  allocations(): number;
  /** UDP sockets that are open, relays counted in. */
  sockets(): number;
  close(): Promise<void>;
}

export interface TurnServiceOptions {
  readonly startup: StartupConfig;
  readonly timers: Timers;
  readonly emit: EventSink;
  readonly own: OwnAddresses;
  /** The media workers: unless the configuration names others, the only peers that a relay talks to. */
  readonly media: readonly WiredMedia[];
  /** Undefined: no TURN over TLS. */
  readonly certificates: Certificates | undefined;
  /** What a receiver of packets threw. */
  readonly onFault: (error: unknown) => void;
}

/** How the addon's memory is cut: for the longest packet that is relayed, in its longest framing. */
const RELAY_SLOTS: Slots = { bytes: 8192, count: 128 };

/** A gateway without TURN. */
export const noTurn: TurnService = {
  iceServers: () => [],
  accept: (socket) => socket.destroy(),
  allocations: () => 0,
  sockets: () => 0,
  close: () => Promise.resolve(),
};

/** Binds UDP and TCP. Rejects with a StartupError. */
export async function openTurn({
  startup,
  timers,
  emit,
  own,
  media,
  certificates,
  onFault,
}: TurnServiceOptions): Promise<TurnService> {
  const { config, addresses } = startup;
  const { turn } = config;
  const listen = { address: turn.address, port: turn.port };
  const drops = new SummedDrops(timers, monotonicClock, emit);
  const listener = { ...drops.ofSockets('turn'), fault: onFault };
  const sockets = datagramSource(config.media.native, listener, RELAY_SLOTS);
  const udp = await listening('turn.port', () => openUdpOn(listen, addresses, sockets.open, own));
  const local = listenAddress(turn.address);
  const found = mediaAddresses(startup);
  const places = relayPlaces(addresses, own.locals, sockets);
  const dropped = () => server.dropped('congested');
  const relays = new WiredRelays({
    ...{ kernel: places.opener, media, addresses: found, dropped, onFault },
  });
  const { accounts, close: unwatch } = openTurnAccounts(turn, emit);
  const isAllowed = own.live(() =>
    peerRule({
      media: { addresses: found, ports: media.map(({ port }) => port) },
      own: own.locals.map(({ address }) => address),
      networks: turn.allowed_peers,
    }),
  );
  const server = new TurnServer({
    timers,
    clock: monotonicClock,
    wall: wallClock,
    random: systemRandom,
    digests: nodeDigests,
    accounts,
    realm: turn.realm,
    relayAddresses: places.addresses,
    relays,
    isAllowedPeer: (address, port) => isAllowed()(address, port),
    emit,
    limits: {
      relayPorts: [turn.relay_ports.first, turn.relay_ports.last],
      allocations: turn.max_allocations,
      allocationsPerUser: turn.allocations_per_user,
      bytesPerSecond: turn.bandwidth_per_user * 125,
    },
  });
  new UdpDoor(server, udp);
  const streams = new StreamDoor({ server, timers, clock: monotonicClock });
  const accept = (connection: StreamConnection) => streams.accept(connection);
  const refused = (reason: string, source: string) =>
    emit({ type: 'dropped', where: 'turn', reason: `connections-${reason}`, count: 1, source });
  // Those of the port of HTTPS are counted here: HTTP has no limit for a source, which may be a proxy's.
  const https = new Entrance({ limits: defaultTcpLimits, refused }, (socket) =>
    accept(new NodeStreamConnection(socket, defaultTcpLimits)),
  );
  const listeners: TcpListener[] = [];
  const close = async () => {
    unwatch();
    streams.close();
    server.close();
    relays.close();
    udp.close();
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  try {
    const tcp = { address: local, port: udp.local.port };
    listeners.push(await listening('turn.port', () => listenTcp(tcp, { accept, refused })));
    if (certificates !== undefined) {
      const tls = { address: local, port: config.tls.turn_port };
      const options = { certificates, clientCertificates: 'none', accept, refused } as const;
      listeners.push(await listening('tls.turn_port', () => listenTls(tls, options)));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const urls = turnUrls(config, addresses, certificates !== undefined);
  return {
    accept: (socket) => https.take(socket),
    iceServers: (identity) => {
      const { username, password } = accounts.issue(identity);
      return [{ urls, username, credential: password }];
    },
    allocations: () => server.gauges().allocations,
    sockets: () => 1 + server.gauges().relayPorts,
    close,
  };
}
