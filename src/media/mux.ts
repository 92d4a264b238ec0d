import type { Clock, Millis } from '../base/clock.ts';
import type { FanOut } from '../base/fan-out.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { SealingWay } from '../base/sealing-way.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { Timers } from '../base/wake-queue.ts';
import { classify } from '../ice/demux.ts';
import { requestedUfrag } from '../ice/routing.ts';
import type { StreamPath } from '../ice/stream-path.ts';
import { AddressTable } from './address-table.ts';
import type { DropCounter } from './drop-counter.ts';
import { EarlyChecks } from './early-checks.ts';

/** A browser's connection to the ICE-TCP port. `peer` is whoever proved itself on it last. */
export interface MuxStream extends StreamPath {
  readonly address: string;
  readonly port: number;
  peer: MuxPeer | undefined;
}

/** One association as the mux sees it. */
export interface MuxPeer {
  /** It wants to know where the next packet of its media comes from. */
  readonly uneasy: boolean;
  onMediaFrom(address: string, port: number, stream: MuxStream | undefined): void;
  /** A Binding request that names one of its ufrags; the peer authenticates it and answers, by UDP or on `stream`. */
  onCheck(bytes: Uint8Array, address: string, port: number, now: Millis, stream: MuxStream | undefined): void;
  onDtls(bytes: Uint8Array, now: Millis): void;
  onSrtp(bytes: Uint8Array, now: Millis): void;
  onSrtcp(bytes: Uint8Array, now: Millis): void;
  /** A connection that it had proved itself on has ended. */
  onStreamClosed(stream: MuxStream): void;
}

/** Checks of unproven sources that are looked at: each costs an HMAC. Proven sources are not slowed by them. */
const UNPROVEN_CHECKS = { perSecond: 500, burst: 500 };
/** No valid packet of a browser is longer than this by far (RFC 8831 section 5: 1,200 bytes of path MTU). */
const MAX_DATAGRAM = 2048;

/**
 * The one UDP socket of a media worker, and the connections to its ICE-TCP port. STUN checks go to whom they name, and are authenticated there; DTLS and SRTP
 * pass only from addresses that sent an authenticated check. All else is counted and dropped: nothing that is not
 * proven is answered, and nothing of it remembered but a few checks that may have come too early.
 */
export class Mux {
  readonly #socket: DatagramSocket;
  readonly #clock: Clock;
  readonly #drops: DropCounter;
  readonly #byUfrag = new Map<string, MuxPeer>();
  readonly #byAddress = new AddressTable<MuxPeer>();
  readonly #unproven: TokenBucket;
  readonly #early: EarlyChecks<MuxStream>;

  constructor(options: { socket: DatagramSocket; clock: Clock; timers: Timers; drops: DropCounter }) {
    this.#socket = options.socket;
    this.#clock = options.clock;
    this.#drops = options.drops;
    this.#unproven = new TokenBucket(UNPROVEN_CHECKS, options.clock.now());
    this.#early = new EarlyChecks<MuxStream>({
      ...options,
      onDropped: (count) => this.#drops.count('stun', 'unknown-ufrag', count),
    });
    options.socket.onDatagram = (bytes, address, port) => this.#onDatagram(bytes, address, port);
  }

  get port(): number {
    return this.#socket.local.port;
  }

  /** How many ufrags and addresses are known: 0 when nobody is there. */
  get size(): { readonly ufrags: number; readonly addresses: number } {
    return { ufrags: this.#byUfrag.size, addresses: this.#byAddress.size };
  }

  addUfrag(ufrag: string, peer: MuxPeer): void {
    this.#byUfrag.set(ufrag, peer);
  }

  /** Its peer can judge checks from now on: those that were too early come now. */
  replayEarly(ufrag: string): void {
    for (const { address, bytes, port, stream } of this.#early.take(ufrag)) {
      const known = stream === undefined ? this.#byAddress.get(address, port) : stream.peer;
      this.#onStun(bytes, address, port, known, stream);
    }
  }

  /** A connection has ended before it belonged to anybody, or since. */
  forgetEarly(stream: MuxStream): void {
    this.#early.forget(stream);
  }

  removeUfrag(ufrag: string): void {
    this.#byUfrag.delete(ufrag);
  }

  addAddress(address: string, port: number, peer: MuxPeer): void {
    this.#byAddress.set(address, port, peer);
  }

  removeAddress(address: string, port: number, peer: MuxPeer): void {
    this.#byAddress.delete(address, port, peer);
  }

  /** Sends what may wait in the kernel's queue: `bytes` must not be changed afterwards. */
  send(bytes: Uint8Array, port: number, address: string): void {
    this.#socket.send(bytes, port, address);
  }

  /** The kernel has taken all that was sent. */
  get ready(): boolean {
    return this.#socket.queued === 0;
  }

  /** Sends media out of a buffer that is used again; false, and nothing sent, while the kernel is behind. */
  sendReused(bytes: Uint8Array, port: number, address: string): boolean {
    if (!this.ready) return false;
    this.#socket.send(bytes, port, address);
    return true;
  }

  /** A way on which the socket seals with the keys of `sealer`; undefined where it cannot. */
  sealing(sealer: object, port: number, address: string): SealingWay | undefined {
    return this.#socket.sealing?.(sealer, port, address);
  }

  /** Where one packet goes on many of the socket's sealing ways; undefined where it has none. */
  fanOut(): FanOut | undefined {
    return this.#socket.fanOut?.();
  }

  close(): void {
    this.#socket.onDatagram = () => {};
    this.#early.close();
    this.#socket.close();
  }

  #onDatagram(bytes: Uint8Array, address: string, port: number): void {
    if (bytes.length > MAX_DATAGRAM) {
      this.#drops.count('mux', 'too-long');
      return;
    }
    this.#route(bytes, this.#byAddress.get(address, port), address, port, undefined);
  }

  /** One packet that came on a connection. */
  receive(bytes: Uint8Array, stream: MuxStream): void {
    this.#route(bytes, stream.peer, stream.address, stream.port, stream);
  }

  #route(
    bytes: Uint8Array,
    peer: MuxPeer | undefined,
    address: string,
    port: number,
    stream: MuxStream | undefined,
  ): void {
    const kind = classify(bytes);
    if (kind === 'stun') {
      this.#onStun(bytes, address, port, peer, stream);
      return;
    }
    if (kind === 'unknown' || kind === 'turn-channel') {
      this.#drops.count('mux', kind);
      return;
    }
    if (peer === undefined) {
      this.#drops.count('mux', `${kind}-unproven`);
      return;
    }
    const now = this.#clock.now();
    if (peer.uneasy && kind !== 'dtls') peer.onMediaFrom(address, port, stream);
    if (kind === 'rtp') peer.onSrtp(bytes, now);
    else if (kind === 'rtcp') peer.onSrtcp(bytes, now);
    else peer.onDtls(bytes, now);
  }

  #onStun(
    bytes: Uint8Array,
    address: string,
    port: number,
    known: MuxPeer | undefined,
    stream: MuxStream | undefined,
  ): void {
    const now = this.#clock.now();
    const ufrag = requestedUfrag(bytes);
    if (ufrag === undefined) {
      this.#drops.count('stun', 'no-check');
      return;
    }
    const peer = this.#byUfrag.get(ufrag);
    if (peer === undefined) {
      this.#early.hold({ ufrag, bytes, address, port, stream });
      return;
    }
    if (known !== peer && !this.#unproven.take(now)) {
      this.#drops.count('stun', 'rate');
      return;
    }
    peer.onCheck(bytes, address, port, now, stream);
  }
}
