import { availableParallelism } from 'node:os';
import { type RelayWireMemory, relayWireMemory } from '../adapters/wire/relay-wire.ts';
import type { WiredMedia } from '../adapters/wire/wired-relays.ts';
import type { HostPort } from '../base/net.ts';
import type { StoredSound } from '../media/sound-book.ts';
import type { MixSettings } from '../media/talkers.ts';
import { canonical } from './config/announced.ts';
import type { StartupConfig } from './config/read.ts';
import type { NativeChoice } from './datagrams.ts';
import type { DtlsChoice } from './dtls.ts';
import { anyAddress } from './local-addresses.ts';

/** Inclusive. */
interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What a media worker's thread is started with: plain data. */
export interface MediaWorkerSettings {
  /** Whether the addon makes its sockets. */
  readonly native: NativeChoice;
  readonly dtls: DtlsChoice;
  readonly mix: MixSettings;
  /** Recordings, in memory that all workers share. */
  readonly sounds: readonly StoredSound[];
  /** Where its one socket for browsers is bound. */
  readonly ice: HostPort;
  /** Where it listens for browsers that come by TCP; undefined: nowhere. */
  readonly iceTcp: HostPort | undefined;
  readonly rtp: {
    readonly address: string;
    readonly ports: PortRange;
    readonly mediaTimeoutMs: number;
    /** Code point of what is sent to phones (RFC 2474). */
    readonly dscp: number;
  };
  /** The embedded TURN server's relays, and the networks of others': who comes from there came by relay. */
  readonly relays: {
    readonly addresses: readonly string[];
    readonly ports: PortRange;
    readonly networks: readonly string[];
    /** The way to them inside of the process; undefined: there is no embedded server. */
    readonly wire: RelayWireMemory | undefined;
    /** Where relays find us, as {@link mediaAddresses} has it. */
    readonly media: readonly string[];
  };
}

/** Addresses at which relays of the embedded server may find media: the announced ones, and those for relays alone. */
export function mediaAddresses({ config, addresses }: StartupConfig): string[] {
  return [...addresses, ...config.ice.relay_addresses.map(canonical)];
}

/** Settings of every worker: one port for browsers each, and an equal share of the phones' ports. */
export function mediaWorkerSettings(
  startup: StartupConfig,
  sounds: readonly StoredSound[],
): MediaWorkerSettings[] {
  const { config, addresses } = startup;
  const media = mediaAddresses(startup);
  const workers =
    config.media.workers === 'auto' ? Math.max(1, availableParallelism() - 1) : config.media.workers;
  const { first, last } = config.rtp.ports;
  // Even, so that no pair is torn in two.
  const share = 2 * Math.floor((last - first + 1) / workers / 2);
  const any = anyAddress();
  const wires = config.turn.enabled ? relayWireMemory(workers) : [];
  return Array.from({ length: workers }, (_, index) => ({
    native: config.media.native,
    dtls: config.media.dtls_engine,
    mix: mixSettings(config.media),
    sounds,
    ice: { address: any, port: config.ice.udp_port + index },
    iceTcp: config.ice.tcp ? { address: any, port: config.ice.tcp_port + index } : undefined,
    rtp: {
      address: any,
      ports: { first: first + index * share, last: first + (index + 1) * share - 1 },
      mediaTimeoutMs: config.rtp.media_timeout,
      dscp: config.rtp.dscp,
    },
    relays: {
      ...{ addresses, ports: config.turn.relay_ports, networks: config.ice.relay_networks },
      ...{ wire: wires[index], media },
    },
  }));
}

/** The workers that were started with `settings` and listen on `ports`, as the embedded server's relays reach them. */
export function wiredMedia(ports: readonly number[], settings: readonly MediaWorkerSettings[]): WiredMedia[] {
  return ports.flatMap((port, index) => {
    const memory = settings[index]?.relays.wire;
    return memory === undefined ? [] : [{ port, memory }];
  });
}

function mixSettings(media: StartupConfig['config']['media']): MixSettings {
  const gain = { targetDb: media.speech_level, maxGainDb: media.max_gain };
  return { maxTalkers: media.max_talkers, gain: media.automatic_gain ? gain : undefined };
}
