import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';
import { DtlsClient } from 'werift';
import type { DtlsSession } from '../../media/dtls-port.ts';
import type { DataChannelLabel, Fingerprint } from '../../media/protocol.ts';
import { Association } from './association.ts';
import { isSame, ServerProof, verifyData } from './audit.ts';
import { NOWHERE, type SessionOptions } from './either-role.ts';
import { HandshakeType } from './handshake-fragments.ts';
import { ProtectedRecords } from './protected-records.ts';
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
  readonly #association: Association;
  #fingerprints: readonly Fingerprint[] = [];
  #feed: (record: NodeBuffer) => void = () => {};
  #received = 0;
  #clearRecords = 0;
  #saidFinished = false;
  #restarts = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#client = this.#newClient();
    this.#records = new ProtectedRecords(this.#client);
    const role = {
      order: (fragments: NodeBuffer) => this.#order.push(fragments),
      onMessage: (message: NodeBuffer) => this.#onMessage(message),
      onEarly: (record: DtlsRecord) => this.#onEarly(record),
      // It is the server's Finished again.
      onRepeated: () => this.#association.drop('unexpected-message'),
      refuse: (alert: Uint8Array) => this.#refuse(alert),
      records: () => this.#records,
      onEnd: () => {
        this.#client.dtls.flight = OVER;
      },
    };
    this.#association = new Association(options, role, 'waiting');
  }

  expect(fingerprints: readonly Fingerprint[]): void {
    const { state } = this.#association;
    if (state !== 'waiting' && state !== 'handshake') return;
    this.#fingerprints = fingerprints;
    if (fingerprints.length === 0 || state === 'handshake') return;
    this.#association.state = 'handshake';
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
        if (this.#association.state !== 'closed' && client === this.#client) send(this.#renumbered(datagram));
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
    this.#association.receive(bytes);
  }

  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean {
    return this.#association.sendData(channel, bytes);
  }

  close(): void {
    this.#association.close();
  }

  /** Nothing is said to a server that is not the one expected. */
  #onMessage(message: NodeBuffer): void {
    if (this.#association.state !== 'handshake') return;
    const rejection = this.#proof.take(
      message,
      this.#client.cipher.localRandom.serialize(),
      this.#fingerprints,
    );
    if (rejection === undefined) this.#feed(makeRecord(ContentType.handshake, 0, this.#received++, message));
    else this.#association.reject(rejection);
  }

  #onEarly(record: DtlsRecord): void {
    const plain = this.#records.open(record);
    if (typeof plain === 'string') this.#association.drop(plain);
    else if (plain[0] === HandshakeType.finished) this.#onFinished(plain);
    else this.#association.drop('unexpected-message');
  }

  #onFinished(message: NodeBuffer): void {
    const { dtls, cipher } = this.#client;
    const said = dtls.sortedHandshakeCache.map((sent) => ({
      type: sent.msg_type,
      bytes: sent.serialize(),
      body: sent.fragment,
    }));
    const expected = verifyData(cipher.masterSecret, 'server finished', said);
    const isTheirs = isSame(message.subarray(HANDSHAKE_HEADER), expected);
    // Flight 5 is repeated no more.
    dtls.flight = 7;
    if (isTheirs) this.#association.connect(this.#client);
    else this.#association.reject('finished');
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
    if (this.#association.state !== 'handshake' || client !== this.#client) return;
    this.#association.drop('handshake-error');
    // werift has repeated a flight as often as it does.
    const isSilence = error instanceof Error && error.message.startsWith('over retransmitCount');
    if (isSilence || this.#restarts >= MAX_RESTARTS) this.#association.reject('handshake');
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

  #refuse(alert: Uint8Array): void {
    if (this.#saidFinished) this.#association.protect(ContentType.alert, alert);
    else this.#options.send(makeRecord(ContentType.alert, 0, this.#clearRecords++, alert));
  }
}
