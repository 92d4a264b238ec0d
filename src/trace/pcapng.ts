/**
 * A call as a file for Wireshark and sngrep (draft-ietf-opsawg-pcapng): each message as one raw IP packet with UDP, whatever it
 * came on, because of TCP and TLS there is nothing but the message. The transport stands in the packet's comment.
 */
import { concat, utf8 } from '../base/bytes.ts';
import type { HostPort } from '../base/net.ts';
import { ipBytes } from './ip-bytes.ts';
import type { CallTrace, TracedMessage } from './recorder.ts';

const SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
/** Packets begin with an IPv4 or IPv6 header. */
const LINKTYPE_RAW = 101;
const OPTION_COMMENT = 1;
const UDP = 17;
/** UDP, IPv6 and IPv4 headers must fit besides in 65,535 bytes. */
const MAX_PAYLOAD = 65_535 - 8 - 40;

/** The whole file. */
export function pcapng(trace: CallTrace): Uint8Array {
  const section = block(SECTION, [u32(BYTE_ORDER), u16(1), u16(0), u32(0xffffffff), u32(0xffffffff)]);
  const port = block(INTERFACE, [u16(LINKTYPE_RAW), u16(0), u32(0)]);
  return concat([section, port, ...trace.messages.map(packet)]);
}

function packet(message: TracedMessage): Uint8Array {
  const data = datagram(message);
  const micros = BigInt(Math.round(message.unixMs * 1000));
  const comment = utf8(message.transport);
  return block(ENHANCED_PACKET, [
    u32(0),
    u32(Number(micros >> 32n)),
    u32(Number(micros & 0xffffffffn)),
    u32(data.length),
    u32(data.length),
    padded(data),
    u16(OPTION_COMMENT),
    u16(comment.length),
    padded(comment),
    u32(0),
  ]);
}

/** Length before and after, all in little endian as the section header says. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const length = u32(body.length + 12);
  return concat([u32(type), length, body, length]);
}

function datagram({ way, local, remote, bytes }: TracedMessage): Uint8Array {
  const [from, to] = way === 'in' ? [remote, local] : [local, remote];
  const payload = bytes.subarray(0, MAX_PAYLOAD);
  const udp = concat([be16(from.port), be16(to.port), be16(8 + payload.length), be16(0), payload]);
  const [source, target] = addresses(from, to);
  return concat([header(source, target, udp.length), source, target, udp]);
}

/** Both of one family: an unbound side (`0.0.0.0`) takes that of the other. */
function addresses(from: HostPort, to: HostPort): [Uint8Array, Uint8Array] {
  const [a, b] = [ipBytes(from.address), ipBytes(to.address)];
  if (a.length === b.length) return [a, b];
  const wide = (one: Uint8Array) => (one.length === 16 ? one : new Uint8Array(16));
  return [wide(a), wide(b)];
}

function header(source: Uint8Array, target: Uint8Array, length: number): Uint8Array {
  if (source.length === 16)
    return concat([Uint8Array.of(0x60, 0, 0, 0), be16(length), Uint8Array.of(UDP, 64)]);
  const head = concat([
    Uint8Array.of(0x45, 0),
    be16(20 + length),
    Uint8Array.of(0, 0, 0x40, 0, 64, UDP),
    be16(0),
  ]);
  const sum = checksum(concat([head, source, target]));
  head[10] = sum >> 8;
  head[11] = sum & 0xff;
  return head;
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

function be16(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 0xff, value & 0xff);
}
