/** HEP version 3, by which Homer and others take what a SIP node saw (the HEP3 protocol specification, rev. 12). */
import { concat, utf8 } from '../base/bytes.ts';
import type { Flow } from '../sip/ports.ts';
import { ipBytes } from './ip-bytes.ts';

/** Chunk types of the generic vendor. */
const CHUNK = {
  family: 0x01,
  protocol: 0x02,
  sourceV4: 0x03,
  targetV4: 0x04,
  sourceV6: 0x05,
  targetV6: 0x06,
  sourcePort: 0x07,
  targetPort: 0x08,
  seconds: 0x09,
  micros: 0x0a,
  payloadType: 0x0b,
  captureId: 0x0c,
  authKey: 0x0e,
  payload: 0x0f,
  correlation: 0x11,
} as const;

const SIP = 1;
const FAMILY_V4 = 2;
const FAMILY_V6 = 10;
const IP_UDP = 17;
const IP_TCP = 6;

export interface HepCapture {
  readonly unixMs: number;
  readonly way: 'in' | 'out';
  readonly flow: Flow;
  readonly payload: Uint8Array;
  readonly callId: string | undefined;
}

/** Who we are to the collector. */
export interface HepIdentity {
  readonly captureId: number;
  readonly authKey: string | undefined;
}

/** One datagram to the collector. */
export function hepPacket(capture: HepCapture, { captureId, authKey }: HepIdentity): Uint8Array {
  const { flow, way, unixMs, payload, callId } = capture;
  const [from, to] = way === 'in' ? [flow.remote, flow.local] : [flow.local, flow.remote];
  let [source, target] = [ipBytes(from.address), ipBytes(to.address)];
  const isV6 = source.length === 16 || target.length === 16;
  // The side that listens on every address has none of its own.
  if (isV6 && source.length === 4) source = new Uint8Array(16);
  if (isV6 && target.length === 4) target = new Uint8Array(16);
  const seconds = Math.floor(unixMs / 1000);
  const chunks = [
    chunk(CHUNK.family, [isV6 ? FAMILY_V6 : FAMILY_V4]),
    chunk(CHUNK.protocol, [flow.transport === 'udp' ? IP_UDP : IP_TCP]),
    chunk(isV6 ? CHUNK.sourceV6 : CHUNK.sourceV4, source),
    chunk(isV6 ? CHUNK.targetV6 : CHUNK.targetV4, target),
    chunk(CHUNK.sourcePort, be16(from.port)),
    chunk(CHUNK.targetPort, be16(to.port)),
    chunk(CHUNK.seconds, be32(seconds)),
    chunk(CHUNK.micros, be32(Math.floor((unixMs - seconds * 1000) * 1000))),
    chunk(CHUNK.payloadType, [SIP]),
    chunk(CHUNK.captureId, be32(captureId)),
  ];
  if (authKey !== undefined) chunks.push(chunk(CHUNK.authKey, utf8(authKey)));
  if (callId !== undefined) chunks.push(chunk(CHUNK.correlation, utf8(callId)));
  chunks.push(chunk(CHUNK.payload, payload));
  const body = concat(chunks);
  return concat([utf8('HEP3'), be16(6 + body.length), body]);
}

/** Vendor 0, type, length of the whole chunk, data. */
function chunk(type: number, data: ArrayLike<number>): Uint8Array {
  return concat([be16(0), be16(type), be16(6 + data.length), Uint8Array.from(data)]);
}

function be16(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 0xff, value & 0xff);
}

function be32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}
