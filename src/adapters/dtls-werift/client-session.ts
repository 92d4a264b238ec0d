import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';
import { DtlsClient } from 'werift';
import type { ApplicationLayer, DtlsDrop, DtlsRejection, DtlsSession } from '../../media/dtls-port.ts';
import type { DataChannelLabel, Fingerprint } from '../../media/protocol.ts';
import { saltLength } from '../../rtp/srtp/key-derivation.ts';
import { isSame, ServerProof, verifyData } from './audit.ts';
import { endsAssociation, NOWHERE, PROFILES, type SessionOptions } from './either-role.ts';
import { HandshakeType } from './handshake-fragments.ts';
import { ALERT, ProtectedRecords } from './protected-records.ts';
import { ContentType, type DtlsRecord, makeRecord, splitRecords } from './records.ts';
import { ServerOrder } from './server-order.ts';

const HANDSHAKE_HEADER = 12;
/** Handshakes that nonsense in the clear may spoil. */
const MAX_RESTARTS = 16;
/** Behind all flights: stops the loop that repeats one. */
const OVER = 99;

type WeriftTransport = ConstructorParameters<typeof DtlsClient>[0]['transport'];

/**
 * werift's DTLS client behind guards. It sees only whole handshake messages in order and once, and never the server's Finished:
 * that is checked here, with the signature of the key exchange and the certificate, which werift does not look at. What it
 * repeats goes out under new record numbers, for a server takes none twice (RFC 6347 section 4.1.2.6). What nonsense in the clear
 * has spoilt begins anew.
 */
