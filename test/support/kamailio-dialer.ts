import { driveAlarms, monotonicClock, wallClock } from '../../src/adapters/clock/clock.ts';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { type Outbound, openOutbound } from '../../src/app/outbound.ts';
import { SipServer, type SipTls } from '../../src/app/sip-server.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../src/events/index.ts';
import { MediaWorkers } from '../../src/room/media-workers.ts';
import { Rooms } from '../../src/room/rooms.ts';
import type { OutboundTrunk } from '../../src/trunk/outbound.ts';

/** The product's own outbound side on real sockets, signaling only: its media worker reserves ports and says nothing else. */
export class RealDialer {
  readonly outbound: Outbound;
  readonly sip: SipServer;
  readonly events: GatewayEvent[];
  readonly faults: unknown[];
  readonly #stopAlarms: () => void;

  private constructor(
    parts: Pick<RealDialer, 'outbound' | 'sip' | 'events' | 'faults'>,
    stopAlarms: () => void,
  ) {
    this.outbound = parts.outbound;
    this.sip = parts.sip;
    this.events = parts.events;
    this.faults = parts.faults;
    this.#stopAlarms = stopAlarms;
  }

  static async open(trunks: readonly OutboundTrunk[], tls?: SipTls): Promise<RealDialer> {
    const events: GatewayEvent[] = [];
    const faults: unknown[] = [];
    const emit = (event: GatewayEvent) => void events.push(event);
    const onFault = (error: unknown) => void faults.push(error);
    const timers = new WakeQueue();
    const shared = { clock: monotonicClock, wall: wallClock, random: systemRandom, timers, emit };
    const workers = new MediaWorkers(emit);
    let port = 20_000;
    const worker: Parameters<MediaWorkers['add']>[0] = {
      send(command) {
        if (command.type !== 'leg.open') return;
        port += 2;
        worker.onEvent({ type: 'leg.opened', leg: command.leg, port });
      },
      onEvent() {},
    };
    workers.add(worker, {
      icePort: 1,
      fingerprint: { algorithm: 'sha-256', value: 'AA' },
    });
    const sip = await SipServer.open({
      ...shared,
      listen: { address: '127.0.0.1', port: 0 },
      announced: ['127.0.0.1'],
      userAgent: 'trunkroom',
      admission: () => 'ignore',
      contact: ({ transport }) => ({
        address: '127.0.0.1',
        port: (transport === 'tls' ? sip.tlsPort : undefined) ?? sip.port,
      }),
      tls,
      onFault,
    });
    const outbound = openOutbound({
      ping: (next) => sip.ping(next),
      ...shared,
      trunks,
      engine: sip.endpoint,
      rooms: new Rooms({ ...shared, workers }),
      maxCalls: 10,
      transports: ['udp', 'tcp', 'tls'],
      announce: () => '127.0.0.1',
    });
    const stopAlarms = driveAlarms(timers, monotonicClock, onFault);
    return new RealDialer({ outbound, sip, events, faults }, stopAlarms);
  }

  /** Places a call; what is heard of it stands in the list that comes back, and the way to end it. */
  place(trunk: OutboundTrunk, to: string): { readonly said: string[]; hangUp(): void } {
    const said: string[] = [];
    const placed = this.outbound.dialer.placeCall(
      { trunk, to, room: 'out' },
      {
        ringing: () => said.push('ringing'),
        answered: () => said.push('answered'),
        over: ({ cause }) => said.push(`over ${cause}`),
      },
    );
    if (!placed.ok) throw new Error(placed.error);
    return { said, hangUp: () => placed.value.hangUp() };
  }

  async close(): Promise<void> {
    this.outbound.stop();
    await this.sip.close();
    this.#stopAlarms();
  }
}
