import { equalBytes } from '../base/bytes.ts';
import type { Clock, Millis } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { QuietLane } from '../base/quiet-lane.ts';
import type { SrtpMaster } from '../rtp/srtp/key-derivation.ts';
import { MAX_MKI_BYTES, MarkedOpener, MarkedSealer } from '../rtp/srtp/mki.ts';
import { rtpHeaderLength, type SrtpFault } from '../rtp/srtp/session.ts';
import { type MakeTransform, SRTP_OVERHEAD } from '../rtp/srtp/transform.ts';
import type { DropCounter } from './drop-counter.ts';
import type { LegCrypto } from './protocol.ts';
import type { RtpPortPair } from './rtp-ports.ts';
import { SrtpLane } from './srtp-lane.ts';

/** The largest packet that a leg makes, bytes. */
const MAX_PACKET = 1500;
/** Buffers of RTP in turn: a socket may hold some that it has not sent yet. A leg gives up at four. */
const RING = 8;
/** After a change of keys, packets under the old one are still under way. */
const OLD_KEY_MS = 2000;

/**
 * A phone's port pair, under SRTP when SDP has agreed on keys (RFC 4568): a leg cannot tell. What is not authentic never
 * reaches the leg, so that its latch learns of proven sources only.
 */
export class SrtpSockets implements RtpPortPair {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
  readonly #clock: Clock;
  readonly #drops: DropCounter;
  readonly #make: MakeTransform | undefined;
  readonly #ring: Uint8Array[] = [];
  #next = 0;
  /** Keys are to come: until then nothing passes. */
  #awaitsKeys = false;
  #keys: LegCrypto | undefined;
  #sealer: MarkedSealer | undefined;
  #opener: MarkedOpener | undefined;
  #old: { readonly opener: MarkedOpener; readonly until: Millis } | undefined;
  /** Of the present keys, once a leg asked for it. */
  #lane: SrtpLane | undefined;

