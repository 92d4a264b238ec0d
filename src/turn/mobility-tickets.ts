import { hex } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';
import type { Allocation } from './allocation.ts';

/** Bytes that cannot be guessed; the allocation's user name is asked for besides. */
const TICKET_BYTES = 16;

/**
 * Which allocation a client may take along to another 5-tuple (RFC 8016). An allocation has one ticket at a time, so there are never
 * more than allocations.
 */
export class MobilityTickets {
  readonly #random: Random;
  readonly #byTicket = new Map<string, Allocation>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** A new ticket in the place of the one before (RFC 8016 section 3.1.2). */
  issue(allocation: Allocation): Uint8Array {
    this.forget(allocation);
    const ticket = this.#random.bytes(TICKET_BYTES);
    allocation.ticket = hex(ticket);
    this.#byTicket.set(allocation.ticket, allocation);
    return ticket;
  }

  find(ticket: Uint8Array): Allocation | undefined {
    return this.#byTicket.get(hex(ticket));
  }

  forget(allocation: Allocation): void {
    if (allocation.ticket !== undefined) this.#byTicket.delete(allocation.ticket);
    allocation.ticket = undefined;
  }
}
