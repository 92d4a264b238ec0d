/**
 * What a phone leg costs, sockets and kernel included, and what it sounds like meanwhile: `npm run bench:media`, or with
 * `-- LEGSxROOMSxTALKERS …`, `--seconds N` and `--srtp PROFILE`. Two processes of their own: the gateway's media worker, and the phones.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { SrtpProfile } from '../../src/rtp/srtp/key-derivation.ts';
import type {
  GatewayAnswer,
  GatewayQuestion,
  LoadAnswer,
  LoadQuestion,
  LoadReport,
  Usage,
} from './media/messages.ts';

/** Rooms of 2 to 1,000 with one and with three who talk; as many legs over small rooms; and all who talk at once. */
const PLAN = [
  ...[2, 10, 50, 100, 300, 600, 1000].flatMap((legs) => [`${legs}x1x1`, `${legs}x1x${Math.min(3, legs)}`]),
  ...['300x150x1', '300x30x3', '1000x40x1', '1000x40x3', '100x1x100'],
];
const WARMUP_MS = 3000;

const words = process.argv.slice(2);
const secondsAt = words.indexOf('--seconds');
const seconds = secondsAt < 0 ? 10 : Number(words[secondsAt + 1]);
const srtpAt = words.indexOf('--srtp');
/** As SDP calls it, such as AES_CM_128_HMAC_SHA1_80; undefined: plain RTP. */
const srtp = srtpAt < 0 ? undefined : (words[srtpAt + 1] as SrtpProfile);
const plan = words.filter((word) => /^\d+x\d+x\d+$/.test(word));

/** The child's next message. */
function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`a part of the bench ended with ${code}`)));
  });
}

function ask<T>(child: ChildProcess, question: GatewayQuestion | LoadQuestion): Promise<T> {
  const answer = next<T>(child);
  child.send(question);
  return answer;
}

async function measure(legs: number, rooms: number, talkers: number): Promise<void> {
  const gateway = fork(new URL('./media/gateway.ts', import.meta.url));
  const load = fork(new URL('./media/load.ts', import.meta.url));
  try {
    const bare = await ask<Usage>(gateway, { ask: 'usage' });
    const { port } = await ask<Extract<LoadAnswer, { port: number }>>(load, { ask: 'port' });
    const opened = await ask<Extract<GatewayAnswer, { ports: readonly number[] }>>(gateway, {
      ask: 'open',
      rooms,
      legs,
      loadPort: port,
      srtp,
    });
    await ask<LoadAnswer>(load, {
      ask: 'run',
      ports: opened.ports,
      rooms,
      talkers,
      warmupMs: WARMUP_MS,
      seconds,
      srtp,
    });
    const before = await ask<Usage>(gateway, { ask: 'usage' });
    const report = await next<LoadReport>(load);
    const after = await ask<Usage>(gateway, { ask: 'usage' });
    print(legs, rooms, talkers, { bare, before, after }, report);
  } finally {
    gateway.send({ ask: 'stop' });
    load.send({ ask: 'stop' });
    await Promise.all([gateway, load].map((child) => new Promise((done) => child.once('exit', done))));
  }
}

function print(
  legs: number,
  rooms: number,
  talkers: number,
  { bare, before, after }: { readonly bare: Usage; readonly before: Usage; readonly after: Usage },
  load: LoadReport,
): void {
  const wallMs = after.at - before.at;
  const cpuMs = (after.cpuUs - before.cpuUs) / 1000;
  // Of leg-seconds that were served: on a busy machine some are not.
  const perLeg = cpuMs / (load.received / 50);
  const kernel = (after.systemUs - before.systemUs) / (after.cpuUs - before.cpuUs);
  const cells = [
    `${legs} legs, ${rooms} room${rooms > 1 ? 's' : ''}, ${talkers} talk`.padEnd(28),
    perLeg.toFixed(2).padStart(7),
    `${Math.round(kernel * 100)} %`.padStart(7),
    (cpuMs / wallMs).toFixed(2).padStart(6),
    `${load.gaps}`.padStart(6),
    load.longestGapMs.toFixed(0).padStart(8),
    `${load.lost}`.padStart(5),
    `${whole(load.latencyMs.p50)}/${whole(load.latencyMs.p95)}`.padStart(8),
    `${load.heardAll}/${load.listened}`.padStart(7),
    `${after.lateTicks - before.lateTicks}`.padStart(6),
    load.cores.toFixed(2).padStart(6),
    `${load.ownLate}`.padStart(5),
    `${Math.round(after.rss / 1e6)}`.padStart(5),
    `${Math.round((after.rss - bare.rss) / 1000 / legs)}`.padStart(6),
  ];
  console.log(cells.join(' '));
}

/** Latency is heard by those who say nothing: where all talk there is none. */
function whole(ms: number | null): string {
  return ms === null ? '-' : ms.toFixed(0);
}

console.log(
  `${availableParallelism()} cores, ${seconds} s each, G.711 A-law, 20 ms, ${srtp ?? 'no SRTP'}; load generator on the same machine`,
);
console.log(
  [
    ''.padEnd(28),
    'ms/leg-s',
    'kernel',
    'cores',
    'gaps>40',
    'longest',
    'lost',
    'latency',
    'heard',
    'late',
    'load',
    'late',
    'MB',
    'kB/leg',
  ].join(' '),
);
for (const row of plan.length > 0 ? plan : PLAN) {
  const [legs, rooms, talkers] = row.split('x').map(Number) as [number, number, number];
  await measure(legs, rooms, talkers);
}
