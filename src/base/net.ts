import type { FanOut } from './fan-out.ts';
import type { QuietLane } from './quiet-lane.ts';
import type { SealingWay } from './sealing-way.ts';

/** One end of a UDP or TCP conversation. `address` is a literal IPv4 or IPv6 address, never a name. */
export interface HostPort {
  readonly address: string;
  readonly port: number;
}

/** `192.0.2.1:5060` or `[2001:db8::1]:5060`. */
export function formatHostPort({ address, port }: HostPort): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** RFC 3264 section 8.4: the null address is a hold of the old kind; port 0 is no media at all. */
export function isNowhere({ address, port }: HostPort): boolean {
  return port === 0 || address === '0.0.0.0' || address === '::';
}

/** A bound UDP socket. The receiver is set once; a datagram's bytes are the receiver's only during the call. */
export interface DatagramSocket {
  readonly local: HostPort;
  /** Datagrams given to the kernel that it has not taken yet: a sender that reuses buffers must see 0. */
  readonly queued: number;
  /** `cameAt`: when it came (ms of the monotonic clock), if that was earlier than now and is known. */
  onDatagram: (bytes: Uint8Array, address: string, port: number, cameAt?: number) => void;
  /** Where a quiet stream of this socket costs less, if there is such a place. */
  readonly lane?: QuietLane | undefined;
  /** Sends without waiting; errors are counted by the adapter, never thrown. `bytes` must not change while `queued` > 0. */
  send(bytes: Uint8Array, port: number, address: string): void;
  /**
   * The same, in one piece or not at all: with DF set (RFC 791), over IPv6 without a fragment header. Absent: this kind of socket
   * cannot.
   */
  sendWhole?: ((bytes: Uint8Array, port: number, address: string) => void) | undefined;
  /** A way there that seals with the keys of `sealer`; undefined, or no such method, where this socket cannot. */
  sealing?(sealer: object, port: number, address: string): SealingWay | undefined;
  /** Somewhere to send one packet on many such ways of this socket's thread; undefined, or no such method, where there is none. */
  fanOut?(): FanOut | undefined;
  close(): void;
}

/** One accepted or opened TCP or TLS connection. */
export interface StreamConnection {
  readonly local: HostPort;
  readonly remote: HostPort;
  /** Bytes written that the kernel has not taken yet: the measure for back-pressure. */
  readonly queued: number;
  /** Does the certificate that the peer has shown speak for that domain or address? Undefined: it has shown none that counts. */
  readonly speaksFor?: ((name: string) => boolean) | undefined;
  onData: (bytes: Uint8Array) => void;
  /** Called exactly once, however the connection ended. */
  onClose: () => void;
  write(bytes: Uint8Array): void;
  close(): void;
}

/** An open connection that carries whole messages: a WebSocket. */
export interface MessageConnection {
  readonly local: HostPort;
  readonly remote: HostPort;
  /** The bytes are the receiver's own. */
  onMessage: (bytes: Uint8Array) => void;
  /** Called exactly once, however the connection ended. */
  onClose: () => void;
  /** Swallowed when the connection has closed. */
  send(bytes: Uint8Array): void;
  /** For a peer that breaks the rules. */
  close(): void;
}
