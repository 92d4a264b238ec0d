import { createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../../base/net.ts';
import { sourceKey } from '../../base/source-key.ts';
import { plain, type TcpLimits } from './connection.ts';
import { markSocket } from './dscp.ts';

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

/** A bound TCP listener. */
export interface TcpListener {
  readonly local: HostPort;
  readonly connections: number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/** Why a connection was turned away: a limit, or nobody knows its source. */
export type ConnectionRefusal = 'total' | 'source' | 'stranger';

/** Who may connect. */
export interface DoorOptions {
  readonly limits: TcpLimits;
  /** May this source connect at all? Asked before a byte is read or a key is used; absent: everybody may. */
  readonly admits?: ((remote: HostPort) => boolean) | undefined;
  readonly refused?: ((reason: ConnectionRefusal, remote: string) => void) | undefined;
  /** Code point of what its connections send (RFC 2474); undefined or 0: not marked. */
  readonly dscp?: number | undefined;
}

/** Listens on `local` and hands over the sockets of those who may connect; rejects with {@link ListenError}. */
export function openDoor(
  local: HostPort,
  options: DoorOptions,
  enter: (socket: Socket) => void,
): Promise<TcpListener> {
  const entrance = new Entrance(options, enter);
  const server = createServer({ noDelay: true }, (socket) => entrance.take(socket));
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
          return entrance.size;
        },
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            entrance.close();
          }),
      });
    });
  });
}

/** Lets those sockets in who may connect, whoever has accepted them, and knows them until they close. */
export class Entrance {
  readonly #options: DoorOptions;
  readonly #enter: (socket: Socket) => void;
  readonly #counted: CountedSockets;

  constructor(options: DoorOptions, enter: (socket: Socket) => void) {
    this.#options = options;
    this.#enter = enter;
    this.#counted = new CountedSockets(options.limits);
  }

  get size(): number {
    return this.#counted.size;
  }

  /** Hands the socket over, or destroys it and says why. */
  take(socket: Socket): void {
    const { admits, dscp, refused } = this.#options;
    const source = plain(socket.remoteAddress ?? '');
    const remote = { address: source, port: socket.remotePort ?? 0 };
    const isStranger = admits !== undefined && !admits(remote);
    const refusal = isStranger ? 'stranger' : this.#counted.add(socket, source);
    if (refusal === undefined) {
      markSocket(socket, dscp);
      this.#enter(socket);
    } else {
      socket.destroy();
      refused?.(refusal, source);
    }
  }

  /** Ends all of them, when what was written has gone out. */
  close(): void {
    this.#counted.close();
  }
}

/** Sockets that are open, by source. */
class CountedSockets {
  readonly #limits: TcpLimits;
  readonly #open = new Set<Socket>();
  readonly #perSource = new Map<string, number>();

  constructor(limits: TcpLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Why there is no room for `socket`; undefined when it is counted, until it closes. */
  add(socket: Socket, address: string): ConnectionRefusal | undefined {
    const source = sourceKey(address);
    const count = this.#perSource.get(source) ?? 0;
    if (this.#open.size >= this.#limits.total) return 'total';
    if (count >= this.#limits.perSource) return 'source';
    this.#open.add(socket);
    this.#perSource.set(source, count + 1);
    socket.once('close', () => this.#remove(socket, source));
    return undefined;
  }

  close(): void {
    for (const socket of [...this.#open]) {
      // Lets what was written go out.
      socket.end();
      socket.destroySoon();
    }
  }

  #remove(socket: Socket, source: string): void {
    this.#open.delete(socket);
    const left = (this.#perSource.get(source) ?? 1) - 1;
    if (left === 0) this.#perSource.delete(source);
    else this.#perSource.set(source, left);
  }
}

function boundTo(server: Server, asked: HostPort): HostPort {
  const address = server.address();
  return address !== null && typeof address === 'object'
    ? { address: address.address, port: address.port }
    : asked;
}
