import { hex } from '../base/bytes.ts';
import type { Clock, Millis } from '../base/clock.ts';
import { formatHostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { AddressFamily } from '../stun/address.ts';
import { type AllocatedRelay, Allocation, type TurnSession } from './allocation.ts';
import { MobilityTickets } from './mobility-tickets.ts';
import type { RelayAddresses, RelayOpener, TurnClient, TurnLimits } from './ports.ts';
import type { Refusal } from './refusal.ts';
import { type OpenRelay, RelayPool } from './relay-pool.ts';
import { Reservations } from './reservations.ts';
import { UserBudgets } from './user-budgets.ts';

/** An Allocate request that waits for its socket. */
interface Opening {
  readonly kind: 'opening';
  readonly identity: string;
  readonly transaction: string;
}

type Slot = Opening | { readonly kind: 'open'; readonly identity: string; readonly allocation: Allocation };

/** Where an allocation's relay comes from. */
export type RelayWish =
  | { readonly from: 'range'; readonly family: AddressFamily; readonly parity: 'any' | 'even' }
  /** An even port, and the next one reserved. */
  | { readonly from: 'pair'; readonly family: AddressFamily }
  | { readonly from: 'reservation'; readonly token: Uint8Array };

/** What an allocation is to be made of. */
export interface AllocationOrder {
  readonly client: TurnClient;
  readonly session: TurnSession;
  readonly transactionId: Uint8Array;
  readonly relay: RelayWish;
  /** A relay of another family beside it, where one can be had (ADDITIONAL-ADDRESS-FAMILY). */
  readonly additional: AddressFamily | undefined;
  readonly lifetimeMs: Millis;
}

/** An allocation that has come about, and the token of the port that was reserved with it. */
export interface Opened {
  readonly allocation: Allocation;
  readonly reserved: Uint8Array | undefined;
}

/** How many of each thing a TURN server holds. */
export interface TurnGauges {
  readonly allocations: number;
  readonly permissions: number;
  readonly channels: number;
  readonly relayPorts: number;
}

interface AllocationTableOptions {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly random: Random;
  readonly relayAddresses: RelayAddresses;
  readonly relays: RelayOpener;
  readonly limits: TurnLimits;
  readonly emit: EventSink;
  /** A datagram that came to one of an allocation's relayed addresses. */
  onPeerDatagram(allocation: Allocation, bytes: Uint8Array, address: string, port: number): void;
}

/** All allocations by client, their quotas, relays and expiry. */
export class AllocationTable {
  readonly #slots = new Map<TurnClient, Slot>();
  readonly #budgets: UserBudgets;
  readonly #pool: RelayPool;
  readonly #reservations: Reservations;
  readonly #tickets: MobilityTickets;
  readonly #options: AllocationTableOptions;

  constructor(options: AllocationTableOptions) {
    const { limits, random, relays, relayAddresses, timers } = options;
    this.#options = options;
    this.#budgets = new UserBudgets(limits.bytesPerSecond);
    this.#pool = new RelayPool({
      ...{ addresses: relayAddresses, opener: relays, range: limits.relayPorts, random },
    });
    this.#reservations = new Reservations({ timers, random, pool: this.#pool, budgets: this.#budgets });
    this.#tickets = new MobilityTickets(random);
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

  /** Whether there are relays of that family. */
  hasFamily(family: AddressFamily): boolean {
    return this.#pool.has(family);
  }

  /** Why this user may have no further allocation now, or undefined. */
  refusal({ identity }: TurnSession, relay: RelayWish): Refusal | undefined {
    const { limits } = this.#options;
    const wanted = relay.from === 'pair' ? 2 : 1;
    // What is reserved already is counted already.
    const held = this.#budgets.heldBy(identity) + wanted - (relay.from === 'reservation' ? 1 : 0);
    if (held > limits.allocationsPerUser) return { code: 486, reason: 'quota' };
    if (this.#slots.size >= limits.allocations) return { code: 508, reason: 'capacity' };
    if (relay.from === 'pair' && this.#reservations.isFull) return { code: 508, reason: 'reservations' };
    return undefined;
  }

  /** Opens relays; `done` gets the allocation, or undefined when no port could be had. Not called if the client left. */
  open(order: AllocationOrder, done: (opened: Opened | undefined) => void): void {
    const { client, session, additional } = order;
    const { identity } = session;
    const now = this.#options.clock.now();
    const slot: Opening = { kind: 'opening', identity, transaction: hex(order.transactionId) };
    this.#slots.set(client, slot);
    const budget = this.#budgets.take(identity, now);
    const opened = (relays: readonly OpenRelay[], reserved: OpenRelay | undefined) => {
      if (this.#slots.get(client) !== slot) {
        // The client left or the server closed while the sockets were being bound.
        for (const relay of [...relays, reserved]) if (relay !== undefined) this.#pool.close(relay);
      } else if (relays.length === 0) {
        this.#forget(client, slot);
        done(undefined);
      } else {
        const at = this.#options.clock.now();
        const token = reserved === undefined ? undefined : this.#reservations.add(reserved, identity, at);
        const allocation = this.#opened(order, relays, budget, at);
        done({ allocation, reserved: token });
      }
    };
    this.#openFirst(order, (first, reserved) => {
      if (first === undefined || additional === undefined) {
        opened(first === undefined ? [] : [first], reserved);
        return;
      }
      this.#pool.open(additional, 'any', (second) => {
        opened(second === undefined ? [first] : [first, second], reserved);
      });
    });
  }

  /** Sets when the client's relay of that family ends, or all of them; ends those at once whose time is now. */
  extend(allocation: Allocation, family: AddressFamily | undefined, expiresAt: Millis, now: Millis): void {
    for (const relay of allocation.relays)
      if (family === undefined || relay.family === family) relay.expiresAt = expiresAt;
    this.#endExpired(allocation, now, 'client');
  }

  /** To be called when permissions or channels were added. */
  arm(allocation: Allocation, now: Millis): void {
    const { timers } = this.#options;
    let next = allocation.peers.sweep(now);
    for (const { expiresAt } of allocation.relays) next = Math.min(next, expiresAt);
    if (allocation.alarm !== undefined && allocation.alarm.at === next) return;
    timers.cancel(allocation.alarm);
    allocation.alarm = timers.schedule(next, (at) => {
      allocation.alarm = undefined;
      this.#endExpired(allocation, at, 'expired');
    });
  }

  /** A ticket that takes the allocation along, in the place of the one before (RFC 8016 section 3.1.2). */
  ticket(allocation: Allocation): Uint8Array {
    return this.#tickets.issue(allocation);
  }

  /** The allocation that this ticket takes along. */
  ticketed(ticket: Uint8Array): Allocation | undefined {
    return this.#tickets.find(ticket);
  }

  /** From now on the allocation is this client's, which holds none (RFC 8016 section 3.2.2). */
  move(allocation: Allocation, client: TurnClient): void {
    const before = allocation.client;
    const slot = this.#slots.get(before);
    if (slot === undefined || this.#slots.has(client)) return;
    this.#slots.delete(before);
    this.#slots.set(client, slot);
    allocation.client = client;
    before.released?.();
  }

  /** Ends what the client holds; harmless when it holds nothing. */
  release(client: TurnClient, reason: string): void {
    const slot = this.#slots.get(client);
    if (slot === undefined) return;
    this.#forget(client, slot);
    if (slot.kind === 'opening') return;
    const { allocation } = slot;
    const { relays } = allocation;
    this.#tickets.forget(allocation);
    this.#options.timers.cancel(allocation.alarm);
    allocation.alarm = undefined;
    for (const relay of relays) this.#pool.close(relay);
    this.#tellReleased(allocation, relays[0]!, reason);
  }

  releaseAll(reason: string): void {
    for (const client of [...this.#slots.keys()]) this.release(client, reason);
    this.#reservations.closeAll();
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
    return { allocations: this.#slots.size, permissions, channels, relayPorts: this.#pool.held };
  }

  #openFirst(
    { relay, session }: AllocationOrder,
    done: (first: OpenRelay | undefined, reserved: OpenRelay | undefined) => void,
  ): void {
    if (relay.from === 'reservation') {
      done(this.#reservations.claim(relay.token, session.identity), undefined);
    } else if (relay.from === 'pair') {
      this.#pool.openPair(relay.family, (pair) => done(pair?.[0], pair?.[1]));
    } else {
      this.#pool.open(relay.family, relay.parity, (first) => done(first, undefined));
    }
  }

  #opened(
    { client, session, transactionId, lifetimeMs }: AllocationOrder,
    open: readonly OpenRelay[],
    budget: Allocation['budget'],
    now: Millis,
  ): Allocation {
    const { limits, onPeerDatagram, emit } = this.#options;
    const relays: AllocatedRelay[] = open.map((relay) => ({ ...relay, expiresAt: now + lifetimeMs }));
    const peerLimit = limits.peersPerAllocation;
    const allocation = new Allocation({ client, session, relays, budget, transactionId, peerLimit });
    for (const { socket } of relays) {
      socket.onDatagram = (bytes, address, port) => onPeerDatagram(allocation, bytes, address, port);
    }
    this.#slots.set(client, { kind: 'open', identity: session.identity, allocation });
    this.arm(allocation, now);
    const from = formatHostPort(client.remote);
    emit({ type: 'turn.allocated', client: from, relay: relays[0]!.port, username: session.username });
    return allocation;
  }

  /** Ends relays whose time is over, and with the last of them the allocation. */
  #endExpired(allocation: Allocation, now: Millis, reason: string): void {
    const { relays } = allocation;
    const over = relays.filter(({ expiresAt }) => expiresAt <= now);
    if (over.length === relays.length) {
      this.release(allocation.client, reason);
      return;
    }
    for (const relay of over) {
      allocation.remove(relay.family);
      this.#pool.close(relay);
    }
    this.arm(allocation, now);
  }

  #tellReleased(allocation: Allocation, { port }: OpenRelay, reason: string): void {
    const { bytesUp, bytesDown, client } = allocation;
    const from = formatHostPort(client.remote);
    this.#options.emit({ type: 'turn.released', client: from, relay: port, reason, bytesUp, bytesDown });
  }

  #forget(client: TurnClient, slot: Slot): void {
    this.#slots.delete(client);
    this.#budgets.give(slot.identity);
    client.released?.();
  }
}
