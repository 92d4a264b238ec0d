import type { Millis } from '../base/clock.ts';
import type { DatagramSocket, HostPort } from '../base/net.ts';
import type { SrtpMaster, SrtpProfile } from '../rtp/srtp/key-derivation.ts';
import { rtpHeaderLength, SrtpOpener, SrtpSealer } from '../rtp/srtp/session.ts';
import { type MakeTransform, SRTP_OVERHEAD } from '../rtp/srtp/transform.ts';
import type { DropCounter } from './drop-counter.ts';
import type { ProtectedMedia, ProtectedPath } from './protected-media.ts';

/**
 * The far end as its leg sees it: one address that never changes. Which one it really has is ICE's affair. RFC 7600 gives
 * 192.0.0.8 to addresses that stand for none.
 */
export const FAR_END: HostPort = { address: '192.0.0.8', port: 9 };

/** The largest packet that a leg makes, bytes. */
const MAX_PACKET = 1500;

/**
 * A phone's RTP and RTCP under the keys of its DTLS, as two sockets that a leg cannot tell from its own: what comes out
 * of them was authentic, so there is nothing to latch on to. Both share one path (RFC 5761).
 */
export class ProtectedSockets implements ProtectedMedia {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
  /** The leg has statistics of its own. */
  readonly quality = { take: () => undefined };
  readonly #path: ProtectedPath;
  readonly #drops: DropCounter;
  readonly #make: MakeTransform | undefined;
  readonly #scratch = new Uint8Array(MAX_PACKET + SRTP_OVERHEAD);
  #opener: SrtpOpener | undefined;
  #sealer: SrtpSealer | undefined;

  /** `make`: who protects; absent: TypeScript alone. */
  constructor(path: ProtectedPath, drops: DropCounter, make?: MakeTransform) {
    this.#path = path;
    this.#drops = drops;
    this.#make = make;
    this.rtp = socket((bytes) => this.#sendRtp(bytes));
    this.rtcp = socket((bytes) => this.#sendRtcp(bytes));
  }

  setKeys(profile: SrtpProfile, local: SrtpMaster, remote: SrtpMaster): void {
    this.#opener = new SrtpOpener(profile, remote, this.#make);
    this.#sealer = new SrtpSealer(profile, local, this.#make);
  }

  /** What a phone is sent is sealed before. */
  pathChanged(): void {}

  onSrtp(bytes: Uint8Array, _now: Millis): void {
    const length = this.#opener?.openRtp(bytes, bytes.length) ?? 'no-keys';
    if (typeof length === 'string') this.#drops.count('srtp', length);
    else this.rtp.onDatagram(bytes.subarray(0, length), FAR_END.address, FAR_END.port);
  }

  onSrtcp(bytes: Uint8Array, _now: Millis): void {
    const length = this.#opener?.openRtcp(bytes, bytes.length) ?? 'no-keys';
    if (typeof length === 'string') this.#drops.count('srtcp', length);
    else this.rtcp.onDatagram(bytes.subarray(0, length), FAR_END.address, FAR_END.port);
  }

  /** The leg sends its reports by itself. */
  report(): void {}

  #sendRtp(packet: Uint8Array): void {
    const sealer = this.#sealer;
    if (sealer === undefined) return;
    const { length } = packet;
    if (length > MAX_PACKET) {
      this.#drops.count('srtp', 'seal-too-long');
      return;
    }
    this.#scratch.set(packet);
    const sealed = sealer.sealRtp(this.#scratch, rtpHeaderLength(packet, length), length);
    if (typeof sealed === 'string') this.#drops.count('srtp', `seal-${sealed}`);
    else this.#path.sendReused(this.#scratch.subarray(0, sealed));
  }

  #sendRtcp(compound: Uint8Array): void {
    const sealer = this.#sealer;
    if (sealer === undefined) return;
    const bytes = new Uint8Array(compound.length + SRTP_OVERHEAD);
    bytes.set(compound);
    const sealed = sealer.sealRtcp(bytes, compound.length);
    if (typeof sealed === 'string') this.#drops.count('srtcp', `seal-${sealed}`);
    else this.#path.send(bytes.subarray(0, sealed));
  }
}

/** The path drops what the kernel has no room for, so that nothing waits here. */
function socket(send: (bytes: Uint8Array) => void): DatagramSocket {
  return { local: FAR_END, queued: 0, onDatagram() {}, send, close() {} };
}
