import { EventEmitter, once } from 'node:events';
import { DtlsClient } from 'werift';
import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { createCertificate, type DtlsCertificate } from '../../src/adapters/dtls-werift/certificate.ts';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { openUdp } from '../../src/adapters/udp/udp.ts';
import { openDtlsEngine } from '../../src/app/dtls.ts';
import type { DatagramSocket } from '../../src/base/net.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { type IceCredentials, newIceCredentials } from '../../src/ice/credentials.ts';
import { classify } from '../../src/ice/demux.ts';
import type { MediaEvent, TrackId } from '../../src/media/protocol.ts';
import { TransportHost } from '../../src/media/transport-host.ts';
import type { RtpView } from '../../src/rtp/packet.ts';
import { writeRtpHeader } from '../../src/rtp/packet.ts';
import { saltLength } from '../../src/rtp/srtp/key-derivation.ts';
import { SrtpOpener, SrtpSealer } from '../../src/rtp/srtp/session.ts';
import { StunBuilder } from '../../src/stun/builder.ts';
import { shortTermKey } from '../../src/stun/integrity.ts';
import { Attribute, Method } from '../../src/stun/registry.ts';
import type { DtlsEngineName } from './dtls-engines.ts';

const profiles = new Map([
  [7, 'AEAD_AES_128_GCM' as const],
  [1, 'AES_CM_128_HMAC_SHA1_80' as const],
]);

/** Calls `condition` until it answers something, for at most 15 s. */
export async function until<T>(condition: () => T | undefined | false, what: string): Promise<T> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const answer = condition();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A transport host on a loopback socket, with what it told. */
export interface HostUnderTest {
  readonly host: TransportHost;
  readonly events: MediaEvent[];
  readonly packets: { track: TrackId; mime: string; payload: Uint8Array; level: number; sequence: number }[];
  readonly alarms: WakeQueue;
  /** How often `reason` was told so far; the host tells once a second, and when it stops. */
  dropped(reason: string): number;
  stop(): void;
}

/** Starts a host. The clock is the real one: DTLS has timers of its own. `line` may stand between it and its socket. */
export async function startHost(
  engine: DtlsEngineName = 'werift',
  isRelay: (address: string, port: number) => boolean = () => false,
  line: (socket: DatagramSocket) => DatagramSocket = (socket) => socket,
): Promise<HostUnderTest> {
  const alarms = new WakeQueue();
  const stopAlarms = driveAlarms(alarms, monotonicClock, rethrow);
  const events: MediaEvent[] = [];
  const packets: HostUnderTest['packets'] = [];
  const host = new TransportHost({
    socket: line(await openUdp({ address: '127.0.0.1', port: 0 })),
    dtls: await openDtlsEngine(engine, loadAddon(), monotonicClock, alarms),
    digests: nodeDigests,
    random: systemRandom,
    clock: monotonicClock,
    wall: wallClock,
    timers: alarms,
    isRelay,
    onTrackPacket: (track: TrackId, view: RtpView, mime: string) => {
      packets.push({
        track,
        mime,
        payload: view.payload.slice(),
        level: view.level,
        sequence: view.sequence,
      });
    },
    listen: (event) => events.push(event),
  });
  return {
    host,
    events,
    packets,
    alarms,
    dropped: (reason) =>
      events.reduce(
        (sum, event) => sum + (event.type === 'dropped' && event.reason === reason ? event.count : 0),
        0,
      ),
    stop: () => {
      host.stop();
      stopAlarms();
    },
  };
}

/** How a {@link FakeBrowser} shall misbehave. */
export interface FakeBrowserOptions {
  /** The key of another certificate signs CertificateVerify. */
  readonly stolenCertificate?: DtlsCertificate;
  readonly srtpProfiles?: (1 | 7)[];
  /** Changes or swallows what it sends of DTLS. */
  readonly mangle?: (datagram: Uint8Array) => Uint8Array[];
}

/** What a browser's transport does, from parts: STUN checks, DTLS as the client, SRTP. */
export class FakeBrowser {
  readonly ice: IceCredentials = newIceCredentials(systemRandom);
  readonly socket: DatagramSocket;
  readonly certificate: DtlsCertificate;
  readonly rtp: Uint8Array[] = [];
  readonly rtcp: Uint8Array[] = [];
  readonly stun: Uint8Array[] = [];
  readonly dtlsOut: Uint8Array[] = [];
  readonly sealedOut: Uint8Array[] = [];
  readonly client: DtlsClient;
  readonly #emitter = new EventEmitter();
  readonly #serverPort: number;
  closedByServer = false;
  opener: SrtpOpener | undefined;
  sealer: SrtpSealer | undefined;

  static async open(serverPort: number, options: FakeBrowserOptions = {}): Promise<FakeBrowser> {
    return new FakeBrowser(
      await openUdp({ address: '127.0.0.1', port: 0 }),
      await createCertificate(),
      serverPort,
      options,
    );
  }

