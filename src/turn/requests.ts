import type { HostPort } from '../base/net.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { xorAddress, xorAddresses } from '../stun/fields.ts';
import type { StunMessage } from '../stun/message.ts';
import { Attribute } from '../stun/registry.ts';
import { isChannelNumber } from './channel-data.ts';

/** Why a request is refused: its STUN error code, and our word for logs and metrics. */
export interface Refusal {
  readonly code: 400 | 401 | 403 | 420 | 437 | 438 | 440 | 441 | 442 | 443 | 486 | 508;
  readonly reason: string;
}

/** Attributes that requests may carry; others that must be understood are answered with 420. */
export const KNOWN_ATTRIBUTES: ReadonlySet<number> = new Set([
  Attribute.username,
  Attribute.realm,
  Attribute.nonce,
  Attribute.messageIntegrity,
  Attribute.messageIntegritySha256,
  Attribute.channelNumber,
  Attribute.lifetime,
  Attribute.xorPeerAddress,
  Attribute.data,
  Attribute.requestedAddressFamily,
  Attribute.evenPort,
  Attribute.requestedTransport,
  Attribute.dontFragment,
  Attribute.reservationToken,
  Attribute.priority,
]);

const UDP = 17;
const IPV4 = 1;

/** What an Allocate request asks for. */
export interface AllocateWish {
  readonly parity: 'any' | 'even';
  /** In s; undefined when not said. */
  readonly lifetime: number | undefined;
}

/** Reads an Allocate request (RFC 8656 section 7.2), in the order of the checks there. */
export function readAllocate(message: StunMessage): Result<AllocateWish, Refusal> {
  const transport = message.attribute(Attribute.requestedTransport);
  if (transport?.length !== 4) return fail({ code: 400, reason: 'no-transport' });
  if (transport[0] !== UDP) return fail({ code: 442, reason: 'transport' });
  const even = message.attribute(Attribute.evenPort);
  const family = message.attribute(Attribute.requestedAddressFamily);
  if (message.has(Attribute.reservationToken)) {
    if (even !== undefined || family !== undefined)
      return fail({ code: 400, reason: 'reservation-with-port' });
    // Nothing is ever reserved here, so every token is unknown.
    return fail({ code: 508, reason: 'reservation-unknown' });
  }
  if (family !== undefined && family[0] !== IPV4) return fail({ code: 440, reason: 'family' });
  if (even !== undefined) {
    if (even.length < 1) return fail({ code: 400, reason: 'even-port' });
    if (even[0]! & 0x80) return fail({ code: 508, reason: 'no-reservation' });
  }
  return ok({ parity: even === undefined ? 'any' : 'even', lifetime: message.u32(Attribute.lifetime) });
}

/** Reads a Refresh request (RFC 8656 section 8.2): the lifetime in s that it asks for. */
export function readRefresh(message: StunMessage): Result<number | undefined, Refusal> {
  const family = message.attribute(Attribute.requestedAddressFamily);
  if (family !== undefined && family[0] !== IPV4) return fail({ code: 443, reason: 'family' });
  return ok(message.u32(Attribute.lifetime));
}

/** May this peer be talked to? Address in canonical text. */
export type PeerRule = (address: string, port: number) => boolean;

/** Reads a CreatePermission request (RFC 8656 section 9.2): all peers or none. */
export function readCreatePermission(
  message: StunMessage,
  allowed: PeerRule,
): Result<readonly HostPort[], Refusal> {
  const peers = xorAddresses(message, Attribute.xorPeerAddress);
  if (peers === undefined || peers.length === 0) return fail({ code: 400, reason: 'no-peer' });
  return peers.every((peer) => isPeer(peer, allowed))
    ? ok(peers)
    : fail({ code: 403, reason: 'peer-not-allowed' });
}

/** Reads a ChannelBind request (RFC 8656 section 12.2). */
export function readChannelBind(
  message: StunMessage,
  allowed: PeerRule,
): Result<{ number: number; peer: HostPort }, Refusal> {
  const channel = message.attribute(Attribute.channelNumber);
  const peer = xorAddress(message, Attribute.xorPeerAddress);
  if (channel?.length !== 4 || peer === undefined) return fail({ code: 400, reason: 'no-channel-or-peer' });
  const number = (channel[0]! << 8) | channel[1]!;
  if (!isChannelNumber(number)) return fail({ code: 400, reason: 'channel-number' });
  return isPeer(peer, allowed) ? ok({ number, peer }) : fail({ code: 403, reason: 'peer-not-allowed' });
}

/**
 * Only IPv4 as such: an IPv6 peer is forbidden before the rule is asked, so that no mapped, compatible, 6to4 or NAT64
 * form of an address can pass for another. Forbidden comes before 443, which would tell what the relay is.
 */
function isPeer(peer: HostPort, allowed: PeerRule): boolean {
  return !peer.address.includes(':') && allowed(peer.address, peer.port);
}
