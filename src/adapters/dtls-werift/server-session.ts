import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';
import { DtlsServer } from 'werift';
import type { ApplicationLayer, DtlsDrop, DtlsRejection, DtlsSession } from '../../media/dtls-port.ts';
import type { DataChannelLabel, Fingerprint } from '../../media/protocol.ts';
import { saltLength } from '../../rtp/srtp/key-derivation.ts';
import { auditHandshake } from './audit.ts';
import { endsAssociation, NOWHERE, PROFILES, type SessionOptions } from './either-role.ts';
import { HandshakeType } from './handshake-fragments.ts';
import { HandshakeOrder } from './handshake-order.ts';
import { ALERT, ProtectedRecords } from './protected-records.ts';
import type { DtlsRecord } from './records.ts';
import { ContentType, makeRecord, splitRecords } from './records.ts';

/** Datagrams kept until the peer's fingerprint is known: a ClientHello, and its repetitions. */
const MAX_HELD = 16;
/** Repeated flights 5 that are answered with flight 6. */
const MAX_FLIGHT_6 = 16;
/** What werift takes as its socket. */
type WeriftTransport = ConstructorParameters<typeof DtlsServer>[0]['transport'];

/**
 * werift's DTLS server behind guards. It sees only whole records and whole handshake messages in order; nothing in the
 * clear once connected; no alerts at all. Keys are released after the audit of the handshake.
 */
