/**
 * How long DTLS takes to connect under loss, how often it does within 10 s, and what a handshake costs, with both engines:
 * `npm run bench:dtls`, or with `-- --count N` handshakes for each number. Client and line are in this process; the client is
 * OpenSSL's, which repeats its flights after 100 ms, then twice as late each time.
 */
import { driveAlarms, monotonicClock, rethrow } from '../../src/adapters/clock/clock.ts';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { openDtlsEngine } from '../../src/app/dtls.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { dtlsEngines } from '../support/dtls-engines.ts';
import { DtlsCaller, type Handshake, seeded } from '../support/dtls-line.ts';

const LOSSES = [0, 0.05, 0.1, 0.2];
/** Some 40 ms there and back, with datagrams that overtake each other. */
const DELAY_MS = [10, 30] as const;
const PATIENCE_MS = 10_000;
/** At a time: more would measure this machine. */
const AT_ONCE = 4;

const at = process.argv.indexOf('--count');
const count = at < 0 ? 100 : Number(process.argv[at + 1]);

const caller = await DtlsCaller.create();
if (caller === undefined) throw new Error('the addon was not built: there is no client to measure with');
const alarms = new WakeQueue();
const stop = driveAlarms(alarms, monotonicClock, rethrow);

console.log(`${count} handshakes each, ${DELAY_MS.join(' to ')} ms each way`);
console.log('engine   loss  connected  median ms  90 % ms  longest ms');
for (const name of dtlsEngines) {
  const engine = await openDtlsEngine(name, loadAddon(), monotonicClock, alarms);
  for (const loss of LOSSES) {
    const random = seeded(1 + 100 * loss);
    const all: Handshake[] = [];
    while (all.length < count) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - all.length) }, () =>
        caller.call(engine, { loss, delayMs: DELAY_MS, random }, PATIENCE_MS),
      );
      all.push(...(await Promise.all(some)));
    }
    const times = all.flatMap(({ ms, sameKeys }) => (ms !== undefined && sameKeys ? [ms] : []));
    times.sort((a, b) => a - b);
    const quantile = (q: number) => (times[Math.floor(q * (times.length - 1))] ?? Number.NaN).toFixed(0);
    console.log(
      [
        name.padEnd(8),
        `${100 * loss} %`.padStart(4),
        `${times.length}/${count}`.padStart(10),
        quantile(0.5).padStart(10),
        quantile(0.9).padStart(8),
        quantile(1).padStart(11),
      ].join(' '),
    );
  }
}

console.log('engine   CPU of a handshake, ms, without the client: median');
for (const name of dtlsEngines) {
  const engine = await openDtlsEngine(name, loadAddon(), monotonicClock, alarms);
  const once = () => caller.call(engine, { loss: 0, delayMs: [0, 0], random: () => 1 }, PATIENCE_MS);
  for (let i = 0; i < 20; i++) await once();
  const costs: number[] = [];
  for (let i = 0; i < count; i++) {
    const before = process.cpuUsage();
    const { peerMs } = await once();
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000 - peerMs);
  }
  costs.sort((a, b) => a - b);
  const quantile = (q: number) => (costs[Math.floor(q * (costs.length - 1))] ?? Number.NaN).toFixed(2);
  console.log(`${name.padEnd(8)} ${quantile(0.5)}`);
}
stop();
