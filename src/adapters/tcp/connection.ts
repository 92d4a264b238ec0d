import type { Socket } from 'node:net';
import type { HostPort, StreamConnection } from '../../base/net.ts';

export interface TcpLimits {
  /** Connections of all sources together. */
  readonly total: number;
  readonly perSource: number;
  /** A connection that is silent for so long is closed. */
  readonly idleMs: number;
  /** Bytes that a peer may leave unread before it is closed. */
  readonly backlog: number;
}

export const defaultTcpLimits: TcpLimits = {
  total: 10_000,
  perSource: 200,
  idleMs: 600_000,
  backlog: 1 << 20,
};

/** Bytes that are kept together at the most. */
const BURST = 65_536;

/** A connected socket, plain or with TLS on it. */
export class NodeStreamConnection implements StreamConnection {
  readonly local: HostPort;
  readonly remote: HostPort;
  speaksFor: ((name: string) => boolean) | undefined;
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  readonly #socket: Socket;
  readonly #backlog: number;
  #corked = false;

  constructor(socket: Socket, limits: TcpLimits) {
    this.#socket = socket;
    this.#backlog = limits.backlog;
    this.local = { address: plain(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
    this.remote = { address: plain(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    socket.setTimeout(limits.idleMs, () => socket.destroy());
    socket.on('data', (bytes) => this.onData(bytes));
    // A reset is an ending like any other: `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => this.onClose());
  }

  get queued(): number {
    return this.#socket.writableLength;
  }

  /** What is written until the callback at hand is over goes out by one system call, and over TLS in one record. */
  write(bytes: Uint8Array): void {
    if (this.#socket.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      queueMicrotask(this.#uncork);
    }
    // Copied by the kernel or by Node's queue only after this call.
    this.#socket.write(bytes);
    // A burst goes to the kernel before it is taken for what the peer leaves unread.
    if (this.#socket.writableLength > BURST) this.#socket.uncork();
    if (this.#socket.writableLength > this.#backlog) this.#socket.destroy();
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket.uncork();
  };

  close(): void {
    // Lets what was written go out, and does not wait for the peer beyond a moment.
    this.#socket.end();
    this.#socket.destroySoon();
  }
}

/** Node shows IPv4 peers of a dual-stack listener as `::ffff:192.0.2.1`. */
export function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
