import type { HostPort } from '../base/net.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type AddressFamily, familyNumbered, familyOf } from '../stun/address.ts';
import { xorAddress, xorAddresses } from '../stun/fields.ts';
import type { StunMessage } from '../stun/message.ts';
import { Attribute } from '../stun/registry.ts';
import type { Allocation } from './allocation.ts';
import type { RelayWish } from './allocation-table.ts';
import { isChannelNumber } from './channel-data.ts';
import type { PeerRule } from './peer-rule.ts';
import type { RelayOpener } from './ports.ts';
import type { Refusal } from './refusal.ts';
import { isDisguised } from './refused-peers.ts';
import { TOKEN_BYTES } from './reservations.ts';

/** Attributes that requests may carry; others that must be understood are answered with 420. */
const KNOWN_ATTRIBUTES: ReadonlySet<number> = new Set([
  Attribute.username,
  Attribute.realm,
  Attribute.nonce,
  Attribute.messageIntegrity,
  Attribute.messageIntegritySha256,
  Attribute.passwordAlgorithm,
  Attribute.channelNumber,
  Attribute.lifetime,
  Attribute.xorPeerAddress,
  Attribute.data,
  Attribute.requestedAddressFamily,
  Attribute.evenPort,
  Attribute.requestedTransport,
  Attribute.reservationToken,
  Attribute.priority,
]);

/** The same with DONT-FRAGMENT, for a server whose relays can send so (RFC 8656 section 7.2). */
const WITH_DONT_FRAGMENT: ReadonlySet<number> = new Set([...KNOWN_ATTRIBUTES, Attribute.dontFragment]);

/** Attributes that are understood by a server with such relays. */
export function knownAttributes({ sendsWhole }: Pick<RelayOpener, 'sendsWhole'>): ReadonlySet<number> {
  return sendsWhole === true ? WITH_DONT_FRAGMENT : KNOWN_ATTRIBUTES;
}

const UDP = 17;

/** What an Allocate request asks for. */
export interface AllocateWish {
  readonly relay: RelayWish;
  /** ADDITIONAL-ADDRESS-FAMILY: a relay of IPv6 too, if there can be one. */
  readonly additional: AddressFamily | undefined;
  /** In s; undefined when not said. */
  readonly lifetime: number | undefined;
  /** `mobile`: the client wants to take it along (RFC 8016). */
  readonly mobility: 'mobile' | 'bound';
}

/** Reads an Allocate request (RFC 8656 section 7.2), in the order of the checks there. `has`: of which families there are relays. */
export function readAllocate(
  message: StunMessage,
  has: (family: AddressFamily) => boolean,
): Result<AllocateWish, Refusal> {
  const transport = message.attribute(Attribute.requestedTransport);
  if (transport?.length !== 4) return fail({ code: 400, reason: 'no-transport' });
  if (transport[0] !== UDP) return fail({ code: 442, reason: 'transport' });
  const ticket = message.attribute(Attribute.mobilityTicket);
  if (ticket !== undefined && ticket.length > 0) return fail({ code: 400, reason: 'ticket-in-allocate' });
  const even = message.attribute(Attribute.evenPort);
  if (even !== undefined && even.length !== 1) return fail({ code: 400, reason: 'even-port' });
  const token = message.attribute(Attribute.reservationToken);
  const requested = message.attribute(Attribute.requestedAddressFamily);
  const additional =
    message.attribute(Attribute.additionalAddressFamily) ??
    message.attribute(Attribute.draftAdditionalAddressFamily);
  const rest = {
    lifetime: message.u32(Attribute.lifetime),
    mobility: ticket === undefined ? ('bound' as const) : ('mobile' as const),
  };
  if (token !== undefined) {
    if (even !== undefined || requested !== undefined || additional !== undefined)
      return fail({ code: 400, reason: 'reservation-with-port' });
    if (token.length !== TOKEN_BYTES) return fail({ code: 400, reason: 'reservation-token' });
    return ok({ relay: { from: 'reservation', token }, additional: undefined, ...rest });
  }
  const pair = even !== undefined && (even[0]! & 0x80) !== 0;
  if (additional !== undefined) {
    // Only IPv6 beside IPv4, and nothing is reserved of two (RFC 8656 section 7.2).
    if (requested !== undefined || pair || familyNumbered(additional[0]) !== 'ipv6')
      return fail({ code: 400, reason: 'additional-family' });
  }
  // Who names none gets IPv4 (RFC 8656 section 7.2), and IPv6 of a gateway that has nothing else.
  const usual = has('ipv4') ? 'ipv4' : 'ipv6';
  const family = requested === undefined ? usual : familyNumbered(requested[0]);
  if (family === undefined || !has(family)) return fail({ code: 440, reason: 'family' });
  const relay: RelayWish = pair
    ? { from: 'pair', family }
    : { from: 'range', family, parity: even === undefined ? 'any' : 'even' };
  return ok({ relay, additional: additional === undefined ? undefined : 'ipv6', ...rest });
}