export class WeriftServerSession implements Omit<DtlsSession, 'begin'> {
  readonly #options: SessionOptions;
  readonly #server: DtlsServer;
  readonly #order = new HandshakeOrder();
  readonly #records: ProtectedRecords;
  #state: 'handshake' | 'connected' | 'closed' = 'handshake';
  #fingerprints: readonly Fingerprint[] = [];
  #held: Uint8Array[] = [];
  #feed: (record: NodeBuffer) => void = () => {};
  #recordSequence = 0;
  #flight6Repeats = 0;
  #application: ApplicationLayer | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const transport: WeriftTransport = {
      type: 'udp',
      address: { address: '0.0.0.0', family: 'IPv4', port: 0 },
      closed: false,
      onData: () => {},
      // Flight 4 is repeated up to 11 times, whatever happened meanwhile.
      send: (datagram: NodeBuffer) => {
        if (this.#state !== 'closed') options.send(datagram);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    this.#server = new DtlsServer({
      cert: options.certificate.certPem,
      key: options.certificate.keyPem,
      signatureHash: options.certificate.signatureHash,
      transport,
      srtpProfiles: [7, 1],
      extendedMasterSecret: true,
      certificateRequest: true,
    });
    this.#records = new ProtectedRecords(this.#server);
    // werift has set onData in its constructor.
    this.#feed = (record) => transport.onData(record, NOWHERE);
    this.#server.onConnect.subscribe(() => this.#onHandshakeDone());
    this.#server.onError.subscribe(() => this.#drop('handshake-error'));
  }

  expect(fingerprints: readonly Fingerprint[]): void {
    if (this.#state !== 'handshake') return;
    this.#fingerprints = fingerprints;
    if (fingerprints.length === 0) return;
    for (const datagram of this.#held.splice(0)) this.receive(datagram);
  }

  receive(bytes: Uint8Array): void {
    if (this.#state === 'closed') {
      this.#drop('closed');
      return;
    }
    if (this.#fingerprints.length === 0) {
      if (this.#held.length >= MAX_HELD) {
        this.#drop('held-too-many');
        return;
      }
      this.#held.push(bytes.slice());
      return;
    }
    const records = splitRecords(bytes);
    if (records === undefined) {
      this.#drop('malformed');
      return;
    }
    for (const record of records) {
      if (record.epoch === 0) this.#onClear(record);
      else this.#onProtected(record);
    }
  }

  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean {
    return this.#state === 'connected' && (this.#application?.send(channel, bytes) ?? false);
  }

  close(): void {
    if (this.#state === 'connected') {
      this.#application?.close();
      this.#alert(ALERT.warning, ALERT.closeNotify);
    }
    this.#end();
  }

  #onClear(record: DtlsRecord): void {
    // Anybody can write these. Connected, werift would reset for a ClientHello and close for an alert.
    if (this.#state !== 'handshake') {
      this.#drop('epoch-0');
      return;
    }
    switch (record.contentType) {
      case ContentType.handshake: {
        const { messages, fault } = this.#order.push(record.fragment);
        if (fault !== undefined) this.#drop(fault);
        for (const message of messages) {
          this.#feed(makeRecord(ContentType.handshake, 0, this.#recordSequence++, message));
        }
        return;
      }
      case ContentType.changeCipherSpec:
        return;
      case ContentType.alert:
        this.#drop('alert-in-clear');
        return;
      default:
        this.#drop('unexpected-record');
        return;
    }
  }

  #onProtected(record: DtlsRecord): void {
    if (record.epoch !== 1) {
      this.#drop('unexpected-record');
      return;
    }
    if (this.#state === 'handshake') {
      // The client's Finished; werift decrypts it, and drops what is not authentic.
      if (record.contentType !== ContentType.handshake) {
        this.#drop('unexpected-record');
        return;
      }
      this.#feed(Buffer.from(record.bytes));
      return;
    }
    const plain = this.#records.open(record);
    if (typeof plain === 'string') {
      this.#drop(plain);
      return;
    }
    switch (record.contentType) {
      case ContentType.applicationData:
        this.#application?.receive(plain);
        return;
      case ContentType.alert:
        if (endsAssociation(plain)) this.#onPeerClosed();
        return;
      case ContentType.handshake:
        // The peer has not seen flight 6 and repeats flight 5: werift sends flight 6 once more.
        if (plain[0] !== HandshakeType.finished || this.#flight6Repeats++ >= MAX_FLIGHT_6) {
          this.#drop('unexpected-message');
          return;
        }
        this.#feed(Buffer.from(record.bytes));
        return;
      default:
        this.#drop('unexpected-record');
        return;
    }
  }

  /** werift calls this at each repetition of flight 5 too. */
  #onHandshakeDone(): void {
    if (this.#state !== 'handshake') return;
    const server = this.#server;
    const rejection = auditHandshake({
      transcript: server.dtls.sortedHandshakeCache.map((message) => ({
        type: message.msg_type,
        bytes: message.serialize(),
        body: message.fragment,
      })),
      masterSecret: server.cipher.masterSecret,
      remoteCertificate: server.remoteCertificate,
      fingerprints: this.#fingerprints,
    });
    this.#records.finished();
    if (rejection !== undefined) {
      this.#reject(rejection);
      return;
    }
    const profile = PROFILES.get(server.srtp.srtpProfile ?? 0);
    if (profile === undefined) {
      this.#reject('no-srtp-profile');
      return;
    }
    const keys = server.extractSessionKeys(16, saltLength(profile));
    this.#state = 'connected';
    this.#application = this.#options.application(
      (bytes) => this.#protect(ContentType.applicationData, bytes),
      (event) => {
        if (this.#state === 'connected') this.#options.onEvent(event);
      },
    );
    this.#options.onEvent({
      type: 'connected',
      profile,
      local: { key: keys.localKey, salt: keys.localSalt },
      remote: { key: keys.remoteKey, salt: keys.remoteSalt },
    });
  }

  #reject(reason: DtlsRejection): void {
    this.#alert(ALERT.fatal, reason === 'fingerprint' ? ALERT.badCertificate : ALERT.decryptError);
    this.#end();
    this.#options.onEvent({ type: 'rejected', reason });
  }

  #onPeerClosed(): void {
    this.#application?.close();
    this.#end();
    this.#options.onEvent({ type: 'closed' });
  }

  #end(): void {
    this.#state = 'closed';
    this.#held = [];
    // Stops the loop that repeats flight 4.
    this.#server.dtls.flight = 99;
  }

  #alert(level: number, description: number): void {
    this.#protect(ContentType.alert, Uint8Array.of(level, description));
  }

  #protect(contentType: number, bytes: Uint8Array): void {
    if (this.#state !== 'closed') this.#options.send(this.#records.seal(contentType, bytes));
  }

  #drop(reason: DtlsDrop): void {
    this.#options.onEvent({ type: 'dropped', reason });
  }
}
