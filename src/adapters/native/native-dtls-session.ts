import { fromHex } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Alarm, Timers } from '../../base/wake-queue.ts';
import type {
  ApplicationLayer,
  DtlsDrop,
  DtlsEvent,
  DtlsRejection,
  DtlsSession,
  StartApplication,
} from '../../media/dtls-port.ts';
import type { DataChannelLabel, Fingerprint } from '../../media/protocol.ts';
import { keyLength, type SrtpProfile, saltLength } from '../../rtp/srtp/key-derivation.ts';
import type { DtlsAssociation } from './addon.ts';
import { ContentType, recordEnd, recordEpoch, refusal, renumber } from './dtls-records.ts';

/** Datagrams kept until the peer's fingerprint is known: a ClientHello, and its repetitions. */
const MAX_HELD = 16;
/** Handshakes that nonsense in the clear may spoil; what comes then is dropped until the transport's deadline. */
const MAX_RESTARTS = 16;

const DtlsState = { handshake: 0, connected: 1, closed: 2, failed: 3 } as const;
const PROFILES = new Map<number, SrtpProfile>([
  [1, 'AES_CM_128_HMAC_SHA1_80'],
  [7, 'AEAD_AES_128_GCM'],
  [8, 'AEAD_AES_256_GCM'],
]);
/** Bytes of the hashes that a certificate may be named by (RFC 8122 section 5). */
const DIGESTS = new Map([
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
]);
/** What a peer did wrong that nobody else can have done; other failures may be a third party's bytes. By <openssl/sslerr.h>. */
const REJECTIONS = new Map<number, DtlsRejection>([
  [-1, 'fingerprint'],
  [199, 'no-certificate'],
  [123, 'certificate-verify'],
  [149, 'finished'],
]);

/** What an association is given to make its first move. */
const NOTHING = new Uint8Array(0);

/** Room for any record; shared, for it is copied from at once. */
const scratch = new Uint8Array(16_384 + 256);

/** How the session reaches what is around it. */
export interface NativeDtlsSessionOptions {
  readonly associate: (role: 'server' | 'client') => DtlsAssociation;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly application: StartApplication;
  readonly send: (datagram: Uint8Array) => void;
  readonly onEvent: (event: DtlsEvent) => void;
}

/**
 * OpenSSL's DTLS behind a guard: it sees whole records only, nothing in the clear once connected, and no alert that is
 * not under the keys. It checks certificate, signature and Finished itself, before there are keys to tell of.
 */
export class NativeDtlsSession implements DtlsSession {
  readonly #options: NativeDtlsSessionOptions;
  #association: DtlsAssociation;
  #state: 'handshake' | 'connected' | 'closed' = 'handshake';
  #role: 'server' | 'client' = 'server';
  #fingerprints: readonly Fingerprint[] = [];
  #held: Uint8Array[] = [];
  #restarts = 0;
  #clearRecords = 0;
  #alarm: Alarm | undefined;
  #application: ApplicationLayer | undefined;

  constructor(options: NativeDtlsSessionOptions) {
    this.#options = options;
    this.#association = options.associate(this.#role);
  }

