import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { StunBuilder } from '../stun/builder.ts';
import type { StunMessage } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';
import type { Allocation, TurnSession } from './allocation.ts';
import type { AllocationTable } from './allocation-table.ts';
import type { AuthenticatedUser } from './authenticate.ts';
import type { TurnClient, TurnLimits } from './ports.ts';
import {
  KNOWN_ATTRIBUTES,
  type PeerRule,
  type Refusal,
  readAllocate,
  readChannelBind,
  readCreatePermission,
  readRefresh,
} from './requests.ts';

interface ProceduresOptions {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly digests: Digests;
  readonly relayAddress: string;
  readonly isAllowedPeer: PeerRule;
  readonly limits: TurnLimits;
  readonly table: AllocationTable;
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
    if (message.unknownRequired(KNOWN_ATTRIBUTES).length > 0)
      return { code: 420, reason: 'unknown-attribute' };
    const held = this.#options.table.of(client);
    // RFC 8656 section 5: all requests of an allocation come with the user name that made it.
    if (held !== undefined && held.session.username !== user.username)
      return { code: 441, reason: 'other-user' };
    if (message.method === Method.allocate) return this.#allocate(message, client, user);
    if (held === undefined) return { code: 437, reason: 'no-allocation' };
    switch (message.method) {
      case Method.refresh:
        return this.#refresh(message, held, now);
      case Method.createPermission:
        return this.#createPermission(message, held, now);
      case Method.channelBind:
        return this.#channelBind(message, held, now);
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
    const wish = readAllocate(message);
    if (!wish.ok) return wish.error;
    const refusal = table.refusal(user.identity);
    if (refusal !== undefined) return refusal;
    this.#open(message, client, user, wish.value);
    return undefined;
  }

  #open(
    message: StunMessage,
    client: TurnClient,
    user: AuthenticatedUser,
    wish: { parity: 'any' | 'even'; lifetime: number | undefined },
  ): void {
    const { table, relayAddress } = this.#options;
    // The message's bytes are not ours any more when a socket opens later.
    const kept = message.copy();
    const lifetime = this.#lifetime(wish.lifetime);
    const order = {
      client,
      session: user,
      transactionId: kept.transactionId,
      parity: wish.parity,
      lifetimeMs: lifetime * 1000,
    };
    table.open(order, (allocation) => {
      if (allocation === undefined) {
        this.#options.refuseLater(kept, client, user, { code: 508, reason: 'no-port' });
        return;
      }
      const { address, port } = client.remote;
      const reply = StunBuilder.reply(kept, 'success')
        .xorAddress(Attribute.xorRelayedAddress, relayAddress, allocation.port)
        .u32(Attribute.lifetime, lifetime)
        .xorAddress(Attribute.xorMappedAddress, address, port);
      allocation.answer = this.#seal(reply, user);
      client.send(allocation.answer);
    });
  }

  /** RFC 8656 section 8.2. Credentials that have expired meanwhile still do, so that no call is cut. */
  #refresh(message: StunMessage, allocation: Allocation, now: Millis): Refusal | undefined {
    const wish = readRefresh(message);
    if (!wish.ok) return wish.error;
    const lifetime = wish.value === 0 ? 0 : this.#lifetime(wish.value);
    const reply = StunBuilder.reply(message, 'success').u32(Attribute.lifetime, lifetime);
    const sealed = this.#seal(reply, allocation.session);
    const { table } = this.#options;
    if (lifetime === 0) table.release(allocation.client, 'client');
    else table.extend(allocation, now + lifetime * 1000, now);
    allocation.client.send(sealed);
    return undefined;
  }

  /** RFC 8656 section 9.2. */
  #createPermission(message: StunMessage, allocation: Allocation, now: Millis): Refusal | undefined {
    const wish = readCreatePermission(message, this.#options.isAllowedPeer);
    if (!wish.ok) return wish.error;
    if (!allocation.peers.hasRoomFor(wish.value.map((peer) => peer.address))) {
      return { code: 508, reason: 'too-many-peers' };
    }
    for (const peer of wish.value) allocation.peers.permit(peer.address, now);
    this.#installed(message, allocation, now);
    return undefined;
  }

  /** RFC 8656 section 12.2. */
  #channelBind(message: StunMessage, allocation: Allocation, now: Millis): Refusal | undefined {
    const wish = readChannelBind(message, this.#options.isAllowedPeer);
    if (!wish.ok) return wish.error;
    const { number, peer } = wish.value;
    const binding = allocation.peers.bind(number, peer.address, peer.port, now);
    if (binding === 'conflict') return { code: 400, reason: 'channel-conflict' };
    if (binding === 'full') return { code: 508, reason: 'too-many-channels' };
    this.#installed(message, allocation, now);
    return undefined;
  }

  #installed(message: StunMessage, allocation: Allocation, now: Millis): void {
    this.#options.table.arm(allocation, now);
    allocation.client.send(this.#seal(StunBuilder.reply(message, 'success'), allocation.session));
  }

  /** RFC 8656 section 7.2: not under the default, not over the cap. */
  #lifetime(asked: number | undefined): number {
    const { defaultLifetime, maxLifetime } = this.#options.limits;
    return Math.min(maxLifetime, Math.max(defaultLifetime, asked ?? defaultLifetime));
  }

  #seal(reply: StunBuilder, session: TurnSession): Uint8Array {
    return reply.messageIntegrity(this.#options.digests, session.key).finish();
  }
}
