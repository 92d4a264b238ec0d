import { nodeDigests, systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import type { DatagramSocket } from '../../../src/base/net.ts';
import { type IceCredentials, newIceCredentials } from '../../../src/ice/credentials.ts';
import type { DtlsEngine, DtlsEvent } from '../../../src/media/dtls-port.ts';
import type { MediaEvent } from '../../../src/media/protocol.ts';
import { TransportHost } from '../../../src/media/transport-host.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { shortTermKey } from '../../../src/stun/integrity.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { VirtualTime } from '../../support/virtual-time.ts';

/** What a host holds when nothing is open. */
export const NOTHING_OPEN = {
  transports: 0,
  receivers: 0,
  senders: 0,
  forwarders: 0,
  addresses: 0,
  ufrags: 0,
  streams: 0,
};

export const fingerprint = { algorithm: 'sha-256', value: 'AA' };
/** SRTP's keys, of all. */
export const master = { key: new Uint8Array(16), salt: new Uint8Array(12) };

/** A host in virtual time on a socket of memory, its DTLS in the test's hands. */
export class World extends VirtualTime {
  readonly events: MediaEvent[] = [];
  readonly sent: { bytes: Uint8Array; address: string; port: number }[] = [];
  readonly dtls: {
    say: (event: DtlsEvent) => void;
    received: Uint8Array[];
    begun: number;
    closed: boolean;
  }[] = [];
  readonly socket: DatagramSocket = {
    local: { address: '192.0.2.1', port: 7882 },
    queued: 0,
    onDatagram: () => {},
    send: (bytes, port, address) => this.sent.push({ bytes: bytes.slice(), address, port }),
    close: () => {},
  };
  readonly host: TransportHost;

  constructor() {
    super();
    const engine: DtlsEngine = {
      by: 'werift',
      fingerprint,
      open: ({ onEvent }) => {
        const session = { say: onEvent, received: [] as Uint8Array[], begun: 0, closed: false };
        this.dtls.push(session);
        return {
          expect: () => {},
          begin: () => {
            session.begun++;
          },
          receive: (bytes) => session.received.push(bytes.slice()),
          sendData: () => false,
          close: () => {
            session.closed = true;
          },
        };
      },
    };
    this.host = new TransportHost({
      socket: this.socket,
      dtls: engine,
      digests: nodeDigests,
      random: systemRandom,
      clock: this.clock,
      wall: { unixMs: () => this.now },
      timers: this.timers,
      isRelay: (address, port) => address === '192.0.2.1' && port >= 30000,
      onTrackPacket: () => {},
      listen: (event) => this.events.push(event),
    });
  }

  check(local: IceCredentials, address = '203.0.113.5', port = 40000): void {
    const bytes = new StunBuilder(Method.binding, 'request', systemRandom.bytes(12))
      .text(Attribute.username, `${local.ufrag}:remote`)
      .flag(Attribute.useCandidate)
      .messageIntegrity(nodeDigests, shortTermKey(local.pwd))
      .finish();
    this.socket.onDatagram(bytes, address, port);
  }

  failures(): string[] {
    return this.events.flatMap((event) => (event.type === 'transport.failed' ? [event.reason] : []));
  }
}

/** With one transport that waits for its peer. */
export function opened(): { world: World; local: IceCredentials } {
  const world = new World();
  const local = newIceCredentials(systemRandom);
  world.host.open('TP_1', local);
  world.host.remote('TP_1', { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint]);
  return { world, local };
}
