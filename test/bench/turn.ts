/**
 * `npm run bench:turn [-- messages clients interval-ms]`: coturn's load client through our TURN server and through coturn, on the same machine in turn, by UDP,
 * TCP and TLS to an echo of coturn's; and through ours to media of its own process, by the kernel and inside. Tells what came back and the
 * CPU of the server, kernel included, for each packet that it relayed; and what the two ways to media cost alone (`turn/crossing.ts`).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authority } from '../support/certificates.ts';
import { freePortBlock } from '../support/free-ports.ts';
import type { RelayBenchPorts, RelayBenchSettings } from './turn/relay.ts';

const [messages = 400, clients = 40, interval = 10] = process.argv.slice(2).map(Number);
const HOST = '127.0.0.1';
const SECRET = 'a secret of the bench';
const WAYS = [
  ['UDP', [] as string[]],
  ['TCP', ['-t']],
  ['TLS', ['-t', '-S']],
] as const;

interface Server {
  readonly name: string;
  readonly pid: number;
  readonly ports: RelayBenchPorts;
  readonly peer: number;
  stop(): void;
}

function started(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return { child, stop: () => child.kill() };
}

async function ours(name: string, settings: RelayBenchSettings): Promise<Server> {
  const entry = new URL('./turn/relay.ts', import.meta.url).pathname;
  const { child, stop } = started(process.execPath, [entry, JSON.stringify(settings)]);
  const ports = await new Promise<RelayBenchPorts>((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(JSON.parse(String(line)) as RelayBenchPorts));
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
  });
  return { name, pid: child.pid!, ports, peer: settings.peer, stop };
}

async function coturn(peer: number): Promise<Server> {
  const turn = await freePortBlock(2);
  const tls = turn + 1;
  const folder = mkdtempSync(join(tmpdir(), 'bench-turn-'));
  const { certificate, key } = new Authority().issue('localhost', 'DNS:localhost,IP:127.0.0.1');
  const lines = [
    ...[`listening-port=${turn}`, `tls-listening-port=${tls}`, `listening-ip=${HOST}`, `relay-ip=${HOST}`],
    ...['use-auth-secret', `static-auth-secret=${SECRET}`, 'realm=bench', 'allow-loopback-peers', 'no-cli'],
    ...[`cert=${certificate}`, `pkey=${key}`, 'min-port=40000', 'max-port=49999', 'log-file=stdout'],
    ...[`pidfile=${join(folder, 'pid')}`, `userdb=${join(folder, 'db')}`, 'no-dtls'],
  ];
  const file = join(folder, 'turnserver.conf');
  writeFileSync(file, lines.join('\n'));
  const { child, stop } = started('turnserver', ['-c', file]);
  child.stdout.resume();
  await sleep(2000);
  return { name: 'coturn', pid: child.pid!, ports: { turn, tls }, peer, stop };
}

/** CPU that a process and its threads have used, s. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

interface Result {
  readonly sent: number;
  readonly back: number;
  readonly seconds: number;
  readonly cpu: number;
}

async function load(server: Server, flags: readonly string[]): Promise<Result> {
  const port = flags.includes('-S') ? server.ports.tls : server.ports.turn;
  const traffic = ['-m', `${clients}`, '-n', `${messages}`, '-l', '172', '-z', `${interval}`, '-c', '-X'];
  const where = ['-L', HOST, '-e', HOST, '-r', `${server.peer}`, '-p', `${port}`, '-u', 'bench'];
  const before = cpuOf(server.pid);
  const begun = performance.now();
  const { child } = started('turnutils_uclient', [...traffic, ...where, '-W', SECRET, ...flags, HOST]);
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  const late = setTimeout(() => child.kill(), 30_000 + 3 * messages * interval);
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(late);
  const seconds = (performance.now() - begun) / 1000;
  const totals = [...output.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1);
  const cpu = cpuOf(server.pid) - before;
  return { sent: Number(totals?.[1] ?? 0), back: Number(totals?.[2] ?? 0), seconds, cpu };
}

function told(server: string, way: string, { sent, back, seconds, cpu }: Result): void {
  // Each message passes the server twice: there, and back.
  const each = (1e6 * cpu) / Math.max(1, sent + back);
  const cells = [server, way, sent, back, seconds.toFixed(1), cpu.toFixed(2), each.toFixed(1)];
  console.log(`| ${cells.join(' | ')} |`);
}

const peerPort = await freePortBlock(2);
const peer = started('turnutils_peer', ['-p', `${peerPort}`, '-L', HOST]);
peer.child.stdout.resume();
console.log(
  `${clients} clients, ${messages} messages of 172 bytes each, every ${interval} ms; load ${loadavg()[0]?.toFixed(1)}`,
);
console.log(
  '| server | by | sent | back | s | CPU, s | µs a relayed packet |\n|---|---|---|---|---|---|---|',
);
for (const [way, flags] of WAYS) {
  for (const start of [
    () => ours('Trunkroom', { media: 'none', peer: peerPort, secret: SECRET }),
    () => coturn(peerPort),
  ]) {
    const server = await start();
    told(server.name, way, await load(server, flags));
    server.stop();
  }
}
peer.stop();
for (const [way, flags] of WAYS) {
  for (const media of ['kernel', 'wired'] as const) {
    const name = media === 'kernel' ? 'to its own media, by the kernel' : 'to its own media, inside';
    const server = await ours(name, { media, peer: await freePortBlock(2), secret: SECRET });
    told(server.name, way, await load(server, flags));
    server.stop();
  }
}
console.log();
const crossing = spawn(process.execPath, [new URL('./turn/crossing.ts', import.meta.url).pathname], {
  stdio: 'inherit',
});
await new Promise((resolve) => crossing.once('exit', resolve));
console.log(`load ${loadavg()[0]?.toFixed(1)}`);
