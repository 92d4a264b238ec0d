/**
 * What forwarding costs, sockets and kernel included: `npm run bench:sfu`, or with `-- audio:50 video:10 …`, `--seconds N` and
 * `--subscriptions N`. Rooms of one publisher and so many subscribers, as many rooms as make a few hundred subscriptions; then
 * the same packets through the stages one by one. `BENCH_NATIVE=off` leaves the addon out.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { LoadReport, SfuQuestion, SfuUsage } from './sfu/messages.ts';
import { type MediumName, media } from './sfu/packets.ts';
import { stages } from './sfu/stages.ts';

const PLAN = [2, 10, 50, 200];
/** Before that, the compiler takes as much as the work. */
const WARMUP_MS = 12_000;

const words = process.argv.slice(2);
const option = (name: string): number | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : Number(words[at + 1]);
};
const seconds = option('--seconds') ?? 8;
const subscriptions = option('--subscriptions');
const asked = words.filter((word) => /^(audio|video):\d+$/.test(word));
const plan =
  asked.length > 0
    ? asked
    : (['audio', 'video'] as const).flatMap((medium) => PLAN.map((count) => `${medium}:${count}`));

function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`a part of the bench ended with ${code}`)));
  });
}

function ask<T>(child: ChildProcess, question: SfuQuestion): Promise<T> {
  const answer = next<T>(child);
  child.send(question);
  return answer;
}

async function measure(medium: MediumName, subscribers: number): Promise<string[]> {
  const rooms = Math.max(1, Math.round((subscriptions ?? media[medium].subscriptions) / subscribers));
  const gateway = fork(new URL('./sfu/gateway.ts', import.meta.url));
  const load = fork(new URL('./sfu/load.ts', import.meta.url));
  try {
    await ask(load, { ask: 'listen', medium, rooms, subscribers });
    const empty = await ask<SfuUsage>(gateway, { ask: 'usage' });
    const { port } = await ask<{ port: number }>(gateway, { ask: 'open', medium, rooms, subscribers });
    const full = await ask<SfuUsage>(gateway, { ask: 'usage' });
    await ask(load, { ask: 'run', medium, rooms, port, seconds: seconds + WARMUP_MS / 1000 });
    await new Promise((resolve) => setTimeout(resolve, WARMUP_MS));
    const before = await ask<SfuUsage>(gateway, { ask: 'usage' });
    const report = await next<LoadReport>(load);
    const after = await ask<SfuUsage>(gateway, { ask: 'usage' });
    const sent = after.forwarded - before.forwarded;
    const cpuUs = after.cpuUs - before.cpuUs;
    const peers = rooms * (subscribers + 1);
    return [
      `${medium}, ${subscribers} subscribers, ${rooms} rooms`.padEnd(36),
      Math.round(sent / ((after.at - before.at) / 1000))
        .toString()
        .padStart(9),
      (cpuUs / sent).toFixed(2).padStart(9),
      `${Math.round((100 * (after.systemUs - before.systemUs)) / cpuUs)} %`.padStart(7),
      Math.round((1e6 * sent) / cpuUs)
        .toString()
        .padStart(10),
      ((full.rss - empty.rss) / peers / 1024).toFixed(0).padStart(9),
      ((after.rss - empty.rss) / peers / 1024).toFixed(0).padStart(9),
      `${(100 - (100 * report.received) / (after.forwarded - full.forwarded)).toFixed(1)} %`.padStart(8),
      (full.openMs / peers).toFixed(2).padStart(8),
    ];
  } finally {
    for (const child of [gateway, load]) child.send({ ask: 'stop' } satisfies SfuQuestion);
    await Promise.all([gateway, load].map((child) => new Promise((done) => child.once('exit', done))));
  }
}

console.log(
  `${availableParallelism()} cores, ${seconds} s each; the load on the same machine, its CPU not counted`,
);
console.log(
  [
    ''.padEnd(36),
    'sent/s'.padStart(9),
    'us/packet'.padStart(9),
    'kernel'.padStart(7),
    '/s of core'.padStart(10),
    'KB idle'.padStart(9),
    'KB busy'.padStart(9),
    'unheard'.padStart(8),
    'ms/peer'.padStart(8),
  ].join(' '),
);
for (const entry of plan) {
  const [medium, count] = entry.split(':') as [MediumName, string];
  console.log((await measure(medium, Number(count))).join(' '));
}
if (asked.length === 0) for (const line of await stages()) console.log(line);
