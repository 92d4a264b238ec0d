import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramSocket, HostPort } from '../../base/net.ts';

/** A UDP socket could not be bound. `code` is Node's, such as EADDRINUSE. */
export class BindError extends Error {
  readonly code: string;
  readonly local: HostPort;

  constructor(code: string, local: HostPort) {
    super(`cannot listen on UDP ${local.address}:${local.port}: ${code}`);
    this.code = code;
    this.local = local;
  }
}

/** Receive and send buffers of the kernel, bytes: a burst of a whole room's packets must fit. */
const KERNEL_BUFFER = 1 << 21;

/** Opens UDP sockets, one way or another. Rejects with {@link BindError}. */
export type OpenUdp = (local: HostPort) => Promise<DatagramSocket>;

/**
 * Binds one socket; port 0 lets the kernel choose. Rejects with {@link BindError}. `onUnsent` hears of each send that failed
 * (host unreachable, full buffer): UDP promises nothing, and a call goes on.
 */
export function openUdp(local: HostPort, onUnsent: () => void = () => {}): Promise<DatagramSocket> {
  const family = isIPv6(local.address) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Addresses are literals: answering at once spares a trip through the resolver's queue per packet.
    lookup: (host, _options, done) => done(null, host, family),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(new BindError(error.code ?? error.message, local));
    });
    socket.bind(local.port, local.address, () => {
      socket.removeAllListeners('error');
      enlargeBuffers(socket);
      const address = socket.address();
      resolve(new NodeDatagramSocket(socket, { address: address.address, port: address.port }, onUnsent));
    });
  });
}

/** A kernel that allows less keeps its own size; nothing depends on ours. */
function enlargeBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(KERNEL_BUFFER);
    socket.setSendBufferSize(KERNEL_BUFFER);
  } catch {
    // EINVAL or ENOBUFS on a small machine: the default buffers work, only less well under a burst.
  }
}

class NodeDatagramSocket implements DatagramSocket {
  readonly local: HostPort;
  onDatagram: (bytes: Uint8Array, address: string, port: number) => void = () => {};
  readonly #socket: Socket;
  #closed = false;
  readonly #isV6: boolean;
  readonly #onSent: (error: Error | null) => void;

  constructor(socket: Socket, local: HostPort, onUnsent: () => void) {
    this.#socket = socket;
    this.local = local;
    this.#isV6 = isIPv6(local.address);
    this.#onSent = (error) => {
      if (error !== null) onUnsent();
    };
    socket.on('message', (bytes, from) => this.onDatagram(bytes, plain(from.address), from.port));
    // ICMP errors of earlier sends surface here; the socket lives on.
    socket.on('error', onUnsent);
  }

  get queued(): number {
    return this.#closed ? 0 : this.#socket.getSendQueueCount();
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    if (this.#closed) return;
    const to = this.#isV6 && !address.includes(':') ? `::ffff:${address}` : address;
    this.#socket.send(bytes, 0, bytes.length, port, to, this.#onSent);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }
}
/** A socket on `::` takes IPv4 too, and shows those peers as `::ffff:192.0.2.1` (RFC 4291 section 2.5.5.2). */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
