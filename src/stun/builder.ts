import { utf8 } from '../base/bytes.ts';
import type { Digests } from '../base/digests.ts';
import { type AddressFamily, FAMILY_NUMBERS, writeXorAddress } from './address.ts';
import { crc32 } from './crc32.ts';
import { HEADER_BYTES, MAGIC_COOKIE, messageType, type StunClass, type StunMessage } from './message.ts';
import { Attribute, reasonPhrase } from './registry.ts';

/** FINGERPRINT is the CRC-32 XOR "STUN" (RFC 8489 section 14.7). */
export const FINGERPRINT_MASK = 0x5354554e;

/**
 * Writes one message, attribute by attribute, in the order of the calls; the integrity and then the fingerprint come
 * last (RFC 8489 sections 14.5 and 14.7). The header's length is right after every call.
 */
export class StunBuilder {
  #bytes: Uint8Array;
  #length = HEADER_BYTES;

  /** `transactionId`: 12 bytes. */
  constructor(method: number, kind: StunClass, transactionId: Uint8Array) {
    this.#bytes = new Uint8Array(160);
    const type = messageType(method, kind);
    this.#bytes[0] = type >> 8;
    this.#bytes[1] = type;
    this.#u32(4, MAGIC_COOKIE);
    this.#bytes.set(transactionId, 8);
  }

  /** A response to `request`: same method, same transaction. */
  static reply(request: StunMessage, kind: 'success' | 'error'): StunBuilder {
    return new StunBuilder(request.method, kind, request.transactionId);
  }

  attribute(type: number, value: Uint8Array): this {
    const at = this.#open(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** An attribute without a value. */
  flag(type: number): this {
    this.#open(type, 0);
    return this;
  }

  u32(type: number, value: number): this {
    this.#u32(this.#open(type, 4), value);
    return this;
  }

  text(type: number, value: string): this {
    return this.attribute(type, utf8(value));
  }

  /** XOR-MAPPED-ADDRESS and its kin. `address` must be literal: another one is a bug and throws. */
  xorAddress(type: number, address: string, port: number): this {
    const value = new Uint8Array(HEADER_BYTES + 20);
    value.set(this.#bytes.subarray(0, HEADER_BYTES));
    const length = writeXorAddress(value, HEADER_BYTES, address, port);
    return this.attribute(type, value.subarray(HEADER_BYTES, HEADER_BYTES + length));
  }

  /** ADDRESS-ERROR-CODE: why there is no address of that family beside the other (RFC 8656 section 18.12). */
  addressErrorCode(family: AddressFamily, code: number): this {
    const reason = utf8(reasonPhrase(code));
    const value = new Uint8Array(4 + reason.length);
    value[0] = FAMILY_NUMBERS[family];
    value[2] = Math.floor(code / 100);
    value[3] = code % 100;
    value.set(reason, 4);
    return this.attribute(Attribute.addressErrorCode, value);
  }

  /** ERROR-CODE with the registered phrase. */
  errorCode(code: number): this {
    const reason = utf8(reasonPhrase(code));
    const value = new Uint8Array(4 + reason.length);
    value[2] = Math.floor(code / 100);
    value[3] = code % 100;
    value.set(reason, 4);
    return this.attribute(Attribute.errorCode, value);
  }

  unknownAttributes(types: readonly number[]): this {
    const value = new Uint8Array(2 * types.length);
    types.forEach((type, i) => {
      value[2 * i] = type >> 8;
      value[2 * i + 1] = type;
    });
    return this.attribute(Attribute.unknownAttributes, value);
  }

  /** MESSAGE-INTEGRITY (RFC 8489 section 14.5): the length it is computed over counts the attribute itself. */
  messageIntegrity(digests: Digests, key: Uint8Array): this {
    const at = this.#open(Attribute.messageIntegrity, 20);
    this.#bytes.set(digests.hmacSha1(key, this.#bytes.subarray(0, at - 4)), at);
    return this;
  }

  /** MESSAGE-INTEGRITY-SHA256, untruncated (RFC 8489 section 14.6). */
  messageIntegritySha256(digests: Digests, key: Uint8Array): this {
    const at = this.#open(Attribute.messageIntegritySha256, 32);
    this.#bytes.set(digests.hmacSha256(key, this.#bytes.subarray(0, at - 4)), at);
    return this;
  }

  fingerprint(): this {
    const at = this.#open(Attribute.fingerprint, 4);
    this.#u32(at, (crc32(this.#bytes, at - 4) ^ FINGERPRINT_MASK) >>> 0);
    return this;
  }

  /** The message so far; the builder must not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #open(type: number, length: number): number {
    const at = this.#length + 4;
    const end = at + ((length + 3) & ~3);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const bytes = this.#bytes;
    bytes[at - 4] = type >> 8;
    bytes[at - 3] = type;
    bytes[at - 2] = length >> 8;
    bytes[at - 1] = length;
    this.#length = end;
    bytes[2] = (end - HEADER_BYTES) >> 8;
    bytes[3] = end - HEADER_BYTES;
    return at;
  }

  #u32(at: number, value: number): void {
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }
}
