/**
 * What a call costs the signaling side. `npm run bench:sip` prints all rows, and takes some minutes; single ones with
 *
 *     npm run bench:sip -- process [calls] [up] [endpoint]
 *     npm run bench:sip -- sockets [udp|tcp|tls] [rate] [seconds] [up]
 *     npm run bench:sip -- leaks [calls]
 *     npm run bench:sip -- sipp [udp|tcp] [rate] [seconds]
 *
 * `up` are calls that stand meanwhile. `process`: without the kernel. `sockets`: the signaling side as it is composed, with log,
 * metrics and trace, in a process of its own. `sipp`: the endpoint alone, called by SIPp.
 */
import { inProcess } from './sip/in-process.ts';
import { leaks } from './sip/leaks.ts';
import { withSipp } from './sip/sipp.ts';
import { measure, type SocketRow } from './sip/sockets.ts';

const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;

async function sockets(row: SocketRow): Promise<void> {
  const { cpu, cpuOfSignaling, rate, failed, refused, resent, median, worst, busy } = await measure(row);
  console.log(
    `${row.transport}, ${row.up} up: ${cpu.toFixed(0)} µs of CPU a call (signaling thread ${cpuOfSignaling.toFixed(0)}), ` +
      `${rate.toFixed(0)} of ${row.rate} calls/s, ${failed} failed, ${refused} refused, ${resent} resent, ` +
      `answered after ${median.toFixed(1)} ms, at the most ${worst.toFixed(0)} ms; caller ${(100 * busy).toFixed(0)} % busy`,
  );
}

async function everything(): Promise<void> {
  for (const up of [1, 10_000]) inProcess(20_000, up);
  for (const transport of TRANSPORTS) {
    for (const up of [1, 10_000])
      await sockets({ transport, rate: transport === 'tls' ? 500 : 1000, seconds: 10, up });
  }
  await sockets({ transport: 'udp', rate: 2000, seconds: 10, up: 1 });
  await leaks(10_000);
}

const [what, ...rest] = process.argv.slice(2);
const number = (at: number, otherwise: number) => Number(rest[at] ?? otherwise);
const transport = TRANSPORTS.find((each) => each === rest[0]) ?? 'udp';
if (what === undefined) await everything();
else if (what === 'process') inProcess(number(0, 20_000), number(1, 1), rest[2]);
else if (what === 'sockets')
  await sockets({ transport, rate: number(1, 1000), seconds: number(2, 10), up: number(3, 1) });
else if (what === 'leaks') await leaks(number(0, 10_000));
else if (what === 'sipp') await withSipp(number(1, 1500), number(2, 10), transport === 'tcp' ? 'tcp' : 'udp');
else throw new Error(`no row is called ${what}`);
