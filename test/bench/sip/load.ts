/**
 * A lean caller: `node load.ts '{"transport":"udp","port":…,"rate":…,"calls":…,"ends":"bye"}'` makes calls at a steady rate, each
 * INVITE, (100, 180,) 200, ACK, and then BYE, 200, or nothing more where `ends` is `stay`. Over UDP it sends again after T1 what
 * has no answer, not even a provisional one; a call that is not through after 32 s has failed. Prints one JSON object, {@link LoadResult}.
 */
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { rethrow } from '../../../src/adapters/clock/clock.ts';
import { DATAGRAM_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import { type CarrierPlace, offer, request } from './carrier.ts';

export interface LoadOptions {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly port: number;
  /** Calls a second. */
  readonly rate: number;
  readonly calls: number;
  readonly ends: 'bye' | 'stay';
  /** Keeps this generator's calls apart from another's. */
  readonly run: string;
}

export interface LoadResult {
  readonly through: number;
  readonly failed: number;
  /** By 503: the gateway has enough to do. */
  readonly refused: number;
  /** Calls a second that came about, from the first INVITE to the last answer. */
  readonly rate: number;
  readonly resent: number;
  /** From INVITE to 200, ms. */
  readonly median: number;
  readonly worst: number;
  /** How busy the caller itself was, of one core: near 1 it is the caller that sets the rate. */
  readonly busy: number;
}

const T1 = 500;
const GIVE_UP = 32_000;

interface Call {
  readonly call: number;
  readonly begun: number;
  phase: 'inviting' | 'leaving';
  message: string;
  resendAt: number;
  interval: number;
}

interface Wire {
  readonly from: string;
  send(text: string): void;
  close(): void;
}

async function openWire(options: LoadOptions, received: (text: string) => void): Promise<Wire> {
  const { transport, port } = options;
  if (transport === 'udp') {
    // By the addon, where there is one: the caller must not be the one that is full.
    const source = datagramSource('auto', { unsent() {}, unwatched() {}, fault: rethrow }, DATAGRAM_SLOTS);
    const socket = await source.open({ address: '127.0.0.1', port: 0 });
    socket.onDatagram = (bytes) =>
      received(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
    return {
      from: `127.0.0.1:${socket.local.port}`,
      send: (text) => socket.send(Buffer.from(text, 'latin1'), port, '127.0.0.1'),
      close: () => socket.close(),
    };
  }
  const socket =
    transport === 'tcp'
      ? connectTcp(port, '127.0.0.1')
      : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await new Promise<void>((resolve) => {
    socket.once(transport === 'tcp' ? 'connect' : 'secureConnect', () => resolve());
  });
  socket.setNoDelay(true);
  let rest = '';
  socket.on('data', (bytes: Buffer) => {
    rest += bytes.toString('latin1');
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\nContent-Length: (\d+)/.exec(rest.slice(0, end))?.[1] ?? 0);
      if (rest.length < end + 4 + length) return;
      received(rest.slice(0, end + 4 + length));
      rest = rest.slice(end + 4 + length);
    }
  });
  return {
    from: `127.0.0.1:${socket.localPort}`,
    send: (text) => void socket.write(text, 'latin1'),
    close: () => socket.destroy(),
  };
}

async function run(options: LoadOptions): Promise<LoadResult> {
  const { transport, rate, calls, ends } = options;
  const live = new Map<number, Call>();
  const delays: number[] = [];
  let [made, through, failed, refused, resent] = [0, 0, 0, 0, 0];
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const wire = await openWire(options, (text) => {
    const call = live.get(Number(/\nCall-ID: (\d+)-/.exec(text)?.[1]));
    const status = Number(text.slice(8, 11));
    const method = /\nCSeq: \d+ (\w+)/.exec(text)?.[1];
    if (call === undefined) return;
    if (status < 200) {
      // RFC 3261 section 17.1.1.2: timer A is for who has heard nothing.
      if (method === 'INVITE') call.resendAt = Number.POSITIVE_INFINITY;
      return;
    }
    const name = { run: options.run, call: call.call };
    if (status >= 300) {
      if (status === 503) refused++;
      else failed++;
      // Section 17.1.1.3: the ACK is the INVITE's own transaction's.
      if (method === 'INVITE')
        wire.send(request(place, name, 'ACK', 1, tagOf(text)).replace('KACK', 'KINVITE'));
      live.delete(call.call);
    } else if (method === 'BYE') {
      through++;
      live.delete(call.call);
    } else {
      const tag = tagOf(text);
      wire.send(request(place, name, 'ACK', 1, tag));
      if (call.phase === 'leaving') return;
      delays.push(performance.now() - call.begun);
      if (ends === 'stay') {
        through++;
        live.delete(call.call);
      } else {
        call.phase = 'leaving';
        say(call, request(place, name, 'BYE', 2, tag));
      }
    }
    if (made === calls && live.size === 0) finish();
  });
  const place: CarrierPlace = { transport, from: wire.from, to: `127.0.0.1:${options.port}` };
  const sdp = offer('127.0.0.1');

  const say = (call: Call, message: string) => {
    call.message = message;
    call.interval = T1;
    call.resendAt = performance.now() + T1;
    wire.send(message);
  };
  const begunAt = performance.now();
  const usageBefore = process.cpuUsage();
  const timer = setInterval(() => {
    const now = performance.now();
    const due = Math.min(calls, Math.floor(((now - begunAt) / 1000) * rate));
    for (; made < due; made++) {
      const call: Call = {
        call: made,
        begun: now,
        phase: 'inviting',
        message: '',
        resendAt: 0,
        interval: T1,
      };
      live.set(made, call);
      say(call, request(place, { run: options.run, call: made }, 'INVITE', 1, '', sdp));
    }
  }, 2);
  const patience = setInterval(() => {
    const now = performance.now();
    for (const call of live.values()) {
      if (now - call.begun > GIVE_UP) {
        failed++;
        live.delete(call.call);
      } else if (transport === 'udp' && now >= call.resendAt) {
        resent++;
        call.interval = Math.min(4000, call.interval * 2);
        call.resendAt = now + call.interval;
        wire.send(call.message);
      }
    }
    if (made === calls && live.size === 0) finish();
  }, 50);
  await finished;
  clearInterval(timer);
  clearInterval(patience);
  const seconds = (performance.now() - begunAt) / 1000;
  const usage = process.cpuUsage(usageBefore);
  // The last ACK shall have gone out.
  setTimeout(() => wire.close(), 100);
  delays.sort((a, b) => a - b);
  return {
    ...{ through, failed, refused, resent, rate: through / seconds },
    median: delays[delays.length >> 1] ?? 0,
    worst: delays.at(-1) ?? 0,
    busy: (usage.user + usage.system) / 1e6 / seconds,
  };
}

function tagOf(response: string): string {
  return /\nTo: [^\r]*;tag=([^\r;]+)/.exec(response)?.[1] ?? '';
}

const [, script, argument] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href)
  console.log(JSON.stringify(await run(JSON.parse(argument ?? '') as LoadOptions)));
