import type { FanOut } from '../../base/fan-out.ts';
import type { DatagramSocket, HostPort } from '../../base/net.ts';
import type { SealingWay } from '../../base/sealing-way.ts';
import { MovingWay } from './moving-way.ts';
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
): Promise<EveryAddressSocket> {
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
  return new EachAddressSocket(sockets, options.prefer, openUdp);
}

/** A socket on several addresses, which may become others. */
export interface EveryAddressSocket extends DatagramSocket {
  /**
   * Binds the port on those of `addresses` that it is not on yet, and lets go of the others. Resolves with what could not be bound, which
   * is tried again at the next call.
   */
  rebind(addresses: readonly string[]): Promise<readonly BindError[]>;
}

class EachAddressSocket implements EveryAddressSocket {
  readonly local: HostPort;
  onDatagram: DatagramSocket['onDatagram'] = () => {};
  readonly #sockets: DatagramSocket[] = [];
  readonly #openUdp: OpenUdp;
  #rebinding: Promise<readonly BindError[]> = Promise.resolve([]);
  #closed = false;
  /** Counts whenever somebody's way becomes another. */
  #moves = 0;
  readonly #prefer: (remote: { readonly address: string }) => string;
  /** By remote address: the socket on which it spoke to us last. */
  readonly #ways = new Map<string, DatagramSocket>();
  /** By remote address: who is to know when its way becomes another; as many as there are such ways. */
  readonly #watches = new Map<string, Set<() => void>>();
  /** Of those who have not spoken: the socket that was chosen for them. */
  readonly #chosen = new Map<string, DatagramSocket>();

  constructor(
    sockets: readonly DatagramSocket[],
    prefer: (remote: { readonly address: string }) => string,
    openUdp: OpenUdp,
  ) {
    this.#prefer = prefer;
    this.#openUdp = openUdp;
    this.local = { address: '0.0.0.0', port: sockets[0]?.local.port ?? 0 };
    for (const socket of sockets) this.#add(socket);
  }

  get queued(): number {
    let queued = 0;
    for (const socket of this.#sockets) queued += socket.queued;
    return queued;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    this.#way(address)?.send(bytes, port, address);
  }

  sealing(sealer: object, port: number, address: string): SealingWay | undefined {
    const moves = () => this.#moves;
    return MovingWay.open({
      get count() {
        return moves();
      },
      find: () => this.#way(address),
      watch: (changed) => this.#watch(address, changed),
      open: (socket) => socket.sealing?.(sealer, port, address),
    });
  }

  fanOut(): FanOut | undefined {
    // Of one thread, whose sockets are of one kind.
    return this.#sockets[0]?.fanOut?.();
  }

  rebind(addresses: readonly string[]): Promise<readonly BindError[]> {
    // One after the other: two at once would bind an address twice.
    this.#rebinding = this.#rebinding.then(() => this.#rebind(addresses));
    return this.#rebinding;
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets) socket.close();
  }

  async #rebind(addresses: readonly string[]): Promise<readonly BindError[]> {
    const failed: BindError[] = [];
    const gone = this.#sockets.filter(({ local }) => !addresses.includes(local.address));
    for (const socket of this.#closed ? [] : gone) {
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
      for (const [remote, way] of this.#ways) if (way === socket) this.#ways.delete(remote);
      socket.close();
      this.#move();
    }
    for (const address of addresses) {
      if (this.#closed || this.#sockets.some(({ local }) => local.address === address)) continue;
      const { port } = this.local;
      const opened = await this.#openUdp({ address, port }).catch((error: unknown) => {
        if (error instanceof BindError) return error;
        throw error;
      });
      if (opened instanceof BindError) failed.push(opened);
      else if (this.#closed) opened.close();
      else this.#add(opened);
    }
    this.#chosen.clear();
    this.#move();
    return failed;
  }

  #add(socket: DatagramSocket): void {
    this.#sockets.push(socket);
    socket.onDatagram = (bytes, address, port, cameAt) => {
      if (this.#ways.get(address) !== socket) {
        const isOneOfMany = this.#ways.size < MEMORY;
        remember(this.#ways, address, socket);
        this.#move(isOneOfMany ? address : undefined);
      }
      this.onDatagram(bytes, address, port, cameAt);
    };
  }

  /** Peers at `address`, or all of them, may be sent to by another socket from now on. */
  #move(address?: string): void {
    this.#moves++;
    const watches = address === undefined ? this.#watches.values() : [this.#watches.get(address) ?? []];
    for (const watch of watches) for (const changed of watch) changed();
  }

  #watch(address: string, changed: () => void): () => void {
    const watch = this.#watches.get(address) ?? new Set();
    this.#watches.set(address, watch.add(changed));
    return () => {
      watch.delete(changed);
      if (watch.size === 0 && this.#watches.get(address) === watch) this.#watches.delete(address);
    };
  }

  #way(address: string): DatagramSocket | undefined {
    return this.#ways.get(address) ?? this.#chosen.get(address) ?? this.#preferred(address);
  }

  /** Undefined: no address is left, and what would be sent is lost. */
  #preferred(address: string): DatagramSocket | undefined {
    const wanted = this.#prefer({ address });
    const isV6 = address.includes(':');
    const able = this.#sockets.filter(({ local }) => local.address.includes(':') === isV6);
    const socket = able.find(({ local }) => local.address === wanted) ?? able[0] ?? this.#sockets[0];
    if (socket !== undefined) remember(this.#chosen, address, socket);
    return socket;
  }
}

function remember(ways: Map<string, DatagramSocket>, address: string, socket: DatagramSocket): void {
  if (ways.size >= MEMORY) ways.clear();
  ways.set(address, socket);
}
