import type { Millis } from '../base/clock.ts';
import { type AddressFamily, familyOf, isXorIPv6, readXorIPv4 } from '../stun/address.ts';
import { parseIPv4, parseIPv6 } from '../stun/ip-text.ts';

/** RFC 8656 section 9. */
export const PERMISSION_MS: Millis = 300_000;
/** RFC 8656 section 12. */
export const CHANNEL_MS: Millis = 600_000;

/** A channel number bound to a peer's transport address. */
export interface Channel {
  readonly number: number;
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
  expiresAt: Millis;
}

/** A peer's IP address and what the client may do with it. */
export interface Peer {
  readonly address: string;
  readonly family: AddressFamily;
  /** The 32 bits of an IPv4 address, the 16 bytes of an IPv6 one. */
  readonly ip: number | Uint8Array;
  permittedUntil: Millis;
  /** By port. */
  readonly channels: Map<number, Channel>;
}

/** What came of a wish to bind a channel. */
export type Binding = 'bound' | 'conflict' | 'full';

/** Permissions and channels of one allocation (RFC 8656 sections 9 and 12). */
export class Peers {
  readonly #limit: number;
  readonly #byAddress = new Map<string, Peer>();
  readonly #byNumber = new Map<number, Channel>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Permissions and channels as of the last sweep. */
  get counts(): { permissions: number; channels: number } {
    return { permissions: this.#byAddress.size, channels: this.#byNumber.size };
  }

  /** How many of `addresses` fit beside those that are there. */
  hasRoomFor(addresses: readonly string[]): boolean {
    const added = new Set(addresses.filter((address) => !this.#byAddress.has(address)));
    return this.#byAddress.size + added.size <= this.#limit;
  }

  /** Installs or refreshes a permission; the caller has seen that there is room. */
  permit(address: string, now: Millis): Peer {
    let peer = this.#byAddress.get(address);
    if (peer === undefined) {
      const family = familyOf(address);
      const ip = family === 'ipv4' ? parseIPv4(address)! : parseIPv6(address)!;
      peer = { address, family, ip, permittedUntil: 0, channels: new Map() };
      this.#byAddress.set(address, peer);
    }
    peer.permittedUntil = now + PERMISSION_MS;
    return peer;
  }

  /** Binds or refreshes a channel, and with it the permission (RFC 8656 section 12.2). */
  bind(number: number, address: string, port: number, now: Millis): Binding {
    const bound = this.channel(number, now);
    if (bound !== undefined && (bound.address !== address || bound.port !== port)) return 'conflict';
    const other = this.#byAddress.get(address)?.channels.get(port);
    if (other !== undefined && other.number !== number && other.expiresAt > now) return 'conflict';
    if (bound === undefined && (this.#byNumber.size >= this.#limit || !this.hasRoomFor([address])))
      return 'full';
    const peer = this.permit(address, now);
    if (bound !== undefined) {
      bound.expiresAt = now + CHANNEL_MS;
      return 'bound';
    }
    const { family } = peer;
    const channel: Channel = { number, family, address, port, expiresAt: now + CHANNEL_MS };
    peer.channels.set(port, channel);
    this.#byNumber.set(number, channel);
    return 'bound';
  }

  /** The live channel of this number. */
  channel(number: number, now: Millis): Channel | undefined {
    const channel = this.#byNumber.get(number);
    return channel !== undefined && channel.expiresAt > now ? channel : undefined;
  }

  /**
   * The peer with a live permission whose XOR address begins at `at` of a message, of that family. They are few: looking at each costs
   * less than the making of a text.
   */
  permittedXor(bytes: Uint8Array, at: number, family: AddressFamily, now: Millis): Peer | undefined {
    const v4 = family === 'ipv4' ? readXorIPv4(bytes, at) : undefined;
    for (const peer of this.#byAddress.values()) {
      const same =
        typeof peer.ip === 'number' ? peer.ip === v4 : v4 === undefined && isXorIPv6(bytes, at, peer.ip);
      if (same) return peer.permittedUntil > now ? peer : undefined;
    }
    return undefined;
  }

  /** The peer with a live permission of this address. */
  permitted(address: string, now: Millis): Peer | undefined {
    const peer = this.#byAddress.get(address);
    return peer !== undefined && peer.permittedUntil > now ? peer : undefined;
  }

  /** Forgets all peers of one family. */
  dropFamily(family: AddressFamily): void {
    for (const peer of this.#byAddress.values()) {
      if (peer.family !== family) continue;
      for (const channel of peer.channels.values()) this.#byNumber.delete(channel.number);
      this.#byAddress.delete(peer.address);
    }
  }

  /** Removes what has expired; returns when the next thing will, or Infinity. */
  sweep(now: Millis): Millis {
    let next = Number.POSITIVE_INFINITY;
    for (const channel of this.#byNumber.values()) {
      if (channel.expiresAt > now) next = Math.min(next, channel.expiresAt);
      else {
        this.#byNumber.delete(channel.number);
        this.#byAddress.get(channel.address)?.channels.delete(channel.port);
      }
    }
    for (const peer of this.#byAddress.values()) {
      if (peer.permittedUntil > now) next = Math.min(next, peer.permittedUntil);
      else if (peer.channels.size === 0) {
        this.#byAddress.delete(peer.address);
      }
    }
    return next;
  }
}