export class WeriftClientSession implements Omit<DtlsSession, 'begin'> {
  readonly #options: SessionOptions;
  #client: DtlsClient;
  #records: ProtectedRecords;
  #order = new ServerOrder();
  #proof = new ServerProof();
  #state: 'waiting' | 'handshake' | 'connected' | 'closed' = 'waiting';
  #fingerprints: readonly Fingerprint[] = [];
  #feed: (record: NodeBuffer) => void = () => {};
  #received = 0;
  #clearRecords = 0;
  #saidFinished = false;
  #restarts = 0;
  #application: ApplicationLayer | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#client = this.#newClient();
    this.#records = new ProtectedRecords(this.#client);
  }

  expect(fingerprints: readonly Fingerprint[]): void {
    if (this.#state !== 'waiting' && this.#state !== 'handshake') return;
    this.#fingerprints = fingerprints;
    if (fingerprints.length === 0 || this.#state === 'handshake') return;
    this.#state = 'handshake';
    this.#connect();
  }

  #newClient(): DtlsClient {
    const { certificate, send } = this.#options;
    const transport: WeriftTransport = {
      type: 'udp',
      address: { address: '0.0.0.0', family: 'IPv4', port: 0 },
      closed: false,
      onData: () => {},
      send: (datagram: NodeBuffer) => {
        if (this.#state !== 'closed' && client === this.#client) send(this.#renumbered(datagram));
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    const client = new DtlsClient({
      ...{ cert: certificate.certPem, key: certificate.keyPem, signatureHash: certificate.signatureHash },
      ...{ transport, srtpProfiles: [7, 1], extendedMasterSecret: true },
    });
    // werift has set onData in its constructor.
    this.#feed = (record) => transport.onData(record, NOWHERE);
    client.onError.subscribe((error) => this.#onError(client, error));
    return client;
  }

  #connect(): void {
    const client = this.#client;
    client.connect().catch((error: unknown) => this.#onError(client, error));
  }

  receive(bytes: Uint8Array): void {
    if (this.#state === 'closed') {
      this.#drop('closed');
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
      this.#protect(ContentType.alert, Uint8Array.of(ALERT.warning, ALERT.closeNotify));
    }
    this.#end();
  }

  #onClear(record: DtlsRecord): void {
    // Anybody can write these.
    if (this.#state !== 'handshake') {
      this.#drop(this.#state === 'connected' ? 'epoch-0' : 'unexpected-record');
      return;
    }
    switch (record.contentType) {
      case ContentType.handshake: {
        const { messages, fault } = this.#order.push(record.fragment);
        if (fault !== undefined) this.#drop(fault);
        for (const message of messages) this.#onMessage(message);
        return;
      }
      case ContentType.changeCipherSpec:
        return;
      case ContentType.alert:
        this.#drop('alert-in-clear');
        return;
      default:
        this.#drop('unexpected-record');
    }
  }

  /** Nothing is said to a server that is not the one expected. */
  #onMessage(message: NodeBuffer): void {
    if (this.#state !== 'handshake') return;
    const rejection = this.#proof.take(
      message,
      this.#client.cipher.localRandom.serialize(),
      this.#fingerprints,
    );
    if (rejection === undefined) this.#feed(makeRecord(ContentType.handshake, 0, this.#received++, message));
    else this.#reject(rejection);
  }

  #onProtected(record: DtlsRecord): void {
    const inHandshake = this.#state === 'handshake';
    if (record.epoch !== 1 || (inHandshake && record.contentType !== ContentType.handshake)) {
      this.#drop('unexpected-record');
      return;
    }
    const plain = this.#records.open(record);
    if (typeof plain === 'string') {
      this.#drop(plain);
      return;
    }
    switch (record.contentType) {
      case ContentType.handshake:
        if (inHandshake && plain[0] === HandshakeType.finished) this.#onFinished(plain);
        // Connected, it is the server's Finished again.
        else this.#drop('unexpected-message');
        return;
      case ContentType.applicationData:
        this.#application?.receive(plain);
        return;
      case ContentType.alert:
        if (endsAssociation(plain)) this.#onPeerClosed();
        return;
      default:
        this.#drop('unexpected-record');
    }
  }

  #onFinished(message: NodeBuffer): void {
    const { dtls, cipher, srtp } = this.#client;
    const said = dtls.sortedHandshakeCache.map((sent) => ({
      type: sent.msg_type,
      bytes: sent.serialize(),
      body: sent.fragment,
    }));
    const expected = verifyData(cipher.masterSecret, 'server finished', said);
    const isTheirs = isSame(message.subarray(HANDSHAKE_HEADER), expected);
    // Flight 5 is repeated no more.
    dtls.flight = 7;
    const profile = PROFILES.get(srtp.srtpProfile ?? 0);
    if (!isTheirs || profile === undefined) {
      this.#reject(isTheirs ? 'no-srtp-profile' : 'finished');
      return;
    }
    const keys = this.#client.extractSessionKeys(16, saltLength(profile));
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

  /** The records of one of werift's datagrams, under numbers that were never used; the Finished, when it is repeated, sealed anew. */
  #renumbered(datagram: NodeBuffer): NodeBuffer {
    const records = splitRecords(datagram) ?? [];
    return Buffer.concat(
      records.map(({ contentType, epoch, bytes, fragment }) => {
        if (epoch === 0) return makeRecord(contentType, 0, this.#clearRecords++, fragment);
        const finished = this.#client.dtls.sortedHandshakeCache.find(
          ({ msg_type }) => msg_type === HandshakeType.finished,
        );
        if (this.#saidFinished && finished !== undefined)
          return this.#records.seal(contentType, finished.serialize());
        this.#saidFinished = true;
        this.#records.finished();
        return bytes;
      }),
    );
  }

  #onError(client: DtlsClient, error: unknown): void {
    if (this.#state !== 'handshake' || client !== this.#client) return;
    this.#drop('handshake-error');
    // werift has repeated a flight as often as it does.
    const isSilence = error instanceof Error && error.message.startsWith('over retransmitCount');
    if (isSilence || this.#restarts >= MAX_RESTARTS) this.#reject('handshake');
    else this.#restart();
  }

  /** Nobody has proven anything yet, so that what went wrong may be nobody's of the two. */
  #restart(): void {
    this.#restarts++;
    this.#client.dtls.flight = OVER;
    this.#client = this.#newClient();
    this.#records = new ProtectedRecords(this.#client);
    this.#order = new ServerOrder();
    this.#proof = new ServerProof();
    this.#saidFinished = false;
    this.#connect();
  }

  #reject(reason: DtlsRejection): void {
    const description = reason === 'fingerprint' ? ALERT.badCertificate : ALERT.decryptError;
    const alert = Uint8Array.of(ALERT.fatal, description);
    if (this.#saidFinished) this.#protect(ContentType.alert, alert);
    else this.#options.send(makeRecord(ContentType.alert, 0, this.#clearRecords++, alert));
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
    this.#client.dtls.flight = OVER;
  }

  #protect(contentType: number, bytes: Uint8Array): void {
    if (this.#state !== 'closed') this.#options.send(this.#records.seal(contentType, bytes));
  }

  #drop(reason: DtlsDrop): void {
    this.#options.onEvent({ type: 'dropped', reason });
  }
}
