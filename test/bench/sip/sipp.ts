/** The endpoint alone on real sockets, called by SIPp; the CPU is that of this whole process. */
import { spawn } from 'node:child_process';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { SipServer } from '../../../src/app/sip-server.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { answerAll } from './in-process.ts';

export async function withSipp(rate: number, seconds: number, transport: 'udp' | 'tcp'): Promise<void> {
  const timers = new WakeQueue();
  const clock = { now: () => performance.now() };
  const server = await SipServer.open({
    ...{ clock, timers, random: systemRandom, userAgent: 'trunkroom', emit: () => {} },
    listen: { address: '127.0.0.1', port: 0 },
    announced: ['127.0.0.1'],
    admission: () => 'admit',
    contact: () => ({ address: '127.0.0.1', port: server.port }),
  });
  server.endpoint.onInvite = answerAll;
  const beat = setInterval(() => timers.run(clock.now()), 10);
  const total = rate * seconds;
  const before = process.cpuUsage();
  const sipp = spawn('timeout', [
    ...[
      '-k',
      '5',
      String(seconds * 3 + 60),
      'sipp',
      '-sn',
      'uac',
      `127.0.0.1:${server.port}`,
      '-i',
      '127.0.0.1',
      '-r',
      String(rate),
      '-m',
      String(total),
    ],
    ...['-d', '0', '-l', '20000', '-t', transport === 'tcp' ? 't1' : 'u1', '-nostdin'],
  ]);
  let output = '';
  sipp.stdout.on('data', (bytes: Buffer) => {
    output = `${output}${String(bytes)}`.slice(-8000);
  });
  const code = await new Promise((resolve) => sipp.on('exit', resolve));
  const { user, system } = process.cpuUsage(before);
  const failed = /Failed call\s*\|\s*\d+\s*\|\s*(\d+)/.exec(output)?.[1];
  console.log(
    `${transport}, ${rate} calls/s, ${total} calls: ${((user + system) / total).toFixed(0)} µs of CPU a call (user ${(user / total).toFixed(0)}), SIPp's exit ${String(code)}, failed ${failed ?? '?'}`,
  );
  clearInterval(beat);
  await server.close();
}
