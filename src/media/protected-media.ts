import type { Millis } from '../base/clock.ts';
import type { SealingWay } from '../base/sealing-way.ts';
import type { SrtpMaster, SrtpProfile } from '../rtp/srtp/key-derivation.ts';
import type { PathQuality } from './path-quality.ts';

/** The way that ICE has found, as media see it. Nothing is sent before there is one. */
export interface ProtectedPath {
  /** Sends at once or not at all: the buffer is used again. False: not sent. */
  sendReused(bytes: Uint8Array): boolean;
  send(bytes: Uint8Array): void;
  /** What {@link sendReused} is given now goes out. */
  isReady(): boolean;
  /** The way in use, if packets can be sealed on it as they leave with the keys of `sealer`. Ask for each packet, unless {@link isSteady}. */
  sealing(sealer: object): SealingWay | undefined;
  /** Packets leave by one way alone: the answer holds until {@link ProtectedMedia.pathChanged}. */
  isSteady(): boolean;
}

/** The media half of a transport: what passes under the keys of its DTLS (RFC 5764). */
export interface ProtectedMedia {
  /** The handshake is done and audited. */
  setKeys(profile: SrtpProfile, local: SrtpMaster, remote: SrtpMaster): void;
  /** Packets may take another way from now on. */
  pathChanged(): void;
  /** An SRTP packet from a proven address; it is opened in place. */
  onSrtp(bytes: Uint8Array, now: Millis): void;
  onSrtcp(bytes: Uint8Array, now: Millis, unixMs: number): void;
  /** Once a second while connected. */
  report(now: Millis, unixMs: number): void;
  /** How the path fared since the last call; undefined when nobody told. */
  readonly quality: { take(): PathQuality | undefined };
}