/** What a Refresh request asks for. */
export interface RefreshWish {
  /** In s; undefined when not said. */
  readonly lifetime: number | undefined;
  /** Of which of two relays; undefined: of all. */
  readonly family: AddressFamily | undefined;
}

/** Reads a Refresh request (RFC 8656 section 8.2) for `allocation`. */
export function readRefresh(message: StunMessage, allocation: Allocation): Result<RefreshWish, Refusal> {
  const requested = message.attribute(Attribute.requestedAddressFamily);
  const lifetime = message.u32(Attribute.lifetime);
  if (requested === undefined) return ok({ lifetime, family: undefined });
  const family = familyNumbered(requested[0]);
  if (family === undefined || allocation.relay(family) === undefined)
    return fail({ code: 443, reason: 'family' });
  return ok({ lifetime, family });
}

/** Reads a CreatePermission request (RFC 8656 section 9.2): all peers or none. */
export function readCreatePermission(
  message: StunMessage,
  allocation: Allocation,
  allowed: PeerRule,
): Result<readonly HostPort[], Refusal> {
  const peers = xorAddresses(message, Attribute.xorPeerAddress);
  if (peers === undefined || peers.length === 0) return fail({ code: 400, reason: 'no-peer' });
  const refusal = peerRefusal(peers, allocation, allowed);
  return refusal === undefined ? ok(peers) : fail(refusal);
}

/** Reads a ChannelBind request (RFC 8656 section 12.2). */
export function readChannelBind(
  message: StunMessage,
  allocation: Allocation,
  allowed: PeerRule,
): Result<{ number: number; peer: HostPort }, Refusal> {
  const channel = message.attribute(Attribute.channelNumber);
  const peer = xorAddress(message, Attribute.xorPeerAddress);
  if (channel?.length !== 4 || peer === undefined) return fail({ code: 400, reason: 'no-channel-or-peer' });
  const number = (channel[0]! << 8) | channel[1]!;
  if (!isChannelNumber(number)) return fail({ code: 400, reason: 'channel-number' });
  const refusal = peerRefusal([peer], allocation, allowed);
  return refusal === undefined ? ok({ number, peer }) : fail(refusal);
}

/**
 * Why one of them is no peer of this allocation. What is disguised is refused before the rule is asked, so that no mapped, 6to4 or
 * NAT64 form of an address can pass for another. Forbidden comes before 443, which would tell what the relay is.
 */
function peerRefusal(
  peers: readonly HostPort[],
  allocation: Allocation,
  allowed: PeerRule,
): Refusal | undefined {
  if (!peers.every(({ address, port }) => !isDisguised(address) && allowed(address, port)))
    return { code: 403, reason: 'peer-not-allowed' };
  if (!peers.every(({ address }) => allocation.relay(familyOf(address)) !== undefined))
    return { code: 443, reason: 'peer-family' };
  return undefined;
}
