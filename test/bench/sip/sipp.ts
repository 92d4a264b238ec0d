/** The endpoint alone on real sockets, called by SIPp; the CPU is that of this whole process. */
import { spawn } from 'node:child_process';
import { driveAlarms, monotonicClock, rethrow } from '../../../src/adapters/clock/clock.ts';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { DATAGRAM_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import { SipServer } from '../../../src/app/sip-server.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { answerAll } from './in-process.ts';

/** Calls until all functions are compiled and the heap has grown; fewer where that takes long, as in `sockets.ts`. */
const WARM_CALLS = 20_000;
const WARM_SECONDS = 20;

export async function withSipp(rate: number, seconds: number, transport: 'udp' | 'tcp'): Promise<void> {
  const timers = new WakeQueue();
  const choice = process.env['BENCH_NATIVE'] === 'off' ? 'off' : 'auto';
  const server = await SipServer.open({
    ...{ clock: monotonicClock, timers, random: systemRandom, userAgent: 'trunkroom', emit: () => {} },
    openUdp: datagramSource(choice, { unsent() {}, unwatched() {}, fault: rethrow }, DATAGRAM_SLOTS).open,
    listen: { address: '127.0.0.1', port: 0 },
    announced: ['127.0.0.1'],
    admission: () => 'admit',
    contact: () => ({ address: '127.0.0.1', port: server.port }),
  });
  server.endpoint.onInvite = answerAll;
  const stopAlarms = driveAlarms(timers, monotonicClock, rethrow);
  for (const [name, calls] of [
    ['just started', Math.min(WARM_CALLS, rate * WARM_SECONDS)],
    ['warm', rate * seconds],
  ] as const) {
    const before = process.cpuUsage();
    const begun = performance.now();
    const said = await sipp(server.port, rate, calls, transport);
    const { user, system } = process.cpuUsage(before);
    const came = (1000 * calls) / (performance.now() - begun);
    console.log(
      `${transport}, ${name}, ${came.toFixed(0)} of ${rate} calls/s, ${calls} calls: ${((user + system) / calls).toFixed(0)} µs of CPU a call (user ${(user / calls).toFixed(0)}), ${said}`,
    );
  }
  stopAlarms();
  await server.close();
}

/** Has SIPp make the calls; what it says of them. */
async function sipp(port: number, rate: number, calls: number, transport: 'udp' | 'tcp'): Promise<string> {
  const child = spawn('timeout', [
    ...['-k', '5', String(Math.ceil((3 * calls) / rate) + 60)],
    ...[
      'sipp',
      '-sn',
      'uac',
      `127.0.0.1:${port}`,
      '-i',
      '127.0.0.1',
      '-r',
      String(rate),
      '-m',
      String(calls),
    ],
    ...['-d', '0', '-l', '20000', '-t', transport === 'tcp' ? 't1' : 'u1', '-nostdin'],
  ]);
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output = `${output}${String(bytes)}`.slice(-8000);
  });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  const failed = /Failed call\s*\|\s*\d+\s*\|\s*(\d+)/.exec(output)?.[1];
  const resent = [...output.matchAll(/(?:INVITE|ACK|BYE) -+>\s+\d+\s+(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  return `SIPp's exit ${String(code)}, failed ${failed ?? '?'}, resent ${resent}`;
}
