import type { Clock } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import { type AddressRange, inRange, parseAddress, parseRange } from '../rtp/address-range.ts';
import type { DropCounter } from './drop-counter.ts';
import type { DtlsEngine, DtlsEvent, DtlsSession } from './dtls-port.ts';
import type { Fingerprint, LegCrypto } from './protocol.ts';
import type { RtpPortPair } from './rtp-ports.ts';

/** Associations that may be tried at once: anybody at an allowed address can begin one, and only the phone can end it well. */
const MAX_SESSIONS = 4;
/** Each ClientHello costs a key pair. */
const HANDSHAKE_RATE = { perSecond: 20, burst: 100 };

/**
 * A phone's port pair, with DTLS for SRTP's keys on its RTP port (RFC 5763, RFC 5764 section 5.1.2 tells them apart by
 * the first byte). There is no ICE to say who is who: handshakes are taken from the addresses alone that RTP may come from, each
 * source has its own, and the first that proves the fingerprint of the phone's SDP counts.
 */
export class DtlsPortPair implements RtpPortPair {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
  readonly #engine: DtlsEngine;
  readonly #drops: DropCounter;
  readonly #clock: Clock;
  readonly #rate: TokenBucket;
  readonly #onKeys: (keys: LegCrypto) => void;
  readonly #sessions = new Map<string, DtlsSession>();
  #proven: DtlsSession | undefined;
  #fingerprints: readonly Fingerprint[] = [];
  #ranges: readonly AddressRange[] = [];

  constructor(
    pair: RtpPortPair,
    options: {
      readonly engine: DtlsEngine;
      readonly drops: DropCounter;
      readonly clock: Clock;
      /** A handshake is done and audited. */
      onKeys(keys: LegCrypto): void;
    },
  ) {
    this.#engine = options.engine;
    this.#drops = options.drops;
    this.#clock = options.clock;
    this.#rate = new TokenBucket(HANDSHAKE_RATE, options.clock.now());
    this.#onKeys = (keys) => options.onKeys(keys);
    this.rtcp = pair.rtcp;
    const below = pair.rtp;
    const hasDtls = () => this.#fingerprints.length > 0;
    this.rtp = {
      local: below.local,
      get queued() {
        return below.queued;
      },
      get lane() {
        // Packets of DTLS are none that a lane keeps back; without keys nobody rests.
        return below.lane;
      },
      onDatagram() {},
      send: (bytes, port, address) => below.send(bytes, port, address),
      close: () => below.close(),
    };
    below.onDatagram = (bytes, address, port, cameAt) => {
      const isDtls = bytes[0]! >= 20 && bytes[0]! <= 63 && hasDtls();
      if (isDtls) this.#receive(bytes, address, port, below);
      else this.rtp.onDatagram(bytes, address, port, cameAt);
    };
  }

  /**
   * The certificates that the phone may have, and where it may be; none: no DTLS. The same again changes nothing of a handshake, or
   * of the keys that it gave: that `stands`.
   */
  expect(fingerprints: readonly Fingerprint[], sources: readonly string[]): 'stands' | 'anew' {
    this.#ranges = sources.flatMap((text) => parseRange(text) ?? []);
    if (sameFingerprints(fingerprints, this.#fingerprints)) return 'stands';
    this.close();
    this.#fingerprints = fingerprints;
    return 'anew';
  }

  /** Says goodbye to the phone; the ports are their owner's to close. */
  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    this.#proven = undefined;
  }

  #receive(bytes: Uint8Array, address: string, port: number, below: DatagramSocket): void {
    const source = parseAddress(address);
    if (source === undefined || !this.#ranges.some((range) => inRange(source, range))) {
      this.#drops.count('dtls', 'source-not-allowed');
      return;
    }
    if (!this.#rate.take(this.#clock.now())) {
      this.#drops.count('dtls', 'rate');
      return;
    }
    const key = `${address} ${port}`;
    (this.#sessions.get(key) ?? this.#begin(key, address, port, below))?.receive(bytes);
  }

  #begin(key: string, address: string, port: number, below: DatagramSocket): DtlsSession | undefined {
    if (this.#proven !== undefined || this.#sessions.size >= MAX_SESSIONS) {
      this.#drops.count('dtls', 'source-not-latched');
      return undefined;
    }
    const session = this.#engine.open({
      send: (datagram) => below.send(datagram, port, address),
      onEvent: (event) => this.#onEvent(key, event),
    });
    this.#sessions.set(key, session);
    session.expect(this.#fingerprints);
    return session;
  }

  #onEvent(key: string, event: DtlsEvent): void {
    switch (event.type) {
      case 'dropped':
        this.#drops.count('dtls', event.reason);
        return;
      case 'rejected':
        // Somebody at the phone's address who is not the phone: the phone itself may still come.
        this.#drops.count('dtls', `rejected-${event.reason}`);
        this.#sessions.delete(key);
        return;
      case 'closed':
        this.#sessions.delete(key);
        return;
      case 'connected': {
        const session = this.#sessions.get(key);
        if (this.#proven !== undefined || session === undefined) return;
        this.#proven = session;
        for (const [other, its] of this.#sessions) {
          if (its === session) continue;
          this.#sessions.delete(other);
          its.close();
        }
        this.#onKeys({ profile: event.profile, local: event.local, remote: event.remote });
        return;
      }
      default:
        return;
    }
  }
}

function sameFingerprints(a: readonly Fingerprint[], b: readonly Fingerprint[]): boolean {
  const same = (one: Fingerprint, at: number) =>
    one.value === b[at]?.value && one.algorithm === b[at]?.algorithm;
  return a.length === b.length && a.every(same);
}