  /** `make`: who protects; absent: TypeScript alone. */
  constructor(pair: RtpPortPair, clock: Clock, drops: DropCounter, make?: MakeTransform) {
    this.#clock = clock;
    this.#drops = drops;
    this.#make = make;
    this.rtp = new Layer(
      pair.rtp,
      (bytes) => (isRtcp(bytes) ? this.#sealRtcp(bytes) : this.#sealRtp(bytes)),
      () => this.#laneAbove(pair.rtp.lane),
    );
    this.rtcp = new Layer(
      pair.rtcp,
      (bytes) => this.#sealRtcp(bytes),
      () => undefined,
    );
    pair.rtp.onDatagram = (bytes, address, port, cameAt) => {
      this.#lane?.catchUp();
      const plain = isRtcp(bytes) ? this.#openRtcp(bytes) : this.#openRtp(bytes);
      if (plain !== undefined) this.rtp.onDatagram(plain, address, port, cameAt);
    };
    pair.rtcp.onDatagram = (bytes, address, port) => {
      const plain = this.#openRtcp(bytes);
      if (plain !== undefined) this.rtcp.onDatagram(plain, address, port);
    };
  }

  /** Keys from now on; undefined: plain RTP; `awaited`: those that stand, and without any nothing passes. The same keys again change nothing: indices run on (RFC 3711 section 3.2.1). */
  setKeys(keys: LegCrypto | 'awaited' | undefined): void {
    this.#awaitsKeys = keys === 'awaited';
    if (keys === 'awaited') return;
    const before = this.#keys;
    this.#keys = keys;
    this.#lane = undefined;
    if (keys === undefined) {
      this.#sealer = this.#opener = this.#old = undefined;
      return;
    }
    const sameProfile = before?.profile === keys.profile;
    if (!sameProfile || !sameMaster(before.local, keys.local)) {
      this.#sealer = new MarkedSealer(keys.profile, keys.local, keys.local.mki, this.#make);
    } else if (this.#sealer !== undefined) this.#sealer.mki = keys.local.mki;
    if (sameProfile && sameMaster(before.remote, keys.remote)) {
      if (this.#opener !== undefined) this.#opener.mki = keys.remote.mki;
      return;
    }
    if (this.#opener !== undefined)
      this.#old = { opener: this.#opener, until: this.#clock.now() + OLD_KEY_MS };
    this.#opener = new MarkedOpener(keys.profile, keys.remote, keys.remote.mki, this.#make);
  }

  /** What lies below sees what is on the wire: of use while that is no secret, or to one who can have the keys. */
  #laneAbove(below: QuietLane | undefined): QuietLane | undefined {
    if (below === undefined || this.#awaitsKeys) return undefined;
    const [opener, sealer] = [this.#opener, this.#sealer];
    if (opener === undefined || sealer === undefined) return below;
    if (this.#old !== undefined && this.#clock.now() >= this.#old.until) this.#old = undefined;
    if (this.#old !== undefined || opener.mki !== undefined || sealer.mki !== undefined) return undefined;
    this.#lane ??= new SrtpLane(below, opener.opener, sealer.sealer);
    return this.#lane;
  }

  #openRtp(bytes: Uint8Array): Uint8Array | undefined {
    return this.#opener === undefined
      ? this.#plain('srtp', bytes)
      : this.#opened('srtp', bytes, this.#opener);
  }

  #openRtcp(bytes: Uint8Array): Uint8Array | undefined {
    return this.#opener === undefined
      ? this.#plain('srtcp', bytes)
      : this.#opened('srtcp', bytes, this.#opener);
  }

  #plain(where: 'srtp' | 'srtcp', bytes: Uint8Array): Uint8Array | undefined {
    if (!this.#awaitsKeys) return bytes;
    this.#drops.count(where, 'no-keys');
    return undefined;
  }

  #opened(where: 'srtp' | 'srtcp', bytes: Uint8Array, opener: MarkedOpener): Uint8Array | undefined {
    let length = open(where, bytes, opener);
    if ((length === 'unauthentic' || length === 'mki') && this.#old !== undefined) {
      if (this.#clock.now() < this.#old.until) length = open(where, bytes, this.#old.opener);
      else this.#old = undefined;
    }
    if (typeof length === 'number') return bytes.subarray(0, length);
    this.#drops.count(where, length);
    return undefined;
  }

  #sealRtp(packet: Uint8Array): Uint8Array | undefined {
    const sealer = this.#sealer;
    if (sealer === undefined) return this.#awaitsKeys ? undefined : packet;
    const buffer = this.#buffer(packet);
    if (buffer === undefined) return undefined;
    const sealed = sealer.sealRtp(buffer, rtpHeaderLength(packet, packet.length), packet.length);
    return this.#sealed('srtp', buffer, sealed);
  }

  #sealRtcp(packet: Uint8Array): Uint8Array | undefined {
    const sealer = this.#sealer;
    if (sealer === undefined) return this.#awaitsKeys ? undefined : packet;
    // Of its own: a socket may hold it while the other sends a whole ring.
    const buffer = new Uint8Array(packet.length + SRTP_OVERHEAD + MAX_MKI_BYTES);
    buffer.set(packet);
    return this.#sealed('srtcp', buffer, sealer.sealRtcp(buffer, packet.length));
  }

  #buffer(packet: Uint8Array): Uint8Array | undefined {
    if (packet.length > MAX_PACKET) {
      this.#drops.count('srtp', 'seal-too-long');
      return undefined;
    }
    const buffer = this.#ring[this.#next] ?? new Uint8Array(MAX_PACKET + SRTP_OVERHEAD + MAX_MKI_BYTES);
    this.#ring[this.#next] = buffer;
    this.#next = (this.#next + 1) % RING;
    buffer.set(packet);
    return buffer;
  }

  #sealed(where: 'srtp' | 'srtcp', buffer: Uint8Array, sealed: number | SrtpFault): Uint8Array | undefined {
    if (typeof sealed === 'number') return buffer.subarray(0, sealed);
    this.#drops.count(where, `seal-${sealed}`);
    return undefined;
  }
}

function open(where: 'srtp' | 'srtcp', bytes: Uint8Array, opener: MarkedOpener): number | SrtpFault | 'mki' {
  return where === 'srtp' ? opener.openRtp(bytes, bytes.length) : opener.openRtcp(bytes, bytes.length);
}

/** One of the sockets, as its leg sees it. */
class Layer implements DatagramSocket {
  readonly #below: DatagramSocket;
  readonly #seal: (bytes: Uint8Array) => Uint8Array | undefined;
  readonly #lane: () => QuietLane | undefined;
  onDatagram: DatagramSocket['onDatagram'] = () => {};

  constructor(
    below: DatagramSocket,
    seal: (bytes: Uint8Array) => Uint8Array | undefined,
    lane: () => QuietLane | undefined,
  ) {
    this.#below = below;
    this.#seal = seal;
    this.#lane = lane;
  }

  get lane(): QuietLane | undefined {
    return this.#lane();
  }

  get local(): DatagramSocket['local'] {
    return this.#below.local;
  }

  get queued(): number {
    return this.#below.queued;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    const sealed = this.#seal(bytes);
    if (sealed !== undefined) this.#below.send(sealed, port, address);
  }

  close(): void {
    this.#below.close();
  }
}

/** RFC 5761 section 4: RTCP on the RTP port. SRTP leaves the first 8 bytes as they are. */
function isRtcp(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[1]! >= 192 && bytes[1]! <= 223;
}

function sameMaster(a: SrtpMaster, b: SrtpMaster): boolean {
  return equalBytes(a.key, b.key) && equalBytes(a.salt, b.salt);
}
