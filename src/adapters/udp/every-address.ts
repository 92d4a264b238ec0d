import type { DatagramSocket, HostPort } from '../../base/net.ts';
import { BindError, type OpenUdp } from './udp.ts';

/** Remote addresses whose way is remembered; beyond, the memory starts anew. */
const MEMORY = 8192;

/**
 * Binds `port` on each of `addresses`, of either family, and acts as one socket that answers from the address it was asked on.
 * A single socket on 0.0.0.0 or :: would let the kernel choose the source by route: on a machine with several addresses (a
 * second network, a floating address, loopback, IPv6's own habit of several) peers then get answers from one that they never
 * spoke to, and drop them. `prefer` chooses the address for whom nothing came from yet. An address that has left the machine
 * meanwhile is passed over, if there are others. Rejects with a BindError, and nothing stays open.
 */
export async function openUdpOnEach(
  options: {
    readonly port: number;
    readonly addresses: readonly string[];
    readonly prefer: (remote: { readonly address: string }) => string;
  },
  openUdp: OpenUdp,
): Promise<DatagramSocket> {
  const sockets: DatagramSocket[] = [];
  try {
    let { port } = options;
    let gone: BindError | undefined;
    for (const address of options.addresses) {
      const socket = await openUdp({ address, port }).catch((error: unknown) => {
        if (error instanceof BindError && error.code === 'EADDRNOTAVAIL') gone = error;
        else throw error;
      });
      if (socket === undefined) continue;
      sockets.push(socket);
      // Port 0: the others take what the first was given.
      port = socket.local.port;
    }
    if (sockets.length === 0 && gone !== undefined) throw gone;
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return new EachAddressSocket(sockets, options.prefer);
}

class EachAddressSocket implements DatagramSocket {
  readonly local: HostPort;
  onDatagram: (bytes: Uint8Array, address: string, port: number) => void = () => {};
  readonly #sockets: readonly DatagramSocket[];
  readonly #prefer: (remote: { readonly address: string }) => string;
  /** By remote address: the socket on which it spoke to us last. */
  readonly #ways = new Map<string, DatagramSocket>();

  constructor(sockets: readonly DatagramSocket[], prefer: (remote: { readonly address: string }) => string) {
    this.#sockets = sockets;
    this.#prefer = prefer;
    this.local = { address: '0.0.0.0', port: sockets[0]?.local.port ?? 0 };
    for (const socket of sockets) {
      socket.onDatagram = (bytes, address, port) => {
        if (this.#ways.get(address) !== socket) this.#remember(address, socket);
        this.onDatagram(bytes, address, port);
      };
    }
  }

  get queued(): number {
    let queued = 0;
    for (const socket of this.#sockets) queued += socket.queued;
    return queued;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    (this.#ways.get(address) ?? this.#preferred(address)).send(bytes, port, address);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #remember(address: string, socket: DatagramSocket): void {
    if (this.#ways.size >= MEMORY) this.#ways.clear();
    this.#ways.set(address, socket);
  }

  #preferred(address: string): DatagramSocket {
    const wanted = this.#prefer({ address });
    const isV6 = address.includes(':');
    const able = this.#sockets.filter(({ local }) => local.address.includes(':') === isV6);
    const socket = able.find(({ local }) => local.address === wanted) ?? able[0] ?? this.#sockets[0];
    if (socket === undefined) throw new Error('a socket on no address');
    this.#remember(address, socket);
    return socket;
  }
}