  expect(fingerprints: readonly Fingerprint[]): void {
    if (this.#state !== 'handshake') return;
    this.#fingerprints = fingerprints;
    if (fingerprints.length === 0) return;
    this.#name(fingerprints);
    if (this.#role === 'client') this.#hello();
    for (const datagram of this.#held.splice(0)) this.receive(datagram);
  }

  /** RFC 5763 section 5: who is active begins. */
  begin(): void {
    if (this.#state !== 'handshake' || this.#role === 'client') return;
    this.#role = 'client';
    this.#anew();
  }

  receive(bytes: Uint8Array): void {
    if (this.#state === 'closed') {
      this.#drop('closed');
      return;
    }
    if (this.#fingerprints.length === 0) {
      if (this.#held.length >= MAX_HELD) this.#drop('held-too-many');
      else this.#held.push(bytes.slice());
      return;
    }
    if (!isWholeRecords(bytes)) {
      this.#drop('malformed');
      return;
    }
    for (let start = 0; start < bytes.length && !this.#isClosed(); ) {
      const end = recordEnd(bytes, start);
      const refused = refusal(bytes, start, end, this.#state === 'connected');
      if (refused === undefined) this.#onRecord(this.#own(bytes.subarray(start, end)));
      else this.#drop(refused);
      start = end;
    }
    this.#arm();
  }

  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean {
    return this.#state === 'connected' && (this.#application?.send(channel, bytes) ?? false);
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#application?.close();
    this.#association.close();
    this.#flush();
    this.#end();
  }

  /**
   * A record in the clear under a number of ours: OpenSSL takes none that is far behind the highest, and whoever forges one
   * could choose it. What was sent twice is told by its message.
   */
  #own(record: Uint8Array): Uint8Array {
    if (recordEpoch(record, 0) !== 0) return record;
    const copy = record.slice();
    renumber(copy, this.#clearRecords++);
    return copy;
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #onRecord(record: Uint8Array): void {
    if (this.#restarts > MAX_RESTARTS) {
      this.#drop('handshake-error');
      return;
    }
    const wasConnected = this.#state === 'connected';
    const state = this.#association.receive(record);
    if (state === DtlsState.failed) {
      this.#onFailure();
      return;
    }
    const sent = this.#flush();
    if (!wasConnected && state !== DtlsState.handshake) this.#onConnected();
    const heard = this.#readMessages();
    if (state === DtlsState.closed) this.#onPeerClosed();
    else if (wasConnected && !sent && !heard) this.#drop(silenceOf(record));
  }

  #onConnected(): void {
    const association = this.#association;
    const profile = PROFILES.get(association.srtpProfile());
    if (profile === undefined) {
      this.#reject('no-srtp-profile');
      return;
    }
    const key = keyLength(profile);
    const salt = saltLength(profile);
    const material = new Uint8Array(2 * (key + salt));
    if (!association.exportSrtp(material)) {
      this.#reject('handshake');
      return;
    }
    this.#state = 'connected';
    this.#application = this.#options.application(
      (bytes) => this.#sendRecord(bytes),
      (event) => {
        if (this.#state === 'connected') this.#options.onEvent(event);
      },
    );
    // RFC 5764 section 4.2: the client's key, the server's, the client's salt, the server's.
    const client = { key: material.slice(0, key), salt: material.slice(2 * key, 2 * key + salt) };
    const server = { key: material.slice(key, 2 * key), salt: material.slice(2 * key + salt) };
    const [local, remote] = this.#role === 'client' ? [client, server] : [server, client];
    this.#options.onEvent({ type: 'connected', profile, local, remote });
  }

  #onFailure(): void {
    const rejection = REJECTIONS.get(this.#association.failure());
    if (rejection === undefined) {
      this.#restart();
      return;
    }
    // The alert that says so.
    this.#flush();
    this.#end();
    this.#options.onEvent({ type: 'rejected', reason: rejection });
  }

  /** Nobody has proven anything yet, so that what went wrong may be nobody's of the two. The true peer begins or goes on. */
  #restart(): void {
    this.#drop('handshake-error');
    this.#restarts++;
    this.#anew();
  }

  #anew(): void {
    this.#association.close();
    this.#association = this.#options.associate(this.#role);
    this.#name(this.#fingerprints);
    if (this.#role === 'client' && this.#fingerprints.length > 0) this.#hello();
  }

  /** The client has the first word. */
  #hello(): void {
    this.#association.receive(NOTHING);
    this.#flush();
    this.#arm();
  }

  #name(fingerprints: readonly Fingerprint[]): void {
    this.#association.expectNobody();
    for (const { algorithm, value } of fingerprints) {
      const length = DIGESTS.get(algorithm.toLowerCase());
      const hex = value.replaceAll(':', '');
      if (length !== undefined && hex.length === 2 * length && /^[0-9a-f]+$/i.test(hex)) {
        this.#association.expect(fromHex(hex), length);
      }
    }
  }

  #reject(reason: DtlsRejection): void {
    this.#association.close();
    this.#flush();
    this.#end();
    this.#options.onEvent({ type: 'rejected', reason });
  }

  #onPeerClosed(): void {
    // An answer to close_notify is owed (RFC 5246 section 7.2.1).
    this.#application?.close();
    this.#association.close();
    this.#flush();
    this.#end();
    this.#options.onEvent({ type: 'closed' });
  }

  #end(): void {
    this.#state = 'closed';
    this.#held = [];
    this.#options.timers.cancel(this.#alarm);
    this.#association.close();
  }

  #sendRecord(bytes: Uint8Array): void {
    if (this.#state !== 'connected') return;
    this.#association.send(bytes);
    this.#flush();
  }

  /** Sends what OpenSSL has made; whether there was anything. */
  #flush(): boolean {
    let any = false;
    for (;;) {
      const length = this.#association.takeDatagram(scratch);
      if (length === 0) return any;
      any = true;
      this.#options.send(scratch.slice(0, length));
    }
  }

  #readMessages(): boolean {
    let any = false;
    for (;;) {
      const length = this.#association.takeMessage(scratch);
      if (length === 0) return any;
      any = true;
      if (this.#state === 'connected') this.#application?.receive(scratch.slice(0, length));
    }
  }

  /** Flights are repeated until the peer's answer is whole (RFC 6347 section 4.2.4). */
  #arm(): void {
    const { timers, clock } = this.#options;
    timers.cancel(this.#alarm);
    this.#alarm = undefined;
    if (this.#state !== 'handshake') return;
    const wait = this.#association.timeout();
    if (wait < 0) return;
    this.#alarm = timers.schedule(clock.now() + wait, () => {
      const state = this.#association.elapse();
      if (state === DtlsState.failed) {
        this.#reject('handshake');
        return;
      }
      this.#flush();
      this.#arm();
    });
  }

  #drop(reason: DtlsDrop): void {
    this.#options.onEvent({ type: 'dropped', reason });
  }
}

function isWholeRecords(datagram: Uint8Array): boolean {
  let at = 0;
  while (at >= 0 && at < datagram.length) at = recordEnd(datagram, at);
  return at > 0;
}

/** Why OpenSSL had nothing to say to a record under the keys: it was not authentic, or had been there before. */
function silenceOf(record: Uint8Array): DtlsDrop {
  if (recordEpoch(record, 0) !== 1) return 'unexpected-record';
  return record[0] === ContentType.alert ? 'unauthentic-alert' : 'unexpected-record';
}
