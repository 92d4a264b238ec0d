import type { DatagramSocket, HostPort } from '../../base/net.ts';
import type { AddressFamily } from '../../stun/address.ts';
import type { RelayOpener } from '../../turn/ports.ts';
import { addressPlaces, RelayWire, type RelayWireMemory } from './relay-wire.ts';

/** A media worker as relays reach it. */
export interface WiredMedia {
  /** Its UDP port for browsers. */
  readonly port: number;
  readonly memory: RelayWireMemory;
}

export interface WiredRelaysOptions {
  /** Opens the sockets that keep the ports, and that carry what goes elsewhere. */
  readonly kernel: RelayOpener;
  readonly media: readonly WiredMedia[];
  /** Addresses at which media are taken, in the same order as the workers have them. */
  readonly addresses: readonly string[];
  /** A packet was thrown away because the worker was behind. */
  dropped(): void;
  onFault(error: unknown): void;
}

/**
 * Relays whose packets to and from this process's own media do not pass through the kernel. Each has a socket of the kernel's beside: so
 * nobody else takes its port, and peers that are allowed by name are reached by it.
 */
export class WiredRelays implements RelayOpener {
  readonly #options: WiredRelaysOptions;
  readonly #places: ReadonlyMap<string, number>;
  readonly #wires = new Map<number, RelayWire>();
  readonly #sockets: Readonly<Record<AddressFamily, Map<number, WiredRelay>>> = {
    ipv4: new Map(),
    ipv6: new Map(),
  };

  constructor(options: WiredRelaysOptions) {
    const { media, addresses, onFault } = options;
    this.#options = options;
    this.#places = addressPlaces(addresses);
    for (const { port, memory } of media) {
      const wire = new RelayWire(memory, 'relays', onFault);
      wire.onPacket = (bytes, family, relay, place) => {
        const address = addresses[place];
        // A relay may have closed while the packet was on its way.
        if (address !== undefined) this.#sockets[family].get(relay)?.onDatagram(bytes, address, port);
      };
      this.#wires.set(port, wire);
    }
  }

  get sendsWhole(): boolean {
    return this.#options.kernel.sendsWhole === true;
  }

  open(family: AddressFamily, port: number, opened: (socket: DatagramSocket | undefined) => void): void {
    this.#options.kernel.open(family, port, (kernel) => {
      opened(kernel === undefined ? undefined : this.#wired(family, port, kernel));
    });
  }

  close(): void {
    for (const wire of this.#wires.values()) wire.close();
  }

  #wired(family: AddressFamily, port: number, kernel: DatagramSocket): DatagramSocket {
    const { dropped } = this.#options;
    this.#mark(family, port, 'open');
    const socket = new WiredRelay(kernel, {
      sendWired: (bytes, to, address) => {
        const place = this.#places.get(address);
        const wire = place === undefined ? undefined : this.#wires.get(to);
        if (wire === undefined || place === undefined) return false;
        if (!wire.send(bytes, family, port, place)) dropped();
        return true;
      },
      closed: () => {
        this.#mark(family, port, 'closed');
        this.#sockets[family].delete(port);
      },
    });
    this.#sockets[family].set(port, socket);
    return socket;
  }

  /** Workers share what is open: one of their wires is enough. */
  #mark(family: AddressFamily, port: number, state: 'open' | 'closed'): void {
    for (const wire of this.#wires.values()) {
      wire.mark(family, port, state);
      return;
    }
  }
}

interface WiredRelayEvents {
  /** False: that is no media of this process, and the kernel's. */
  sendWired(bytes: Uint8Array, port: number, address: string): boolean;
  closed(): void;
}

class WiredRelay implements DatagramSocket {
  /** What does not leave the process is in one piece in any case. */
  readonly sendWhole: DatagramSocket['sendWhole'];
  readonly #kernel: DatagramSocket;
  readonly #events: WiredRelayEvents;
  #closed = false;
  onDatagram: (bytes: Uint8Array, address: string, port: number) => void = () => {};

  constructor(kernel: DatagramSocket, events: WiredRelayEvents) {
    this.#kernel = kernel;
    this.#events = events;
    kernel.onDatagram = (bytes, address, port) => this.onDatagram(bytes, address, port);
    if (kernel.sendWhole !== undefined)
      this.sendWhole = (bytes, port, address) => {
        if (this.#closed || this.#events.sendWired(bytes, port, address)) return;
        kernel.sendWhole?.(bytes, port, address);
      };
  }

  get local(): HostPort {
    return this.#kernel.local;
  }

  get queued(): number {
    return this.#kernel.queued;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    if (this.#closed || this.#events.sendWired(bytes, port, address)) return;
    this.#kernel.send(bytes, port, address);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onDatagram = () => {};
    this.#events.closed();
    this.#kernel.close();
  }
}
