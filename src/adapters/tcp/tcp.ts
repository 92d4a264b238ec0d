import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HostPort, StreamConnection } from '../../base/net.ts';

/** A listener could not be bound. `code` is Node's, such as EADDRINUSE. */
export class ListenError extends Error {
  readonly code: string;
  readonly local: HostPort;

  constructor(code: string, local: HostPort) {
    super(`cannot listen on TCP ${local.address}:${local.port}: ${code}`);
    this.code = code;
    this.local = local;
  }
}

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

/** A bound TCP listener. */
export interface TcpListener {
  readonly local: HostPort;
  readonly connections: number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

export interface TcpListenOptions {
  readonly limits?: TcpLimits;
  /** Sets `onData` and `onClose` of a new connection before it returns. */
  accept(connection: StreamConnection): void;
  /** A connection was turned away: `total` or `source` limit. */
  refused?(reason: 'total' | 'source', remote: string): void;
}

/** Listens on `local`; rejects with {@link ListenError}. */
export function listenTcp(local: HostPort, options: TcpListenOptions): Promise<TcpListener> {
  const limits = options.limits ?? defaultTcpLimits;
  const open = new Set<NodeStreamConnection>();
  const perSource = new Map<string, number>();
  const server = createServer({ noDelay: true }, (socket) => {
    const source = socket.remoteAddress;
    if (source === undefined) {
      socket.destroy();
      return;
    }
    const count = perSource.get(source) ?? 0;
    const refusal = open.size >= limits.total ? 'total' : count >= limits.perSource ? 'source' : undefined;
    if (refusal !== undefined) {
      socket.destroy();
      options.refused?.(refusal, source);
      return;
    }
    perSource.set(source, count + 1);
    const connection = new NodeStreamConnection(socket, limits, () => {
      open.delete(connection);
      const left = (perSource.get(source) ?? 1) - 1;
      if (left === 0) perSource.delete(source);
      else perSource.set(source, left);
    });
    open.add(connection);
    options.accept(connection);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ListenError(error.code ?? error.message, local));
    });
    server.listen(local.port, local.address, () => {
      server.removeAllListeners('error');
      // A failed accept (out of descriptors) must not take the process down; the peer tries again.
      server.on('error', () => {});
      resolve({
        local: boundTo(server, local),
        get connections() {
          return open.size;
        },
        close: () => closeAll(server, open),
      });
    });
  });
}

/** Opens a connection; rejects when it cannot be had within `timeoutMs`. */
export function connectTcp(
  remote: HostPort,
  timeoutMs: number,
  limits = defaultTcpLimits,
): Promise<StreamConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: remote.address, port: remote.port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error('ETIMEDOUT')), timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(new NodeStreamConnection(socket, limits, () => {}));
    });
  });
}

function boundTo(server: Server, asked: HostPort): HostPort {
  const address = server.address();
  return address !== null && typeof address === 'object'
    ? { address: address.address, port: address.port }
    : asked;
}

function closeAll(server: Server, open: Set<NodeStreamConnection>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const connection of [...open]) connection.close();
  });
}

class NodeStreamConnection implements StreamConnection {
  readonly local: HostPort;
  readonly remote: HostPort;
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  readonly #socket: Socket;
  readonly #backlog: number;

  constructor(socket: Socket, limits: TcpLimits, released: () => void) {
    this.#socket = socket;
    this.#backlog = limits.backlog;
    this.local = { address: plain(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
    this.remote = { address: plain(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    socket.setTimeout(limits.idleMs, () => socket.destroy());
    socket.on('data', (bytes) => this.onData(bytes));
    // A reset is an ending like any other: `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => {
      released();
      this.onClose();
    });
  }

  get queued(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.destroyed) return;
    // Copied by the kernel or by Node's queue only after this call when it cannot be taken at once.
    this.#socket.write(bytes);
    if (this.#socket.writableLength > this.#backlog) this.#socket.destroy();
  }

  close(): void {
    // Lets what was written go out, and does not wait for the peer beyond a moment.
    this.#socket.end();
    this.#socket.destroySoon();
  }
}

/** Node shows IPv4 peers of a dual-stack listener as `::ffff:192.0.2.1`. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
