import type { Millis } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { type AddressFamily, familyNumbered, readXorPort, writeXorAddress } from '../stun/address.ts';
import { HEADER_BYTES, MAGIC_COOKIE, messageType } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';
import type { Allocation } from './allocation.ts';
import { CHANNEL_HEADER_BYTES, channelDataLength } from './channel-data.ts';
import type { TurnDrop } from './drops.ts';
import { MAX_RELAYED_BYTES, PacketScratch } from './packet-scratch.ts';

/** Datagrams that a relay socket may have waiting before new ones are dropped. */
const MAX_RELAY_QUEUE = 64;
const DATA_INDICATION = messageType(Method.data, 'indication');
/** Behind the header: the head of XOR-PEER-ADDRESS, and then its value of 8 or 20 bytes. */
const PEER_OFFSET = HEADER_BYTES + 4;

/**
 * Moves packets between clients and peers (RFC 8656 sections 11 and 12). A packet is copied once, into a buffer that
 * is used again and again; what it allocates is one view of the packet that came in. Every method says why
 * it dropped the packet, or undefined.
 */
export class RelayPath {
  readonly #scratch = new PacketScratch();
  readonly #isAllowedPeer: (address: string, port: number) => boolean;
  /** Transaction ids of Data indications: nothing answers those, so a random start and a count are enough. */
  readonly #indicationId: Uint8Array;
  readonly #known: ReadonlySet<number>;
  // The Send indication that was read last: fields instead of an object per packet.
  #peerAt = -1;
  #peerFamily: AddressFamily = 'ipv4';
  #dataAt = -1;
  #dataLength = 0;
  /** It asks for DF (RFC 8656 section 11.2). */
  #whole = false;

  constructor(options: {
    random: Random;
    isAllowedPeer: (address: string, port: number) => boolean;
    /** Attributes that are understood: without DONT-FRAGMENT an indication that has it is dropped. */
    known: ReadonlySet<number>;
  }) {
    this.#isAllowedPeer = options.isAllowedPeer;
    this.#known = options.known;
    this.#indicationId = options.random.bytes(12);
  }

  /** ChannelData from the client (RFC 8656 section 12.6). */
  channelData(allocation: Allocation, bytes: Uint8Array, now: Millis): TurnDrop | undefined {
    const length = channelDataLength(bytes);
    if (length < 0) return 'malformed';
    const channel = allocation.peers.channel((bytes[0]! << 8) | bytes[1]!, now);
    if (channel === undefined) return 'no-channel';
    this.#whole = false;
    const data = bytes.subarray(CHANNEL_HEADER_BYTES, CHANNEL_HEADER_BYTES + length);
    return this.#toPeer(allocation, data, channel, channel.port, now);
  }