  constructor(
    socket: DatagramSocket,
    certificate: DtlsCertificate,
    serverPort: number,
    options: FakeBrowserOptions,
  ) {
    this.socket = socket;
    this.certificate = certificate;
    this.#serverPort = serverPort;
    const transport: ConstructorParameters<typeof DtlsClient>[0]['transport'] = {
      type: 'udp',
      address: { address: '127.0.0.1', family: 'IPv4', port: 0 },
      closed: false,
      onData: () => {},
      send: (datagram) => {
        for (const part of options.mangle?.(datagram) ?? [datagram]) {
          this.dtlsOut.push(Uint8Array.from(part));
          this.send(part);
        }
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    this.client = new DtlsClient({
      cert: options.stolenCertificate?.certPem ?? certificate.certPem,
      key: certificate.keyPem,
      signatureHash: certificate.signatureHash,
      transport,
      srtpProfiles: options.srtpProfiles ?? [7, 1],
      extendedMasterSecret: true,
    });
    this.client.onConnect.subscribe(() => {
      const profile = profiles.get(this.client.srtp.srtpProfile ?? 0)!;
      const keys = this.client.extractSessionKeys(16, saltLength(profile));
      this.sealer = new SrtpSealer(profile, { key: keys.localKey, salt: keys.localSalt });
      this.opener = new SrtpOpener(profile, { key: keys.remoteKey, salt: keys.remoteSalt });
    });
    this.client.onClose.subscribe(() => {
      this.closedByServer = true;
    });
    socket.onDatagram = (bytes) => {
      const copy = Uint8Array.from(bytes);
      const kind = classify(copy);
      if (kind === 'stun') this.stun.push(copy);
      else if (kind === 'dtls' && isAlertUnderKeys(copy)) this.closedByServer = true;
      else if (kind === 'dtls') transport.onData(Buffer.from(copy), ['127.0.0.1', this.#serverPort]);
      else if (this.opener !== undefined) {
        const length =
          kind === 'rtp' ? this.opener.openRtp(copy, copy.length) : this.opener.openRtcp(copy, copy.length);
        if (typeof length === 'number') (kind === 'rtp' ? this.rtp : this.rtcp).push(copy.slice(0, length));
      }
      this.#emitter.emit(kind);
    };
  }

  send(bytes: Uint8Array): void {
    this.socket.send(bytes, this.#serverPort, '127.0.0.1');
  }

  /** The bytes of a connectivity check that nominates. */
  checkBytes(server: IceCredentials, remote = this.ice.ufrag): Uint8Array {
    return new StunBuilder(Method.binding, 'request', systemRandom.bytes(12))
      .text(Attribute.username, `${server.ufrag}:${remote}`)
      .attribute(Attribute.priority, Uint8Array.of(0x6e, 0, 1, 0xff))
      .attribute(Attribute.iceControlling, systemRandom.bytes(8))
      .flag(Attribute.useCandidate)
      .messageIntegrity(nodeDigests, shortTermKey(server.pwd))
      .fingerprint()
      .finish();
  }

  /** Sends a check and waits for its answer. */
  async check(server: IceCredentials): Promise<void> {
    const answered = once(this.#emitter, 'stun');
    this.send(this.checkBytes(server));
    await answered;
  }

  /** ICE, then DTLS until both have keys. */
  async connect(server: IceCredentials): Promise<void> {
    await this.check(server);
    this.client.connect().catch(() => {});
    await until(() => this.opener, 'DTLS to be done');
  }

  /** Sends an RTP packet of 20 ms; `extension` is a whole one-byte header extension block. */
  sendRtp(fields: {
    ssrc: number;
    sequence: number;
    timestamp: number;
    payloadType: number;
    payload: Uint8Array;
    extension?: Uint8Array;
  }): void {
    const extension = fields.extension ?? new Uint8Array(0);
    const headerEnd = 12 + extension.length;
    const bytes = new Uint8Array(headerEnd + fields.payload.length + 20);
    writeRtpHeader(bytes, 0, {
      ...fields,
      marker: false,
      extension: extension.length > 0 ? 'follows' : 'none',
    });
    bytes.set(extension, 12);
    bytes.set(fields.payload, headerEnd);
    const length = this.sealer!.sealRtp(bytes, headerEnd, headerEnd + fields.payload.length);
    if (typeof length !== 'number') throw new Error(length);
    this.sealedOut.push(bytes.slice(0, length));
    this.send(bytes.slice(0, length));
  }

  sendRtcp(plain: Uint8Array): void {
    const bytes = new Uint8Array(plain.length + 20);
    bytes.set(plain);
    const length = this.sealer!.sealRtcp(bytes, plain.length);
    if (typeof length !== 'number') throw new Error(length);
    this.sealedOut.push(bytes.slice(0, length));
    this.send(bytes.slice(0, length));
  }

  close(): void {
    this.socket.close();
  }
}

/**
 * werift takes the first bytes of an encrypted alert for the alert itself when they look like one, which random bytes do at
 * times: it would miss a close_notify.
 */
function isAlertUnderKeys(record: Uint8Array): boolean {
  return record[0] === 21 && ((record[3]! << 8) | record[4]!) > 0;
}
