import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { StunBuilder } from '../stun/builder.ts';
import type { StunMessage } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';
import type { Allocation, TurnSession } from './allocation.ts';
import type { AllocationTable } from './allocation-table.ts';
import { type AuthenticatedUser, sealAnswer } from './authenticate.ts';
import type { PeerRule } from './peer-rule.ts';
import type { TurnClient, TurnLimits } from './ports.ts';
import type { Refusal } from './refusal.ts';
import {
  type AllocateWish,
  readAllocate,
  readChannelBind,
  readCreatePermission,
  readRefresh,
} from './requests.ts';

interface ProceduresOptions {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly digests: Digests;
  readonly isAllowedPeer: PeerRule;
  readonly limits: TurnLimits;
  readonly table: AllocationTable;
  /** Attributes that are understood. */
  readonly known: ReadonlySet<number>;
  /** Answers a request whose refusal turned out only when its socket could not be had. */
  refuseLater(message: StunMessage, client: TurnClient, session: TurnSession, refusal: Refusal): void;
}

/** The four requests of TURN, of users who have proved who they are. Each says why it refuses, or undefined. */
export class Procedures {
  readonly #options: ProceduresOptions;

  constructor(options: ProceduresOptions) {
    this.#options = options;
  }

  run(message: StunMessage, client: TurnClient, user: AuthenticatedUser, now: Millis): Refusal | undefined {
    if (message.unknownRequired(this.#options.known).length > 0)
      return { code: 420, reason: 'unknown-attribute' };
    const held = this.#options.table.of(client);
    // RFC 8656 section 5: all requests of an allocation come with the user name that made it.
    if (held !== undefined && held.session.username !== user.username)
      return { code: 441, reason: 'other-user' };
    if (message.method === Method.allocate) return this.#allocate(message, client, user);
    if (held === undefined) return this.#moved(message, client, user, now);
    switch (message.method) {
      case Method.refresh:
        return this.#refresh(message, held, user, now);
      case Method.createPermission:
        return this.#createPermission(message, held, user, now);
      case Method.channelBind:
        return this.#channelBind(message, held, user, now);
      default:
        return { code: 400, reason: 'unknown-method' };
    }
  }

  /** RFC 8656 section 7.2. */
  #allocate(message: StunMessage, client: TurnClient, user: AuthenticatedUser): Refusal | undefined {
    const { table, wall } = this.#options;
    const held = table.of(client);
    // A retransmission: its answer was lost, or is not there yet.
    if (held?.answers(message.transactionId)) {
      client.send(held.answer);
      return undefined;
    }
    if (table.opening(client, message.transactionId)) return undefined;
    if (table.has(client)) return { code: 437, reason: 'allocated' };
    if (wall.unixMs() >= user.expires * 1000) return { code: 401, reason: 'expired-credentials' };
    const wish = readAllocate(message, (family) => table.hasFamily(family));
    if (!wish.ok) return wish.error;
    const refusal = table.refusal(user, wish.value.relay);
    if (refusal !== undefined) return refusal;
    this.#open(message, client, user, wish.value);
    return undefined;
  }

  #open(message: StunMessage, client: TurnClient, user: AuthenticatedUser, wish: AllocateWish): void {
    const { table } = this.#options;
    // The message's bytes are not ours any more when a socket opens later.
    const kept = message.copy();
    const { relay, additional } = wish;
    const lifetime = this.#lifetime(wish.lifetime);
    const { transactionId } = kept;
    const order = { client, session: user, transactionId, relay, additional, lifetimeMs: lifetime * 1000 };
    table.open(order, (opened) => {
      if (opened === undefined) {
        const reason = relay.from === 'reservation' ? 'reservation-unknown' : 'no-port';
        this.#options.refuseLater(kept, client, user, { code: 508, reason });
        return;
      }
      const { allocation, reserved } = opened;
      const reply = StunBuilder.reply(kept, 'success');
      for (const { address, port } of allocation.relays)
        reply.xorAddress(Attribute.xorRelayedAddress, address, port);
      reply.u32(Attribute.lifetime, lifetime);
      if (additional !== undefined && allocation.relay(additional) === undefined)
        reply.addressErrorCode(additional, table.hasFamily(additional) ? 508 : 440);
      if (reserved !== undefined) reply.attribute(Attribute.reservationToken, reserved);
      if (wish.mobility === 'mobile') reply.attribute(Attribute.mobilityTicket, table.ticket(allocation));
      reply.xorAddress(Attribute.xorMappedAddress, client.remote.address, client.remote.port);
      allocation.answer = this.#seal(reply, user);
      client.send(allocation.answer);
    });
  }

