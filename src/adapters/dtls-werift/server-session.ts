import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';
import { DtlsServer } from 'werift';
import type { DtlsSession } from '../../media/dtls-port.ts';
import type { DataChannelLabel, Fingerprint } from '../../media/protocol.ts';
import { Association } from './association.ts';
import { auditHandshake } from './audit.ts';
import { NOWHERE, type SessionOptions } from './either-role.ts';
import { HandshakeType } from './handshake-fragments.ts';
import { HandshakeOrder } from './handshake-order.ts';
import { ProtectedRecords } from './protected-records.ts';
import { ContentType, type DtlsRecord, makeRecord } from './records.ts';

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
  readonly #server: DtlsServer;
  readonly #order = new HandshakeOrder();
  readonly #records: ProtectedRecords;
  readonly #association: Association;
  #fingerprints: readonly Fingerprint[] = [];
  #held: Uint8Array[] = [];
  #feed: (record: NodeBuffer) => void = () => {};
  #recordSequence = 0;
  #flight6Repeats = 0;

  constructor(options: SessionOptions) {
    const transport: WeriftTransport = {
      type: 'udp',
      address: { address: '0.0.0.0', family: 'IPv4', port: 0 },
      closed: false,
      onData: () => {},
      // Flight 4 is repeated up to 11 times, whatever happened meanwhile.
      send: (datagram: NodeBuffer) => {
        if (this.#association.state !== 'closed') options.send(datagram);
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
    const role = {
      order: (fragments: NodeBuffer) => this.#order.push(fragments),
      onMessage: (message: NodeBuffer) =>
        this.#feed(makeRecord(ContentType.handshake, 0, this.#recordSequence++, message)),
      // The client's Finished; werift decrypts it, and drops what is not authentic.
      onEarly: ({ bytes }: DtlsRecord) => this.#feed(Buffer.from(bytes)),
      onRepeated: (record: DtlsRecord, plain: Uint8Array) => this.#onRepeated(record, plain),
      refuse: (alert: Uint8Array) => this.#association.protect(ContentType.alert, alert),
      records: () => this.#records,
      onEnd: () => this.#onEnd(),
    };
    this.#association = new Association(options, role, 'handshake');
    // werift has set onData in its constructor.
    this.#feed = (record) => transport.onData(record, NOWHERE);
    this.#server.onConnect.subscribe(() => this.#onHandshakeDone());
    this.#server.onError.subscribe(() => this.#association.drop('handshake-error'));
  }

  expect(fingerprints: readonly Fingerprint[]): void {
    if (this.#association.state !== 'handshake') return;
    this.#fingerprints = fingerprints;
    if (fingerprints.length === 0) return;
    for (const datagram of this.#held.splice(0)) this.receive(datagram);
  }

  receive(bytes: Uint8Array): void {
    if (this.#fingerprints.length > 0 || this.#association.state === 'closed')
      this.#association.receive(bytes);
    else if (this.#held.length >= MAX_HELD) this.#association.drop('held-too-many');
    else this.#held.push(bytes.slice());
  }

  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean {
    return this.#association.sendData(channel, bytes);
  }

  close(): void {
    this.#association.close();
  }

  /** The peer has not seen flight 6 and repeats flight 5: werift sends flight 6 once more. */
  #onRepeated({ bytes }: DtlsRecord, plain: Uint8Array): void {
    if (plain[0] === HandshakeType.finished && this.#flight6Repeats++ < MAX_FLIGHT_6)
      this.#feed(Buffer.from(bytes));
    else this.#association.drop('unexpected-message');
  }

  /** werift calls this at each repetition of flight 5 too. */
  #onHandshakeDone(): void {
    if (this.#association.state !== 'handshake') return;
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
    if (rejection === undefined) this.#association.connect(server);
    else this.#association.reject(rejection);
  }

  #onEnd(): void {
    this.#held = [];
    // Stops the loop that repeats flight 4.
    this.#server.dtls.flight = 99;
  }
}
