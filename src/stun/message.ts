import { fail, ok, type Result } from '../base/result.ts';
import { Attribute } from './registry.ts';

/** RFC 8489 section 5. */
export const MAGIC_COOKIE = 0x2112a442;
/** Length of the header that every message starts with. */
export const HEADER_BYTES = 20;
/** More attributes than any honest message has: the walk over them is bounded. */
const MAX_ATTRIBUTES = 64;

export type StunClass = 'request' | 'indication' | 'success' | 'error';
const CLASSES: readonly StunClass[] = ['request', 'indication', 'success', 'error'];

/** Why bytes are no STUN message. */
export type StunFault = 'short' | 'not-stun' | 'bad-length' | 'bad-attribute' | 'too-many-attributes';

/**
 * True when the bytes start as a STUN message does (RFC 8489 section 5): the magic cookie, and a first byte of 0 … 3,
 * for methods above 0x0FF are reserved so that RFC 7983 can tell packets apart (RFC 8489 section 18.2).
 */
export function isStun(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEADER_BYTES &&
    bytes[0]! < 4 &&
    bytes[4] === 0x21 &&
    bytes[5] === 0x12 &&
    bytes[6] === 0xa4 &&
    bytes[7] === 0x42
  );
}

/** What is wrong with the framing of `bytes` as one STUN message, or undefined. Allocates nothing. */
export function stunFault(bytes: Uint8Array): StunFault | undefined {
  if (bytes.length < HEADER_BYTES) return 'short';
  if (!isStun(bytes)) return 'not-stun';
  const length = u16(bytes, 2);
  if (length % 4 !== 0 || HEADER_BYTES + length !== bytes.length) return 'bad-length';
  let count = 0;
  for (let at = HEADER_BYTES; at < bytes.length; count++) {
    if (count === MAX_ATTRIBUTES) return 'too-many-attributes';
    // The length is a multiple of 4, so an attribute header always fits here.
    at += 4 + padded(u16(bytes, at + 2));
    if (at > bytes.length) return 'bad-attribute';
  }
  return undefined;
}

/**
 * Where the value of the first attribute `type` begins, or -1. For bytes that {@link stunFault} found sound. What
 * follows MESSAGE-INTEGRITY is not covered by it and is passed over, but for MESSAGE-INTEGRITY-SHA256 and
 * FINGERPRINT (RFC 8489 sections 14.5 to 14.7); so is anything after FINGERPRINT. Allocates nothing.
 */
export function findAttribute(bytes: Uint8Array, type: number): number {
  let sealed = false;
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const found = u16(bytes, at);
    const late = found === Attribute.messageIntegritySha256 || found === Attribute.fingerprint;
    if (found === type && (!sealed || late)) return at + 4;
    if (found === Attribute.fingerprint) return -1;
    if (found === Attribute.messageIntegrity || found === Attribute.messageIntegritySha256) sealed = true;
    at += 4 + padded(u16(bytes, at + 2));
  }
  return -1;
}

/** Method number of a message (RFC 8489 section 5: the class bits lie between the method's). */
export function methodOf(bytes: Uint8Array): number {
  const type = u16(bytes, 0);
  return ((type & 0x3e00) >> 2) | ((type & 0x00e0) >> 1) | (type & 0x000f);
}

/** Class of a message. */
export function classOf(bytes: Uint8Array): StunClass {
  return CLASSES[((bytes[0]! & 1) << 1) | ((bytes[1]! & 0x10) >> 4)]!;
}

/** The first two bytes of a message of this method and class. */
export function messageType(method: number, kind: StunClass): number {
  const bits = CLASSES.indexOf(kind);
  return (
    ((method & 0xf80) << 2) | ((method & 0x70) << 1) | (method & 0xf) | ((bits & 2) << 7) | ((bits & 1) << 4)
  );
}

/** A parsed message: a view, nothing is copied, so it is good as long as its bytes are. */
export class StunMessage {
  readonly bytes: Uint8Array;
  readonly method: number;
  readonly kind: StunClass;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.method = methodOf(bytes);
    this.kind = classOf(bytes);
  }

  /** Reads one whole message; bytes before or behind it are a fault. Never throws. */
  static parse(bytes: Uint8Array): Result<StunMessage, StunFault> {
    const fault = stunFault(bytes);
    return fault === undefined ? ok(new StunMessage(bytes)) : fail(fault);
  }

  /** The same message on bytes of its own, for whoever answers later. */
  copy(): StunMessage {
    return new StunMessage(this.bytes.slice());
  }

  /** The 12 bytes that a response repeats. */
  get transactionId(): Uint8Array {
    return this.bytes.subarray(8, HEADER_BYTES);
  }

  has(type: number): boolean {
    return findAttribute(this.bytes, type) >= 0;
  }

  /** Value of the first such attribute, without padding. */
  attribute(type: number): Uint8Array | undefined {
    const at = findAttribute(this.bytes, type);
    return at < 0 ? undefined : this.bytes.subarray(at, at + u16(this.bytes, at - 2));
  }

  /** A 32-bit value; undefined when it lacks or has another length. */
  u32(type: number): number | undefined {
    const at = findAttribute(this.bytes, type);
    if (at < 0 || u16(this.bytes, at - 2) !== 4) return undefined;
    return ((u16(this.bytes, at) << 16) | u16(this.bytes, at + 2)) >>> 0;
  }

  /** Types of all attributes in order, those behind the integrity too. */
  types(): number[] {
    const types: number[] = [];
    for (let at = HEADER_BYTES; at < this.bytes.length; at += 4 + padded(u16(this.bytes, at + 2))) {
      types.push(u16(this.bytes, at));
    }
    return types;
  }

  /** Comprehension-required types that are not in `known`: to be answered with 420 (RFC 8489 section 6.3.1). */
  unknownRequired(known: ReadonlySet<number>): number[] {
    return this.types().filter((type) => type < 0x8000 && !known.has(type));
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
