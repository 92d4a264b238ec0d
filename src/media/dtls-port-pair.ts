import type { Clock, Millis } from '../base/clock.ts';
import { type DatagramSocket, isNowhere } from '../base/net.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import { type AddressRange, inRange, parseAddress, parseRange } from '../rtp/address-range.ts';
import type { DropCounter } from './drop-counter.ts';
import type { DtlsEngine, DtlsEvent, DtlsSession } from './dtls-port.ts';
import type { Fingerprint, LegCrypto, LegDtls, LegMedia } from './protocol.ts';
import type { RtpPortPair } from './rtp-ports.ts';

/**
 * Associations that may be tried at once: anybody at an allowed address can begin one, and only the phone can end it well. And
 * those that we begin ourselves, one after the other: somebody else may have spoilt them.
 */
const MAX_SESSIONS = 4;
/** So long may one try: behind it somebody else may have its place, and who is there may begin anew. */
const TRIAL_MS: Millis = 30_000;
/** Each ClientHello costs a key pair. */
const HANDSHAKE_RATE = { perSecond: 20, burst: 100 };

/** An association that may come to something. */
interface Trial {
  readonly session: DtlsSession;
  readonly until: Millis;
}

/** Where a phone is, and whether it may be sent anything yet. */
export type DtlsPlace = Pick<LegMedia, 'remote' | 'allowedSources' | 'sending'>;

/**
 * A phone's port pair, with DTLS for SRTP's keys on its RTP port (RFC 5763, RFC 5764 section 5.1.2 tells them apart by
 * the first byte). There is no ICE to say who is who: handshakes are taken from the addresses alone that RTP may come from, each
 * source has its own, and the first that proves the fingerprint of the phone's SDP counts. Where we are to begin, it is with who
 * is where the phone's SDP says.
 */
export class DtlsPortPair implements RtpPortPair {
  readonly rtp: DatagramSocket;
  readonly rtcp: DatagramSocket;
  readonly #engine: DtlsEngine;
  readonly #drops: DropCounter;
  readonly #clock: Clock;
  readonly #rate: TokenBucket;
  readonly #onKeys: (keys: LegCrypto) => void;
  readonly #trials = new Map<string, Trial>();
  #proven: DtlsSession | undefined;
  #dtls: LegDtls | undefined;
  #place: DtlsPlace | undefined;
  /** The phone is elsewhere since it has proven itself, and may begin anew there (RFC 5763 section 6.6). */
  #moved = false;
  /** Handshakes that we have begun. */
  #calls = 0;
  readonly #below: DatagramSocket;
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
    this.#below = below;
    const hasDtls = () => this.#dtls !== undefined;
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
      if (isDtls) this.#receive(bytes, address, port);
      else this.rtp.onDatagram(bytes, address, port, cameAt);
    };
  }

  /**
   * What was agreed on, and where the phone is; undefined: no DTLS. The same again changes nothing of a handshake, or of the keys
   * that it gave: that `stands`.
   */
  expect(dtls: LegDtls | undefined, place: DtlsPlace): 'stands' | 'anew' {
    const { address, port } = place.remote;
    this.#ranges = [address, ...place.allowedSources].flatMap((text) => parseRange(text) ?? []);
    const before = this.#place?.remote;
    this.#place = place;
    const stands = isSame(dtls, this.#dtls);
    if (!stands) {
      this.close();
      this.#dtls = dtls;
      this.#calls = 0;
      // With a `tls-id` the phone says when it begins anew (RFC 8842 section 3.1).
    } else if (this.#proven !== undefined && dtls?.theirId === undefined) {
      this.#moved ||= before?.address !== address || before.port !== port;
    }
    if (dtls?.role === 'client') this.#call();
    return stands ? 'stands' : 'anew';
  }

  /** Says goodbye to the phone; the ports are their owner's to close. */
  close(): void {
    this.#forgetAll();
    this.#proven = undefined;
    this.#moved = false;
  }

  /** Begins a handshake with who is where the phone says it is, unless one is under way there, or was enough. */
  #call(): void {
    const { remote, sending } = this.#place ?? {};
    if (this.#proven !== undefined || remote === undefined || sending === 'withheld' || isNowhere(remote))
      return;
    const { address, port } = remote;
    const key = `${address} ${port}`;
    if (this.#trials.has(key)) return;
    // One that was begun elsewhere is not the phone's any more.
    this.#forgetAll();
    if (this.#calls++ < MAX_SESSIONS) this.#open(key, address, port, 'client');
    else this.#drops.count('dtls', 'no-answer');
  }

  #receive(bytes: Uint8Array, address: string, port: number): void {
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
    this.#giveUp();
    (this.#trials.get(key)?.session ?? this.#begin(key, address, port))?.receive(bytes);
  }

  /** Those who have tried for too long have no place any more: what was spoilt for one of them is not spoilt for good. */
  #giveUp(): void {
    const now = this.#clock.now();
    for (const [key, { session, until }] of this.#trials) {
      if (session === this.#proven || now < until) continue;
      this.#drops.count('dtls', 'timeout');
      this.#trials.delete(key);
      session.close();
      if (this.#dtls?.role === 'client') this.#call();
    }
  }

  #forgetAll(): void {
    const trials = [...this.#trials.values()];
    this.#trials.clear();
    for (const { session } of trials) session.close();
  }

  /** Somebody has begun: the phone, perhaps. */
  #begin(key: string, address: string, port: number): DtlsSession | undefined {
    const isDone = this.#proven !== undefined && !this.#moved;
    if (isDone || this.#dtls?.role === 'client' || this.#trials.size >= MAX_SESSIONS) {
      this.#drops.count('dtls', 'source-not-latched');
      return undefined;
    }
    return this.#open(key, address, port, 'server');
  }

  #open(key: string, address: string, port: number, role: LegDtls['role']): DtlsSession {
    const session = this.#engine.open({
      send: (datagram) => this.#below.send(datagram, port, address),
      onEvent: (event) => this.#onEvent(key, event),
    });
    this.#trials.set(key, { session, until: this.#clock.now() + TRIAL_MS });
    if (role === 'client') session.begin();
    session.expect(this.#dtls?.fingerprints ?? []);
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
        this.#trials.delete(key);
        if (this.#dtls?.role === 'client') this.#call();
        return;
      case 'closed':
        // The phone may begin anew; till then the keys are those that were.
        if (this.#proven === this.#trials.get(key)?.session) this.#proven = undefined;
        this.#trials.delete(key);
        return;
      case 'connected': {
        const session = this.#trials.get(key)?.session;
        if (session === undefined || session === this.#proven) return;
        this.#proven = session;
        this.#moved = false;
        for (const [other, { session: its }] of this.#trials) {
          if (its === session) continue;
          this.#trials.delete(other);
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

function isSame(a: LegDtls | undefined, b: LegDtls | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const same = (one: Fingerprint, at: number) =>
    one.value === b.fingerprints[at]?.value && one.algorithm === b.fingerprints[at]?.algorithm;
  if (a.role !== b.role || a.theirId !== b.theirId || a.fingerprints.length !== b.fingerprints.length)
    return false;
  return a.fingerprints.every(same);
}
