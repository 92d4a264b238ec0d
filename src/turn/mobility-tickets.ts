import { hex } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';
import type { Allocation } from './allocation.ts';

/** Bytes that cannot be guessed; the allocation's user name is asked for besides. */
const TICKET_BYTES = 16;

/**
 * Which allocation a client may take along to another 5-tuple (RFC 8016). An allocation has its ticket and the one before, whose
 * successor may be lost on the way to a client that is between two networks: there are never more than twice the allocations.
 */
export class MobilityTickets {
  readonly #random: Random;
  readonly #byTicket = new Map<string, Allocation>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** A new ticket (RFC 8016 section 3.1.2); that before the last is worth nothing any more. */
  issue(allocation: Allocation): Uint8Array {
    const { ticket: last, ticketBefore } = allocation;
    if (ticketBefore !== undefined) this.#byTicket.delete(ticketBefore);
    const ticket = this.#random.bytes(TICKET_BYTES);
    allocation.ticketBefore = last;
    allocation.ticket = hex(ticket);
    this.#byTicket.set(allocation.ticket, allocation);
    return ticket;
  }

  find(ticket: Uint8Array): Allocation | undefined {
    return this.#byTicket.get(hex(ticket));
  }

  forget(allocation: Allocation): void {
    const { ticket, ticketBefore } = allocation;
    for (const each of [ticket, ticketBefore]) if (each !== undefined) this.#byTicket.delete(each);
    allocation.ticket = undefined;
    allocation.ticketBefore = undefined;
  }
}
