import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { EventSink } from '../../events/index.ts';
import type { WorkerCounts } from '../../media/protocol.ts';
import { eventMetrics } from './event-metrics.ts';
import { Instruments } from './instruments.ts';

/** What is alive at this moment. After the last call all but `sockets`, `alarms` and `workers` are what they were. */
export interface GatewayGauges {
  /** Phone calls, from INVITE to their end. */
  readonly calls: number;
  /** Outbound trunks whose registration stands. */
  readonly registrations: number;
  /** Targets of outbound trunks that do not answer OPTIONS. */
  readonly targetsDown: number;
  readonly sipTransactions: number;
  readonly sipConnections: number;
  readonly rooms: number;
  readonly participants: number;
  /** Phones' media in the workers. */
  readonly legs: number;
  /** RTP and RTCP ports that are bound. */
  readonly rtpPorts: number;
  /** Browsers' ICE/DTLS associations. */
  readonly transports: number;
  readonly receivers: number;
  readonly senders: number;
  readonly signalConnections: number;
  readonly turnAllocations: number;
  /** Alarms of all threads that will still ring. */
  readonly alarms: number;
  /** UDP sockets of all threads. */
  readonly sockets: number;
  readonly workers: number;
}

const GAUGES: Readonly<Record<keyof GatewayGauges, readonly [name: string, help: string]>> = {
  calls: ['trunkroom_calls', 'Phone calls.'],
  registrations: ['trunkroom_registrations', 'Registrations at carriers that stand.'],
  targetsDown: ['trunkroom_targets_down', 'Targets of outbound trunks that do not answer.'],
  sipTransactions: ['trunkroom_sip_transactions', 'SIP transactions.'],
  sipConnections: ['trunkroom_sip_connections', 'SIP connections over TCP.'],
  rooms: ['trunkroom_rooms', 'Rooms.'],
  participants: ['trunkroom_participants', 'Participants.'],
  legs: ['trunkroom_legs', 'Phones\u2019 media in the workers.'],
  rtpPorts: ['trunkroom_rtp_ports', 'RTP and RTCP ports in use.'],
  transports: ['trunkroom_transports', 'Browser transports.'],
  receivers: ['trunkroom_receivers', 'Tracks received from browsers.'],
  senders: ['trunkroom_senders', 'Subscriptions sent to browsers.'],
  signalConnections: ['trunkroom_signal_connections', 'Browsers\u2019 signaling connections.'],
  turnAllocations: ['trunkroom_turn_allocations', 'TURN allocations.'],
  alarms: ['trunkroom_alarms', 'Alarms that will ring.'],
  sockets: ['trunkroom_sockets', 'UDP sockets.'],
  workers: ['trunkroom_workers', 'Media workers.'],
};

/** The gateway's metrics. */
export interface Metrics {
  readonly sink: EventSink;
  /** Adds what a media worker counted. */
  count(counts: WorkerCounts): void;
  /** The exposition of `/metrics`; asks for the gauges first. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  /** What is alive; asked at each scrape, so it may be a round trip to the workers. */
  readonly gauges: () => GatewayGauges | Promise<GatewayGauges>;
  /** `process`: Node's own metrics too (memory, CPU, event loop). */
  readonly defaults: 'process' | 'none';
}

/** Metrics in a registry of their own: two gateways in one process do not mix. */
export function openMetrics({ gauges, defaults }: MetricsOptions): Metrics {
  const registry = new Registry();
  if (defaults === 'process') collectDefaultMetrics({ register: registry, prefix: 'trunkroom_' });
  const instruments = new Instruments(registry);
  const alive = Object.entries(GAUGES).map(([key, [name, help]]) => ({
    key: key as keyof GatewayGauges,
    gauge: new Gauge({ name, help, registers: [registry] }),
  }));
  return {
    sink: eventMetrics(instruments),
    count(counts) {
      const passed = (peer: 'phone' | 'browser', direction: 'in' | 'out', packets: number) =>
        instruments.count('trunkroom_rtp_packets_total', { peer, direction }, packets);
      passed('phone', 'in', counts.rtpFromPhones);
      passed('phone', 'out', counts.rtpToPhones);
      passed('browser', 'in', counts.rtpFromBrowsers);
      passed('browser', 'out', counts.rtpToBrowsers);
      instruments.count('trunkroom_late_ticks_total', {}, counts.lateTicks);
    },
    async text() {
      const now = await gauges();
      for (const { key, gauge } of alive) gauge.set(now[key]);
      instruments.flush();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
