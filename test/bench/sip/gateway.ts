/**
 * The signaling side of the gateway as it is composed in `src/app`, in a process of its own: sockets, endpoint, trace, door, rooms,
 * metrics, and the log at `info` (its lines go to where the standard output goes). Media is a thread that is deaf. Says its
 * ports with its first IPC message, and answers each further one with {@link Usage}.
 */

import { readFileSync } from 'node:fs';
import { driveAlarms, monotonicClock, wallClock } from '../../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { batchedOutput } from '../../../src/adapters/log/batched-output.ts';
import { eventLog } from '../../../src/adapters/log/event-log.ts';
import { openLog } from '../../../src/adapters/log/pino-log.ts';
import { openMetrics } from '../../../src/adapters/metrics/metrics.ts';
import { DATAGRAM_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import { Certificates } from '../../../src/adapters/tcp/certificates.ts';
import { startMediaThread } from '../../../src/adapters/worker/thread.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import { SipServer } from '../../../src/app/sip-server.ts';
import { openTrace } from '../../../src/app/trace.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { PhoneDoor } from '../../../src/call/phone-door.ts';
import { EventBus } from '../../../src/events/bus.ts';
import { MediaWorkers } from '../../../src/room/media-workers.ts';
import { Rooms } from '../../../src/room/rooms.ts';
import { DigestGuard } from '../../../src/sip/digest/guard.ts';
import { admission } from '../../../src/trunk/admission.ts';
import { TrunkLimits } from '../../../src/trunk/limits.ts';
import { TrunkTable } from '../../../src/trunk/match.ts';
import { sameTrunk } from '../../../src/trunk/same-trunk.ts';
import { carrierRule, carrierTrunk } from './trunk.ts';

/** What the process has used since it began, and what lives in it. */
export interface Usage {
  /** CPU of all threads, and of the signaling thread alone, µs. */
  readonly cpu: number;
  readonly cpuOfSignaling: number;
  /** Of a heap that was just collected, bytes; only where asked for with `collect`. */
  readonly heap: number;
  readonly calls: number;
  readonly transactions: number;
  readonly connections: number;
  readonly alarms: number;
  readonly rooms: number;
  readonly participants: number;
}

export type Question = 'usage' | 'collect' | 'stop';

const [certificate, key] = process.argv.slice(2);
const timers = new WakeQueue();
const bus = new EventBus((error) => fault(error));
const shared = { clock: monotonicClock, wall: wallClock, random: systemRandom, timers, emit: bus.emit };
const announced = '127.0.0.1';
const worker = await startMediaThread(new URL('./deaf-worker.ts', import.meta.url), {});
const workers = new MediaWorkers(bus.emit);
workers.add(worker.port, worker.ready);
const limits = { rooms: 1e6, participantsPerRoom: 1000, departureMs: 5000 };
const rooms = new Rooms({ ...shared, workers, limits });
const trunks = [carrierTrunk];
const trace = await openTrace({ calls: 200, hep_port: 9060, hep_id: 1 }, wallClock, bus.emit);
const tls =
  certificate === undefined || key === undefined
    ? undefined
    : {
        listen: { address: announced, port: 0 },
        certificates: new Certificates([{ certificate: text(certificate), key: text(key) }], undefined),
        ...{ clientCertificates: 'none' as const, verify: 'skip' as const },
      };
const sip = await SipServer.open({
  ...shared,
  openUdp: datagramSource(
    process.env['BENCH_NATIVE'] === 'off' ? 'off' : 'auto',
    { unsent() {}, unwatched() {}, fault },
    DATAGRAM_SLOTS,
  ).marking(0, 'timed-crowd'),
  listen: { address: announced, port: 0 },
  announced: [announced],
  userAgent: 'trunkroom',
  admission: admission(trunks),
  isTrustedPeer: sameTrunk(trunks),
  contact: () => ({ address: announced, port: sip.port }),
  tls,
  limits: { messagesPerSecond: 1e6, transactions: 1e6, calls: 1e6 },
  observe: trace.observe,
  onFault: fault,
});
const phones = new PhoneDoor({
  ...shared,
  rooms,
  plan: { table: new TrunkTable(trunks), rules: [carrierRule] },
  limits: new TrunkLimits(),
  guard: new DigestGuard(nodeDigests, systemRandom),
  capacity: { calls: 1e6, callsPerSecond: 1e6 },
  announce: () => announced,
  candidates: () => [],
});
sip.endpoint.onInvite = phones.onInvite;
sip.endpoint.authorize = phones.authorize;
const none = new Proxy({} as Parameters<typeof openMetrics>[0]['gauges'], {});
const output = batchedOutput(process.stdout, (flush) => process.on('exit', flush));
bus.subscribe(eventLog(openLog({ level: 'info', format: 'json', output }), monotonicClock, 'info'));
bus.subscribe(openMetrics({ gauges: none, defaults: 'none' }).sink);
bus.subscribe(trace.recorder.sink);
const stopAlarms = driveAlarms(timers, monotonicClock, fault);

process.on('message', (question: Question) => {
  if (question === 'stop') {
    stopAlarms();
    void Promise.all([sip.close(), worker.stop(1000)]).then(() => process.exit(0));
  } else tell(question);
});
process.send?.({ port: sip.port, tlsPort: sip.tlsPort });

function tell(question: Question): void {
  if (question === 'collect') for (let i = 0; i < 3; i++) globalThis.gc?.();
  const all = process.cpuUsage();
  const own = process.threadCpuUsage();
  const usage: Usage = {
    cpu: all.user + all.system,
    cpuOfSignaling: own.user + own.system,
    heap: process.memoryUsage().heapUsed,
    ...sip.endpoint.gauges(),
    alarms: timers.size,
    ...rooms.gauges(),
  };
  process.send?.(usage);
}

function text(path: string): string {
  return readFileSync(path, 'utf8');
}

function fault(error: unknown): void {
  console.error(error);
  process.exit(1);
}
