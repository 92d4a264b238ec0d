import type { AddressFamily } from '../../stun/address.ts';
import { familyOf } from '../../stun/address.ts';
import { PacketWire, type WireMemory, wireMemory } from './packet-wire.ts';

const PORTS = 65_536;

/** What the TURN server and a media worker share; plain data, for the start of the worker's thread. */
export interface RelayWireMemory {
  readonly packets: WireMemory;
  /** One byte for each port of each family: 1 while a relay of this process has it. */
  readonly open: SharedArrayBuffer;
}

/** Memory for the wires to `count` workers; all see the same relays. */
export function relayWireMemory(count: number): RelayWireMemory[] {
  const open = new SharedArrayBuffer(2 * PORTS);
  return Array.from({ length: count }, () => ({ packets: wireMemory(), open }));
}

/** What came over a wire: of which relay, and at or from which address of ours, by its place in the list of those. */
export type RelayReceiver = (bytes: Uint8Array, family: AddressFamily, port: number, address: number) => void;

/**
 * The way between the TURN server's relays and one media worker's port for browsers, inside of the process: what a relay sends to that
 * port, and what the port sends to that relay, without the kernel.
 */
export class RelayWire {
  readonly #wire: PacketWire;
  readonly #open: Uint8Array<SharedArrayBuffer>;
  onPacket: RelayReceiver = () => {};

  /** `end`: `relays` of the TURN server, `media` of the worker. */
  constructor(memory: RelayWireMemory, end: 'relays' | 'media', onFault: (error: unknown) => void) {
    this.#open = new Uint8Array(memory.open);
    this.#wire = new PacketWire(memory.packets, end === 'relays' ? 'first' : 'second', onFault);
    this.#wire.onPacket = (bytes, tag) => {
      this.onPacket(bytes, tag >>> 24 === 1 ? 'ipv6' : 'ipv4', tag & 0xffff, (tag >>> 16) & 0xff);
    };
  }

  /** Marks a relay as open, or as closed again. */
  mark(family: AddressFamily, port: number, state: 'open' | 'closed'): void {
    this.#open[at(family, port)] = state === 'open' ? 1 : 0;
  }

  /** Whether a relay of this process has that port, at the relays' address of that family. */
  isOpen(family: AddressFamily, port: number): boolean {
    return this.#open[at(family, port)] === 1;
  }

  /** `address` is below 256. False when the other end is far behind. */
  send(bytes: Uint8Array, family: AddressFamily, port: number, address: number): boolean {
    const first = family === 'ipv6' ? 1 : 0;
    return this.#wire.send(bytes, (first << 24) | (address << 16) | port);
  }

  close(): void {
    this.#wire.close();
  }
}

/** Addresses of one list by their place in it, as the wire names them; those behind the 256th have none. */
export function addressPlaces(addresses: readonly string[]): ReadonlyMap<string, number> {
  return new Map(addresses.slice(0, 256).map((address, place) => [address, place]));
}

/** The first address of each family in a list: where relays are. */
export function relayAddressesOf(
  addresses: readonly string[],
): Readonly<Record<AddressFamily, string | undefined>> {
  const first = (family: AddressFamily) => addresses.find((address) => familyOf(address) === family);
  return { ipv4: first('ipv4'), ipv6: first('ipv6') };
}

function at(family: AddressFamily, port: number): number {
  return family === 'ipv6' ? PORTS + port : port;
}
