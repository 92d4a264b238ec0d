import type { DatagramSocket, HostPort } from '../base/net.ts';
import type { AddressFamily } from '../stun/address.ts';

/**
 * One 5-tuple that requests come from (RFC 8656 section 3.2): the same object for as long as the server
 * {@link TurnServer.holds} an allocation for it. `udp-door.ts` and `tcp-door.ts` make them.
 */
export interface TurnClient {
  readonly protocol: 'udp' | 'tcp';
  readonly remote: HostPort;
  readonly local: HostPort;
  /** What was sent and is still referenced by the kernel's queue; 0: buffers given to `send` may be reused. */
  readonly queued: number;
  /** So much is queued that relayed packets are better dropped than delayed. */
  readonly congested: boolean;
  send(bytes: Uint8Array): void;
  /** The server holds nothing for this client any more. */
  released?(): void;
}

/** The relay's own addresses, as clients are told them; of a family without one there are no relays. */
export type RelayAddresses = Readonly<Partial<Record<AddressFamily, string>>>;

/** Opens relay sockets on the relay's own addresses. */
export interface RelayOpener {
  /** Whether its sockets have {@link DatagramSocket.sendWhole}, as DONT-FRAGMENT asks; absent: no. */
  readonly sendsWhole?: boolean;
  /** Binds UDP `port`; calls `opened` once, at once or later, with undefined when the port cannot be had. */
  open(family: AddressFamily, port: number, opened: (socket: DatagramSocket | undefined) => void): void;
}

/** How much a server gives away. */
export interface TurnLimits {
  /** Allocations of all users. */
  readonly allocations: number;
  /** Allocations and reserved ports of one identity: the part of the user name behind the expiry. */
  readonly allocationsPerUser: number;
  /** What one identity's allocations carry together in each direction, bytes per second. */
  readonly bytesPerSecond: number;
  /** Peer addresses, and channels, of one allocation. */
  readonly peersPerAllocation: number;
  /** Lifetime of an allocation whose client asks for none or less, and the most it can ask for, in s. */
  readonly defaultLifetime: number;
  readonly maxLifetime: number;
  /** Answers per second and source address to what is not authenticated, and how many at once. */
  readonly answersPerSecond: number;
  readonly answerBurst: number;
  /** Relay ports, first and last. */
  readonly relayPorts: readonly [number, number];
}

/** RFC 8656 section 7.2 recommends 600 s and 3600 s; the rest suits a gateway of some hundred browsers. */
export const defaultTurnLimits: TurnLimits = {
  allocations: 2_000,
  allocationsPerUser: 12,
  bytesPerSecond: 6_250_000,
  peersPerAllocation: 16,
  defaultLifetime: 600,
  maxLifetime: 3_600,
  answersPerSecond: 20,
  answerBurst: 100,
  relayPorts: [30_000, 39_999],
};