  /** A Send indication from the client, framing already checked (RFC 8656 section 11.2). */
  sendIndication(allocation: Allocation, bytes: Uint8Array, now: Millis): TurnDrop | undefined {
    if (!this.#readSend(bytes)) return 'malformed';
    const peer = allocation.peers.permittedXor(bytes, this.#peerAt, this.#peerFamily, now);
    if (peer === undefined) return 'no-permission';
    const port = readXorPort(bytes, this.#peerAt);
    const data = bytes.subarray(this.#dataAt, this.#dataAt + this.#dataLength);
    return this.#toPeer(allocation, data, peer, port, now);
  }

  /** A datagram that came to the relayed address (RFC 8656 sections 11.3 and 12.7). */
  fromPeer(
    allocation: Allocation,
    bytes: Uint8Array,
    address: string,
    port: number,
    now: Millis,
  ): TurnDrop | undefined {
    const peer = allocation.peers.permitted(address, now);
    if (peer === undefined) return 'no-permission';
    if (!this.#isAllowedPeer(address, port)) return 'peer-not-allowed';
    if (bytes.length > MAX_RELAYED_BYTES) return 'too-large';
    const { client } = allocation;
    if (client.congested) return 'congested';
    if (!allocation.budget.down.take(now, bytes.length)) return 'bandwidth';
    const channel = peer.channels.get(port);
    const length =
      channel !== undefined && channel.expiresAt > now
        ? this.#writeChannelData(channel.number, bytes, client.protocol === 'tcp')
        : this.#writeDataIndication(bytes, address, port);
    allocation.bytesDown += bytes.length;
    client.send(this.#scratch.prefix(length));
    if (client.queued > 0) this.#scratch.replace();
    return undefined;
  }

  #toPeer(
    allocation: Allocation,
    data: Uint8Array,
    { family, address }: { readonly family: AddressFamily; readonly address: string },
    port: number,
    now: Millis,
  ): TurnDrop | undefined {
    const { length } = data;
    // A permission is of an IP address; the allow-list is of address and port, so it is asked for every packet.
    if (!this.#isAllowedPeer(address, port)) return 'peer-not-allowed';
    if (length > MAX_RELAYED_BYTES) return 'too-large';
    const relay = allocation.relay(family);
    // Its permissions went with it: there is none without the other.
    if (relay === undefined) return 'no-permission';
    const { socket } = relay;
    if (socket.queued > MAX_RELAY_QUEUE) return 'congested';
    if (!allocation.budget.up.take(now, length)) return 'bandwidth';
    this.#scratch.bytes.set(data);
    allocation.bytesUp += length;
    const packet = this.#scratch.prefix(length);
    if (this.#whole) socket.sendWhole?.(packet, port, address);
    else socket.send(packet, port, address);
    if (socket.queued > 0) this.#scratch.replace();
    return undefined;
  }

  #writeChannelData(number: number, data: Uint8Array, padded: boolean): number {
    const out = this.#scratch.bytes;
    out[0] = number >> 8;
    out[1] = number;
    out[2] = data.length >> 8;
    out[3] = data.length;
    out.set(data, CHANNEL_HEADER_BYTES);
    return this.#pad(CHANNEL_HEADER_BYTES + data.length, padded);
  }

  #writeDataIndication(data: Uint8Array, address: string, port: number): number {
    const out = this.#scratch.bytes;
    const id = this.#indicationId;
    for (let i = 11; i >= 8; i--) if (++id[i]! & 0xff) break;
    out[0] = DATA_INDICATION >> 8;
    out[1] = DATA_INDICATION & 0xff;
    out[4] = MAGIC_COOKIE >>> 24;
    out[5] = (MAGIC_COOKIE >>> 16) & 0xff;
    out[6] = (MAGIC_COOKIE >>> 8) & 0xff;
    out[7] = MAGIC_COOKIE & 0xff;
    out.set(id, 8);
    const peerLength = writeXorAddress(out, PEER_OFFSET, address, port);
    out[20] = Attribute.xorPeerAddress >> 8;
    out[21] = Attribute.xorPeerAddress;
    out[22] = 0;
    out[23] = peerLength;
    const dataAt = PEER_OFFSET + peerLength + 4;
    out[dataAt - 4] = Attribute.data >> 8;
    out[dataAt - 3] = Attribute.data;
    out[dataAt - 2] = data.length >> 8;
    out[dataAt - 1] = data.length;
    out.set(data, dataAt);
    const end = dataAt + ((data.length + 3) & ~3);
    out[2] = (end - HEADER_BYTES) >> 8;
    out[3] = end - HEADER_BYTES;
    return this.#pad(dataAt + data.length, true);
  }

  /** Clears the bytes up to a multiple of 4: what was in the buffer before is somebody else's packet. */
  #pad(length: number, padded: boolean): number {
    if (!padded) return length;
    const end = (length + 3) & ~3;
    for (let i = length; i < end; i++) this.#scratch.bytes[i] = 0;
    return end;
  }

  /** Finds peer and data of a Send indication in one walk; false when one lacks or something must be understood. */
  #readSend(bytes: Uint8Array): boolean {
    this.#peerAt = -1;
    this.#dataAt = -1;
    this.#whole = false;
    for (let at = HEADER_BYTES; at < bytes.length; ) {
      const type = (bytes[at]! << 8) | bytes[at + 1]!;
      const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (type === Attribute.xorPeerAddress) {
        const family = familyNumbered(bytes[at + 5]);
        if (family === undefined || length !== (family === 'ipv4' ? 8 : 20)) return false;
        this.#peerAt = at + 4;
        this.#peerFamily = family;
      } else if (type === Attribute.data) {
        this.#dataAt = at + 4;
        this.#dataLength = length;
      } else if (type === Attribute.dontFragment && this.#known.has(type)) {
        this.#whole = true;
      } else if (type < 0x8000) {
        return false;
      }
      at += 4 + ((length + 3) & ~3);
    }
    return this.#peerAt >= 0 && this.#dataAt >= 0;
  }
}
