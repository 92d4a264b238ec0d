import {
  createCertificate,
  type DtlsCertificate,
  derOf,
} from '../../src/adapters/dtls-werift/certificate.ts';
import { type DtlsAssociation, loadAddon } from '../../src/adapters/native/addon.ts';
import { recordEnd } from '../../src/adapters/native/dtls-records.ts';
import { nativeAssociations } from '../../src/adapters/native/native-dtls.ts';
import { fromHex, hex } from '../../src/base/bytes.ts';
import type { DtlsEngine, DtlsEvent, DtlsSession } from '../../src/media/dtls-port.ts';
import { keyLength, saltLength } from '../../src/rtp/srtp/key-derivation.ts';

/** What a way does to datagrams, each direction by itself. */
export interface Way {
  /** Of those sent, 0 to 1. */
  readonly loss: number;
  /** Each takes something between the two, ms: what is behind may overtake. */
  readonly delayMs: readonly [number, number];
  /** 0 to 1. */
  readonly random: () => number;
}

/** How a handshake went. */
export interface Handshake {
  /** Both ends are connected, ms after the first datagram; undefined: not within the patience. */
  readonly ms: number | undefined;
  /** Both have derived the same SRTP keys. */
  readonly sameKeys: boolean;
  /** What the server's end told. */
  readonly events: readonly DtlsEvent[];
  /** Time spent in the client's end, ms. */
  readonly clientMs: number;
}

/** Random numbers from 0 to 1, always the same ones for a seed (a linear congruential generator). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The client's end: OpenSSL's, as a browser's would be, for werift's own client does not survive loss. */
export class DtlsCaller {
  readonly certificate: DtlsCertificate;
  readonly #associate: (role: 'server' | 'client') => DtlsAssociation;

  static async create(): Promise<DtlsCaller | undefined> {
    const certificate = await createCertificate();
    const identity = { ...derOf(certificate), fingerprint: certificate.fingerprint };
    const associate = nativeAssociations(loadAddon(), identity);
    return associate === undefined ? undefined : new DtlsCaller(certificate, associate);
  }

  constructor(certificate: DtlsCertificate, associate: (role: 'server' | 'client') => DtlsAssociation) {
    this.certificate = certificate;
    this.#associate = associate;
  }

  /** Makes an association with a server of `engine` over `way`; gives up after `patienceMs`. */
  call(engine: DtlsEngine, way: Way, patienceMs: number): Promise<Handshake> {
    const started = performance.now();
    const client = this.#associate('client');
    client.expect(fromHex(engine.fingerprint.value), 32);
    const events: DtlsEvent[] = [];
    const into = new Uint8Array(20_000);
    let clientMs = 0;
    let over = false;
    let clientConnected = false;
    return new Promise((resolve) => {
      const carry = (bytes: Uint8Array, to: (bytes: Uint8Array) => void) => {
        if (way.random() < way.loss) return;
        const [least, most] = way.delayMs;
        setTimeout(
          () => {
            if (!over) to(bytes);
          },
          least + (most - least) * way.random(),
        );
      };
      const session: DtlsSession = engine.open({
        send: (datagram) => carry(datagram.slice(), toClient),
        onEvent: (event) => {
          events.push(event);
          judge();
        },
      });
      const atClient = (work: () => number) => {
        const from = performance.now();
        const state = work();
        const datagrams: Uint8Array[] = [];
        for (let length = client.takeDatagram(into); length > 0; length = client.takeDatagram(into)) {
          datagrams.push(into.slice(0, length));
        }
        clientMs += performance.now() - from;
        for (const datagram of datagrams) carry(datagram, (bytes) => session.receive(bytes));
        if (state === 1) clientConnected = true;
        judge();
      };
      const toClient = (datagram: Uint8Array) => {
        for (let at = 0; at >= 0 && at < datagram.length; ) {
          const end = recordEnd(datagram, at);
          const record = datagram.slice(at, end);
          atClient(() => client.receive(record));
          at = end;
        }
      };
      const again = setInterval(() => atClient(() => client.elapse()), 20);
      const judge = () => {
        const connected = events.find((event) => event.type === 'connected');
        const rejected = events.some((event) => event.type === 'rejected');
        const late = performance.now() - started > patienceMs;
        if (over || !((connected !== undefined && clientConnected) || rejected || late)) return;
        over = true;
        clearInterval(again);
        const done = connected !== undefined && clientConnected;
        resolve({
          ms: done ? performance.now() - started : undefined,
          sameKeys: done && sameKeys(connected, client),
          events,
          clientMs,
        });
        session.close();
        client.close();
      };
      session.expect([this.certificate.fingerprint]);
      atClient(() => client.receive(new Uint8Array(0)));
    });
  }
}

function sameKeys(event: Extract<DtlsEvent, { type: 'connected' }>, client: DtlsAssociation): boolean {
  const key = keyLength(event.profile);
  const salt = saltLength(event.profile);
  const material = new Uint8Array(2 * (key + salt));
  if (!client.exportSrtp(material)) return false;
  // The client's key, the server's, the client's salt, the server's (RFC 5764 section 4.2).
  const ours = [event.remote.key, event.local.key, event.remote.salt, event.local.salt];
  return hex(material) === ours.map((part) => hex(part)).join('');
}
