import { hex } from '../base/bytes.ts';
import type { Clock, Millis } from '../base/clock.ts';
import { type DatagramSocket, formatHostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import { Allocation, type TurnSession } from './allocation.ts';
import type { RelayOpener, TurnClient, TurnLimits } from './ports.ts';
import { RelayPorts } from './relay-ports.ts';
import type { Refusal } from './requests.ts';

/** A port may be some other program's: so many are tried before 508. */
const OPEN_ATTEMPTS = 8;

/** An Allocate request that waits for its socket. */
interface Opening {
  readonly kind: 'opening';
  readonly identity: string;
  readonly transaction: string;
}

type Slot = Opening | { readonly kind: 'open'; readonly identity: string; readonly allocation: Allocation };

/** What an allocation is to be made of. */
export interface AllocationOrder {
  readonly client: TurnClient;
  readonly session: TurnSession;
  readonly transactionId: Uint8Array;
  readonly parity: 'any' | 'even';
  readonly lifetimeMs: Millis;
}

/** How many of each thing a TURN server holds. */
export interface TurnGauges {
  readonly allocations: number;
  readonly permissions: number;
  readonly channels: number;
  readonly relayPorts: number;
}

/** All allocations by client, their quotas, ports, sockets and expiry. */
export class AllocationTable {
  readonly #slots = new Map<TurnClient, Slot>();
  readonly #perIdentity = new Map<string, number>();
  readonly #ports: RelayPorts;
  readonly #options: AllocationTableOptions;
  #portsHeld = 0;

  constructor(options: AllocationTableOptions) {
    this.#options = options;
    this.#ports = new RelayPorts(options.limits.relayPorts, options.random);
  }

  has(client: TurnClient): boolean {
    return this.#slots.has(client);
  }

  /** The client's allocation, once it is open. */
  of(client: TurnClient): Allocation | undefined {
    const slot = this.#slots.get(client);
    return slot?.kind === 'open' ? slot.allocation : undefined;
  }

  /** The client's request of this transaction is under way. */
  opening(client: TurnClient, transactionId: Uint8Array): boolean {
    const slot = this.#slots.get(client);
    return slot?.kind === 'opening' && slot.transaction === hex(transactionId);
  }

  /** Why this user may have no further allocation now, or undefined. */
  refusal(identity: string): Refusal | undefined {
    const { limits } = this.#options;
    if ((this.#perIdentity.get(identity) ?? 0) >= limits.allocationsPerUser)
      return { code: 486, reason: 'quota' };
    if (this.#slots.size >= limits.allocations) return { code: 508, reason: 'capacity' };
    return undefined;
  }

  /** Opens a relay; `done` gets the allocation, or undefined when no port could be had. Not called if the client left. */
  open(order: AllocationOrder, done: (allocation: Allocation | undefined) => void): void {
    const { client, session } = order;
    const slot: Opening = {
      kind: 'opening',
      identity: session.identity,
      transaction: hex(order.transactionId),
    };
    this.#slots.set(client, slot);
    this.#perIdentity.set(session.identity, (this.#perIdentity.get(session.identity) ?? 0) + 1);
    this.#attempt(order, slot, OPEN_ATTEMPTS, done);
  }

  /** Sets when the allocation ends, and its alarm for whatever expires first. */
  extend(allocation: Allocation, expiresAt: Millis, now: Millis): void {
    allocation.expiresAt = expiresAt;
    this.arm(allocation, now);
  }

  /** To be called when permissions or channels were added. */
  arm(allocation: Allocation, now: Millis): void {
    const { timers } = this.#options;
    const next = Math.min(allocation.expiresAt, allocation.peers.sweep(now));
    if (allocation.alarm !== undefined && allocation.alarm.at === next) return;
    timers.cancel(allocation.alarm);
    allocation.alarm = timers.schedule(next, (at) => {
      allocation.alarm = undefined;
      if (at >= allocation.expiresAt) this.release(allocation.client, 'expired');
      else this.arm(allocation, at);
    });
  }

  /** Ends what the client holds; harmless when it holds nothing. */
  release(client: TurnClient, reason: string): void {
    const slot = this.#slots.get(client);
    if (slot === undefined) return;
    this.#forget(client, slot);
    if (slot.kind === 'opening') return;
    const { allocation } = slot;
    this.#options.timers.cancel(allocation.alarm);
    allocation.alarm = undefined;
    allocation.socket.onDatagram = () => {};
    allocation.socket.close();
    this.#givePort(allocation.port);
    this.#options.emit({
      type: 'turn.released',
      client: formatHostPort(client.remote),
      relay: allocation.port,
      reason,
      bytesUp: allocation.bytesUp,
      bytesDown: allocation.bytesDown,
    });
  }

  releaseAll(reason: string): void {
    for (const client of [...this.#slots.keys()]) this.release(client, reason);
  }

  gauges(): TurnGauges {
    let permissions = 0;
    let channels = 0;
    for (const slot of this.#slots.values()) {
      if (slot.kind === 'opening') continue;
      const counts = slot.allocation.peers.counts;
      permissions += counts.permissions;
      channels += counts.channels;
    }
    return { allocations: this.#slots.size, permissions, channels, relayPorts: this.#portsHeld };
  }

  #attempt(
    order: AllocationOrder,
    slot: Opening,
    left: number,
    done: (allocation: Allocation | undefined) => void,
  ): void {
    const port = left > 0 ? this.#takePort(order.parity) : undefined;
    if (port === undefined) {
      this.#forget(order.client, slot);
      done(undefined);
      return;
    }
    this.#options.relays.open(port, (socket) => {
      if (this.#slots.get(order.client) !== slot) {
        // The client left or the server closed while the socket was being bound.
        socket?.close();
        this.#givePort(port);
      } else if (socket === undefined) {
        this.#givePort(port);
        this.#attempt(order, slot, left - 1, done);
      } else {
        done(this.#opened(order, socket, port));
      }
    });
  }

  #opened(order: AllocationOrder, socket: DatagramSocket, port: number): Allocation {
    const { clock, limits, onPeerDatagram, emit } = this.#options;
    const now = clock.now();
    const expiresAt = now + order.lifetimeMs;
    const { client, session, transactionId } = order;
    const allocation = new Allocation({
      client,
      session,
      socket,
      port,
      transactionId,
      expiresAt,
      peerLimit: limits.peersPerAllocation,
    });
    socket.onDatagram = (bytes, address, peerPort) => onPeerDatagram(allocation, bytes, address, peerPort);
    this.#slots.set(client, { kind: 'open', identity: session.identity, allocation });
    this.arm(allocation, now);
    const from = formatHostPort(client.remote);
    emit({ type: 'turn.allocated', client: from, relay: port, username: session.username });
    return allocation;
  }

  #forget(client: TurnClient, slot: Slot): void {
    this.#slots.delete(client);
    const left = (this.#perIdentity.get(slot.identity) ?? 1) - 1;
    if (left === 0) this.#perIdentity.delete(slot.identity);
    else this.#perIdentity.set(slot.identity, left);
    client.released?.();
  }

  #takePort(parity: 'any' | 'even'): number | undefined {
    const port = this.#ports.take(parity);
    if (port !== undefined) this.#portsHeld++;
    return port;
  }

  #givePort(port: number): void {
    this.#ports.give(port);
    this.#portsHeld--;
  }
}

interface AllocationTableOptions {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly random: Random;
  readonly relays: RelayOpener;
  readonly limits: TurnLimits;
  readonly emit: EventSink;
  /** A datagram that came to an allocation's relayed address. */
  onPeerDatagram(allocation: Allocation, bytes: Uint8Array, address: string, port: number): void;
}
