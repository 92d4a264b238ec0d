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
  /** What the engine's end told. */
  readonly events: readonly DtlsEvent[];
  /** Time spent in the other end, ms. */
  readonly peerMs: number;
}

/** Random numbers from 0 to 1, always the same ones for a seed (a linear congruential generator). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The other end: OpenSSL's, as a browser's would be, which survives loss. */
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

  /** Makes an association with an end of `engine` over `way`, which has `role` there; gives up after `patienceMs`. */
  call(
    engine: DtlsEngine,
    way: Way,
    patienceMs: number,
    role: 'server' | 'client' = 'server',
  ): Promise<Handshake> {
    const started = performance.now();
    const peer = this.#associate(role === 'server' ? 'client' : 'server');
    peer.expect(fromHex(engine.fingerprint.value), 32);
    const events: DtlsEvent[] = [];
    const into = new Uint8Array(20_000);
    let peerMs = 0;
    let over = false;
    let peerConnected = false;
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
        send: (datagram) => carry(datagram.slice(), toPeer),
        onEvent: (event) => {
          events.push(event);
          judge();
        },
      });
      const atPeer = (work: () => number) => {
        const from = performance.now();
        const state = work();
        const datagrams: Uint8Array[] = [];
        for (let length = peer.takeDatagram(into); length > 0; length = peer.takeDatagram(into)) {
          datagrams.push(into.slice(0, length));
        }
        peerMs += performance.now() - from;
        for (const datagram of datagrams) carry(datagram, (bytes) => session.receive(bytes));
        if (state === 1) peerConnected = true;
        judge();
      };
      const toPeer = (datagram: Uint8Array) => {
        for (let at = 0; at >= 0 && at < datagram.length; ) {
          const end = recordEnd(datagram, at);
          const record = datagram.slice(at, end);
          atPeer(() => peer.receive(record));
          at = end;
        }
      };
      const again = setInterval(() => atPeer(() => peer.elapse()), 20);
      const judge = () => {
        const connected = events.find((event) => event.type === 'connected');
        const rejected = events.some((event) => event.type === 'rejected');
        const late = performance.now() - started > patienceMs;
        if (over || !((connected !== undefined && peerConnected) || rejected || late)) return;
        over = true;
        clearInterval(again);
        const done = connected !== undefined && peerConnected;
        resolve({
          ms: done ? performance.now() - started : undefined,
          sameKeys: done && sameKeys(connected, peer, role),
          events,
          peerMs,
        });
        session.close();
        peer.close();
      };
      session.expect([this.certificate.fingerprint]);
      if (role === 'client') session.begin();
      if (role === 'server') atPeer(() => peer.receive(new Uint8Array(0)));
    });
  }
}

function sameKeys(
  event: Extract<DtlsEvent, { type: 'connected' }>,
  peer: DtlsAssociation,
  role: 'server' | 'client',
): boolean {
  const key = keyLength(event.profile);
  const salt = saltLength(event.profile);
  const material = new Uint8Array(2 * (key + salt));
  if (!peer.exportSrtp(material)) return false;
  // The client's key, the server's, the client's salt, the server's (RFC 5764 section 4.2).
  const [client, server] = role === 'server' ? [event.remote, event.local] : [event.local, event.remote];
  const ours = [client.key, server.key, client.salt, server.salt];
  return hex(material) === ours.map((part) => hex(part)).join('');
}
