import type { DatagramSocket, HostPort } from '../base/net.ts';
import type { TurnClient } from './ports.ts';
import type { TurnServer } from './server.ts';

/** Datagrams that the listening socket may have waiting before relayed ones are dropped. */
const MAX_QUEUE = 256;

/** UDP clients of one listening socket: remembers those that hold an allocation, and no others. */
export class UdpDoor {
  readonly #server: TurnServer;
  readonly #socket: DatagramSocket;
  /** By address, then port: nothing is built to look a client up. */
  readonly #clients = new Map<string, Map<number, UdpClient>>();

  /** Takes the socket's receiver; closing the socket is left to its owner. */
  constructor(server: TurnServer, socket: DatagramSocket) {
    this.#server = server;
    this.#socket = socket;
    socket.onDatagram = (bytes, address, port) => this.#receive(bytes, address, port);
  }

  /** Clients that hold an allocation. */
  get size(): number {
    let size = 0;
    for (const ports of this.#clients.values()) size += ports.size;
    return size;
  }

  #receive(bytes: Uint8Array, address: string, port: number): void {
    const known = this.#clients.get(address)?.get(port);
    if (known !== undefined) {
      this.#server.receive(bytes, known);
      return;
    }
    const client = new UdpClient(this.#socket, { address, port }, () => this.#forget(address, port));
    this.#server.receive(bytes, client);
    if (this.#server.holds(client)) this.#remember(client);
  }

  #remember(client: UdpClient): void {
    const { address, port } = client.remote;
    const ports = this.#clients.get(address) ?? new Map<number, UdpClient>();
    ports.set(port, client);
    this.#clients.set(address, ports);
  }

  #forget(address: string, port: number): void {
    const ports = this.#clients.get(address);
    if (ports?.delete(port) && ports.size === 0) this.#clients.delete(address);
  }
}

class UdpClient implements TurnClient {
  readonly protocol = 'udp';
  readonly remote: HostPort;
  readonly released: () => void;
  readonly #socket: DatagramSocket;

  constructor(socket: DatagramSocket, remote: HostPort, released: () => void) {
    this.#socket = socket;
    this.remote = remote;
    this.released = released;
  }

  get local(): HostPort {
    return this.#socket.local;
  }

  get queued(): number {
    return this.#socket.queued;
  }

  get congested(): boolean {
    return this.#socket.queued > MAX_QUEUE;
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.remote.port, this.remote.address);
  }
}
