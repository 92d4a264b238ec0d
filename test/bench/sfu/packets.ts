import { nodeDigests, systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { writeRtpHeader, writeU32 } from '../../../src/rtp/packet.ts';
import type { SrtpMaster } from '../../../src/rtp/srtp/key-derivation.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { shortTermKey } from '../../../src/stun/integrity.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';

/**
 * What is measured: a voice in Opus, or a picture in VP8 of some two megabits. Peers answer as Chromium 156 was seen to: checks
 * every 2.2 s, reports every 4 s for a voice and every second for a picture (ms here), and feedback on packets that have a
 * transport-wide number every 50 ms.
 */
export const media = {
  checkEvery: 2200,
  audio: {
    kind: 'audio',
    mime: 'audio/opus',
    clockRate: 48_000,
    payloadType: 111,
    payload: 100,
    perSecond: 50,
    burst: 1,
    subscriptions: 400,
    reportEvery: 4000,
  },
  video: {
    kind: 'video',
    mime: 'video/vp8',
    clockRate: 90_000,
    payloadType: 96,
    payload: 1150,
    perSecond: 220,
    /** Browsers' pacers send what is due every 5 ms, at two and a half times the rate. */
    burst: 3,
    subscriptions: 100,
    reportEvery: 1000,
  },
} as const;

export type MediumName = 'audio' | 'video';

export const PROFILE = 'AEAD_AES_128_GCM';
export const EXTENSIONS = { mid: 4, audioLevel: 1, absSendTime: 2, transportCc: 3 } as const;
/** Of publishers. */
export const toGateway: SrtpMaster = { key: new Uint8Array(16).fill(1), salt: new Uint8Array(12).fill(2) };
export const fromGateway: SrtpMaster = { key: new Uint8Array(16).fill(3), salt: new Uint8Array(12).fill(4) };
/** The SSRC of a room's publisher. */
export const sourceOf = (room: number): number => 1000 + room;
/** Loopback addresses stand for peers: publishers are at 127.1, subscribers at 127.2. */
export const publisherAddress = (room: number): string => `127.1.${room >> 8}.${room & 255}`;
export const subscriberAddress = (peer: number): string => `127.2.${peer >> 8}.${peer & 255}`;
/** Of everybody's socket a port of its own, as browsers have. */
export const publisherPort = (room: number): number => 41_000 + room;
export const subscriberPort = (peer: number): number => 42_000 + peer;
/** How transports are named, and the SSRC of what a subscriber is sent. */
export const publisherId = (room: number): string => `P${room}`;
export const subscriberId = (peer: number): string => `S${peer}`;
export const sentSourceOf = (peer: number): number => 1_000_000 + peer;
/** ICE credentials: the peers have these, and the gateway those of {@link credentials}. */
export const peerCredentials = { ufrag: 'peer', pwd: 'p'.repeat(24) };
export const credentials = (id: string): { ufrag: string; pwd: string } => ({
  ufrag: `bench-${id}`,
  pwd: 'l'.repeat(24),
});

/** The check by which a peer proves itself at its address, and later that it still wants to be sent something (RFC 7675). */
export function iceCheck(id: string): Uint8Array {
  const { pwd, ufrag } = credentials(id);
  return new StunBuilder(Method.binding, 'request', systemRandom.bytes(12))
    .text(Attribute.username, `${ufrag}:${peerCredentials.ufrag}`)
    .flag(Attribute.useCandidate)
    .messageIntegrity(nodeDigests, shortTermKey(pwd))
    .finish();
}
const HEADER_END = 12 + 4 + 8;

/** Writes a publisher's packet, not sealed, into `bytes`; answers header and length. */
export function writePacket(
  bytes: Uint8Array,
  medium: MediumName,
  room: number,
  sequence: number,
): { headerEnd: number; length: number } {
  const { clockRate, payload, payloadType, perSecond } = media[medium];
  writeRtpHeader(bytes, 0, {
    payloadType,
    marker: false,
    sequence: sequence & 0xffff,
    timestamp: Math.floor((sequence * clockRate) / perSecond) >>> 0,
    ssrc: sourceOf(room),
    extension: 'follows',
  });
  // Level and transport-wide number (RFC 8285 section 4.2).
  bytes.set([0xbe, 0xde, 0, 2, 0x10, 0x90, 0x31, sequence >> 8, sequence, 0, 0, 0], 12);
  bytes.fill(0x55, HEADER_END, HEADER_END + payload);
  if (medium === 'video') {
    // A packet of a picture that goes on, in one temporal layer (RFC 7741 section 4.2); the first begins a key frame.
    bytes.set([0x90, 0xe0, 0, 0, 0, 0, sequence === 0 ? 0x10 : 0x11], HEADER_END);
    writeU32(bytes, HEADER_END + 2, ((0x8000 | (sequence & 0x7fff)) << 16) >>> 0);
  }
  return { headerEnd: HEADER_END, length: HEADER_END + payload };
}