  /** A Refresh with a ticket from another 5-tuple than the allocation's takes it along (RFC 8016 section 3.2.2). */
  #moved(
    message: StunMessage,
    client: TurnClient,
    user: AuthenticatedUser,
    now: Millis,
  ): Refusal | undefined {
    const ticket = message.attribute(Attribute.mobilityTicket);
    const { table } = this.#options;
    // One that is about to get an allocation of its own cannot take another one along.
    if (message.method !== Method.refresh || ticket === undefined || table.has(client))
      return { code: 437, reason: 'no-allocation' };
    const allocation = table.ticketed(ticket);
    if (allocation === undefined) return { code: 400, reason: 'ticket-unknown' };
    if (allocation.session.username !== user.username) return { code: 441, reason: 'other-user' };
    const wish = readRefresh(message, allocation);
    if (!wish.ok) return wish.error;
    table.move(allocation, client);
    return this.#refresh(message, allocation, user, now);
  }

  /** RFC 8656 section 8.2. Credentials that have expired meanwhile still do, so that no call is cut. */
  #refresh(
    message: StunMessage,
    allocation: Allocation,
    user: TurnSession,
    now: Millis,
  ): Refusal | undefined {
    const wish = readRefresh(message, allocation);
    if (!wish.ok) return wish.error;
    const { family } = wish.value;
    const lifetime = wish.value.lifetime === 0 ? 0 : this.#lifetime(wish.value.lifetime);
    const { client } = allocation;
    const { table } = this.#options;
    const reply = StunBuilder.reply(message, 'success').u32(Attribute.lifetime, lifetime);
    table.extend(allocation, family, now + lifetime * 1000, now);
    if (allocation.ticket !== undefined && message.has(Attribute.mobilityTicket))
      reply.attribute(Attribute.mobilityTicket, table.ticket(allocation));
    client.send(this.#seal(reply, user));
    return undefined;
  }

  /** RFC 8656 section 9.2. */
  #createPermission(
    message: StunMessage,
    allocation: Allocation,
    user: TurnSession,
    now: Millis,
  ): Refusal | undefined {
    const wish = readCreatePermission(message, allocation, this.#options.isAllowedPeer);
    if (!wish.ok) return wish.error;
    if (!allocation.peers.hasRoomFor(wish.value.map((peer) => peer.address))) {
      return { code: 508, reason: 'too-many-peers' };
    }
    for (const peer of wish.value) allocation.peers.permit(peer.address, now);
    this.#installed(message, allocation, user, now);
    return undefined;
  }

  /** RFC 8656 section 12.2. */
  #channelBind(
    message: StunMessage,
    allocation: Allocation,
    user: TurnSession,
    now: Millis,
  ): Refusal | undefined {
    const wish = readChannelBind(message, allocation, this.#options.isAllowedPeer);
    if (!wish.ok) return wish.error;
    const { number, peer } = wish.value;
    const binding = allocation.peers.bind(number, peer.address, peer.port, now);
    if (binding === 'conflict') return { code: 400, reason: 'channel-conflict' };
    if (binding === 'full') return { code: 508, reason: 'too-many-channels' };
    this.#installed(message, allocation, user, now);
    return undefined;
  }

  #installed(message: StunMessage, allocation: Allocation, user: TurnSession, now: Millis): void {
    this.#options.table.arm(allocation, now);
    allocation.client.send(this.#seal(StunBuilder.reply(message, 'success'), user));
  }

  /** RFC 8656 section 7.2: not under the default, not over the cap. */
  #lifetime(asked: number | undefined): number {
    const { defaultLifetime, maxLifetime } = this.#options.limits;
    return Math.min(maxLifetime, Math.max(defaultLifetime, asked ?? defaultLifetime));
  }

  #seal(reply: StunBuilder, session: TurnSession): Uint8Array {
    return sealAnswer(reply, this.#options.digests, session);
  }
}
