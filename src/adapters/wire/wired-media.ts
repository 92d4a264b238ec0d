import type { FanOut } from '../../base/fan-out.ts';
import type { DatagramSocket, HostPort } from '../../base/net.ts';
import type { SealingWay } from '../../base/sealing-way.ts';
import { type AddressFamily, familyOf } from '../../stun/address.ts';
import { addressPlaces, RelayWire, type RelayWireMemory, relayAddressesOf } from './relay-wire.ts';

/** Ports of a family. */
const PORTS = 65_536;

export interface WiredMediaOptions {
  /** The worker's port for browsers as the kernel has it. */
  readonly kernel: DatagramSocket;
  readonly memory: RelayWireMemory;
  /** Addresses at which media are taken, in the same order as the TURN server has them: relays are at the first of each family. */
  readonly addresses: readonly string[];
  /** A packet was thrown away because the TURN server was behind. */
  dropped(): void;
  onFault(error: unknown): void;
}

/**
 * A media worker's port for browsers, with a way past the kernel to the relays of this process. To who uses it a relay is an address as
 * any other; answers go out by the address of ours that the relay spoke to last, as over the kernel (`every-address.ts`).
 */
export class WiredMediaSocket implements DatagramSocket {
  readonly #kernel: DatagramSocket;
  readonly #wire: RelayWire;
  readonly #relays: Readonly<Record<AddressFamily, string | undefined>>;
  readonly #dropped: () => void;
  /** By family and port: the place of the address that the relay spoke to last. */
  readonly #spokenTo = new Uint8Array(2 * PORTS);
  #closed = false;
  onDatagram: (bytes: Uint8Array, address: string, port: number) => void = () => {};

  constructor({ kernel, memory, addresses, dropped, onFault }: WiredMediaOptions) {
    this.#kernel = kernel;
    this.#dropped = dropped;
    this.#relays = relayAddressesOf(addresses);
    const first = addressPlaces(addresses);
    this.#spokenTo.fill(first.get(this.#relays.ipv4 ?? '') ?? 0, 0, PORTS);
    this.#spokenTo.fill(first.get(this.#relays.ipv6 ?? '') ?? 0, PORTS);
    this.#wire = new RelayWire(memory, 'media', onFault);
    this.#wire.onPacket = (bytes, family, port, place) => {
      const relay = this.#relays[family];
      if (relay === undefined) return;
      this.#spokenTo[spot(family, port)] = place;
      this.onDatagram(bytes, relay, port);
    };
    kernel.onDatagram = (bytes, address, port) => this.onDatagram(bytes, address, port);
  }

  get local(): HostPort {
    return this.#kernel.local;
  }

  get queued(): number {
    return this.#kernel.queued;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    if (this.#closed) return;
    const family = familyOf(address);
    if (!this.#wire.isOpen(family, port) || this.#relays[family] !== address) {
      this.#kernel.send(bytes, port, address);
    } else if (!this.#wire.send(bytes, family, port, this.#spokenTo[spot(family, port)]!)) {
      this.#dropped();
    }
  }

  sealing(sealer: object, port: number, address: string): SealingWay | undefined {
    const kernel = this.#kernel.sealing?.(sealer, port, address);
    const family = familyOf(address);
    if (kernel === undefined || this.#relays[family] !== address) return kernel;
    // A relay of this process, or somebody else at its address.
    return {
      lend: () => (this.#wire.isOpen(family, port) ? undefined : kernel.lend()),
      commit: (headerEnd, length, index) => kernel.commit(headerEnd, length, index),
      close: () => kernel.close(),
    };
  }

  fanOut(): FanOut | undefined {
    return this.#kernel.fanOut?.();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wire.close();
    this.#kernel.close();
  }
}

function spot(family: AddressFamily, port: number): number {
  return family === 'ipv6' ? PORTS + port : port;
}
