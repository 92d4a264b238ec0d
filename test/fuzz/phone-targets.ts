import { ServerProof } from '../../src/adapters/dtls-werift/audit.ts';
import { HandshakeType } from '../../src/adapters/dtls-werift/handshake-fragments.ts';
import { splitRecords } from '../../src/adapters/dtls-werift/records.ts';
import { ServerOrder } from '../../src/adapters/dtls-werift/server-order.ts';
import { recordEnd, refusal } from '../../src/adapters/native/dtls-records.ts';
import { MarkedOpener, MarkedSealer } from '../../src/rtp/srtp/mki.ts';
import { extendedReport } from '../support/extended-report.ts';
import { LossyNet, type SeededRandom } from '../support/lossy-net.ts';
import { describePhone, LegUnderTest } from '../support/media-phone.ts';
import { RTCP, RTP } from './corpus.ts';
import { mutate, pick } from './mutate.ts';
import { must, type Target } from './target.ts';

const SERVER_SAYS = [
  [HandshakeType.helloVerifyRequest, 20],
  [HandshakeType.serverHello, 70],
  [HandshakeType.certificate, 300],
  [HandshakeType.serverKeyExchange, 140],
  [HandshakeType.certificateRequest, 20],
  [HandshakeType.serverHelloDone, 0],
] as const;

/** A server's messages up to its ServerHelloDone, each in a record of its own, or in two fragments, with and without cookie. */
const FLIGHTS = [SERVER_SAYS, SERVER_SAYS.slice(1)].flatMap((says) =>
  says.flatMap(([type, length], sequence) => {
    const body = Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff);
    const half = length >> 1;
    const whole = fragment(type, length, sequence, 0, body);
    const parts = [body.subarray(0, half), body.subarray(half)] as const;
    return [
      record(sequence, whole),
      record(sequence, fragment(type, length, sequence, 0, parts[0])),
      record(sequence + 1, fragment(type, length, sequence, half, parts[1])),
    ];
  }),
);

function fragment(
  type: number,
  length: number,
  sequence: number,
  from: number,
  bytes: Uint8Array,
): Uint8Array {
  const head = [type, 0, length >> 8, length & 0xff, 0, sequence, 0, from >> 8, from & 0xff];
  return Uint8Array.of(...head, 0, bytes.length >> 8, bytes.length & 0xff, ...bytes);
}

function record(sequence: number, bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(
    22,
    0xfe,
    0xfd,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    sequence,
    bytes.length >> 8,
    bytes.length & 0xff,
    ...bytes,
  );
}

/** Where the datagram's records end; undefined when it has others than whole ones. */
function ends(datagram: Uint8Array): number[] | undefined {
  const found: number[] = [];
  for (let at = 0; at < datagram.length; at = found.at(-1)!) {
    const end = recordEnd(datagram, at);
    if (end < 0) return undefined;
    found.push(end);
  }
  return found.length === 0 ? undefined : found;
}

/** A server's flight on its way to us as the client: both engines cut it alike, and werift is told of messages in order, once. */
const dtlsClient: Target = {
  name: 'dtls-client',
  make: (random) => {
    const from = random.u32() % FLIGHTS.length;
    return Array.from({ length: 1 + (random.u32() % 24) }, (_, at) => {
      const next = FLIGHTS[(from + at) % FLIGHTS.length]!;
      return random.u32() % 3 === 0 ? mutate(random, next, FLIGHTS) : next.slice();
    });
  },
  check(inputs) {
    const order = new ServerOrder();
    const proof = new ServerProof();
    let expected = 0;
    for (const datagram of inputs) {
      const records = splitRecords(datagram);
      const cuts = ends(datagram);
      must((records === undefined) === (cuts === undefined), 'the engines do not agree on what is whole');
      for (const [at, { contentType, epoch, bytes, fragment: held }] of (records ?? []).entries()) {
        const end = cuts![at]!;
        must(bytes.length === end - (cuts![at - 1] ?? 0), 'the engines do not agree on where a record ends');
        if (contentType !== 22 || epoch !== 0) continue;
        const { messages, fault } = order.push(held);
        const refused = refusal(datagram, end - bytes.length, end, false);
        // Of nothing OpenSSL makes an alert, and werift is not told.
        if (held.length > 0)
          must((fault === 'fragment') === (refused === 'fragment'), 'the engines do not agree on a fragment');
        for (const message of messages) {
          must(message.readUInt16BE(4) === expected++, 'a message twice, or out of order');
          must(message.readUIntBE(1, 3) === message.length - 12, 'a message that is not whole');
          proof.take(message, new Uint8Array(32), []);
        }
      }
    }
    must(expected <= SERVER_SAYS.length, 'more messages than a server has');
  },
};

const PHONE = { address: '192.0.2.1', port: 4000 };
const VOICE: readonly Uint8Array[] = [
  ...RTP,
  ...[0, 9, 13].map((type) =>
    Uint8Array.of(0x80, type, 0, 7, 0, 0, 4, 0, 0x11, 0x22, 0x33, 0x44, 70, 1, 2, 3),
  ),
];
const REPORTS: readonly Uint8Array[] = [
  ...RTCP,
  extendedReport(99, { ssrc: 1, lossRate: 3, discardRate: 4, roundTripMs: 60, mos: 40 }),
];

/** A phone's packets and reports, into its leg and all that is behind. */
const phoneLeg: Target = {
  name: 'phone-leg',
  make: (random) =>
    Array.from({ length: 1 + (random.u32() % 40) }, () => {
      const corpus = random.u32() % 6 === 0 ? REPORTS : VOICE;
      return mutate(random, pick(random, corpus), corpus);
    }),
  check(inputs) {
    const net = new LossyNet(1);
    const under = new LegUnderTest(net, 1000);
    const g722 = { mime: 'audio/g722', payloadType: 9, clockRate: 8000 };
    const terms = describePhone(PHONE.address, PHONE.port, { keyTones: 'heard' });
    must(under.leg.apply({ ...terms, accept: [...terms.accept, g722] }, net.now()), 'no leg');
    for (const bytes of inputs) {
      under.rtp.onDatagram(bytes.slice(), PHONE.address, PHONE.port);
      under.rtcp.onDatagram(bytes.slice(), PHONE.address, PHONE.port + 1);
      net.run(net.now() + 20);
      under.leg.pull(net.now());
      must(under.leg.frame.length === 160, 'another frame than the mix has');
      under.leg.sendFrame(SILENCE, 'sound', net.now());
    }
    must(
      under.voices.every(({ level }) => Number.isInteger(level) && level >= 0 && level <= 127),
      'a level that is none',
    );
    const { mos = 1 } = under.leg.close(net.now());
    must(mos >= 1 && mos <= 4.5, 'a score that is none');
  },
};

const SILENCE = new Uint8Array(160).fill(0xd5);
const MASTER = { key: new Uint8Array(16).fill(3), salt: new Uint8Array(14).fill(4) };
const MARK = Uint8Array.of(1, 2, 3, 4);
const SUITE = 'AES_CM_128_HMAC_SHA1_80';

/** Marked SRTP: what is not authentic stays as it was, for another key may fit. */
const markedSrtp: Target = {
  name: 'marked-srtp',
  make: (random) => {
    const sealer = new MarkedSealer(SUITE, MASTER, MARK);
    const sealed = RTP.map((plain) => {
      const bytes = new Uint8Array(plain.length + 32);
      bytes.set(plain);
      const length = sealer.sealRtp(bytes, 12, plain.length);
      return typeof length === 'number' ? bytes.slice(0, length) : plain;
    });
    return several(random, sealed);
  },
  check(inputs) {
    const opener = new MarkedOpener(SUITE, MASTER, MARK);
    for (const bytes of inputs) {
      for (const kind of ['rtp', 'rtcp'] as const) {
        const copy = bytes.slice();
        const opened =
          kind === 'rtp' ? opener.openRtp(copy, copy.length) : opener.openRtcp(copy, copy.length);
        if (typeof opened === 'number') must(opened >= 8 && opened < copy.length, 'a packet of no length');
        else
          must(
            copy.every((byte, at) => byte === bytes[at]),
            'a packet was changed that did not open',
          );
      }
    }
  },
};

function several(random: SeededRandom, corpus: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: 1 + (random.u32() % 8) }, () => {
    const next = pick(random, corpus);
    return random.u32() % 4 === 0 ? next.slice() : mutate(random, next, corpus);
  });
}

/** What phones send to their media ports. */
export const phoneTargets: readonly Target[] = [dtlsClient, phoneLeg, markedSrtp];
