import { beforeEach, expect, test } from 'vitest';
import { SipStreams } from '../../../src/app/sip-streams.ts';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import type { HostPort, StreamConnection } from '../../../src/base/net.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { Flow } from '../../../src/sip/ports.ts';

const LOCAL: HostPort = { address: '192.0.2.1', port: 5060 };
const PEER: HostPort = { address: '192.0.2.10', port: 40_000 };
const OPTIONS = 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n';

class Pipe implements StreamConnection {
  readonly local = LOCAL;
  readonly remote: HostPort;
  readonly queued = 0;
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  written = '';
  open = true;
  readonly speaksFor: ((name: string) => boolean) | undefined;

  constructor(remote: HostPort = PEER, proven?: string) {
    this.remote = remote;
    if (proven !== undefined) this.speaksFor = (name) => name === proven;
  }

  write(bytes: Uint8Array): void {
    this.written += fromUtf8(bytes);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.onClose();
  }
}

let now: number;
let queue: WakeQueue;
let events: GatewayEvent[];
let received: string[];
let closed: Flow[];
let streams: SipStreams;

beforeEach(() => {
  now = 0;
  queue = new WakeQueue();
  events = [];
  received = [];
  closed = [];
  streams = new SipStreams({
    clock: { now: () => now },
    timers: queue,
    emit: (event) => events.push(event),
    receive: (bytes) => received.push(fromUtf8(bytes)),
    closed: (flow) => closed.push(flow),
  });
});

function pass(ms: number): void {
  now += ms;
  queue.run(now);
}

function accepted(): Pipe {
  const pipe = new Pipe();
  streams.accept('tcp', pipe);
  return pipe;
}

test('a message that is not whole 10 s after its first byte ends the connection', () => {
  const pipe = accepted();
  pipe.onData(utf8('INVITE sip:a'));
  for (let i = 0; i < 9; i++) {
    pass(1000);
    // A byte now and then buys no time.
    pipe.onData(utf8('x'));
  }
  expect(pipe.open).toBe(true);
  pass(1000);
  expect(pipe.open).toBe(false);
  expect(events).toMatchObject([{ type: 'dropped', where: 'sip', reason: 'stream-slow' }]);
  expect(closed).toHaveLength(1);
  expect(queue.size).toBe(0);
});

test('a message that is whole in time sets the clock back, and quiet is no offence', () => {
  const pipe = accepted();
  pipe.onData(utf8(OPTIONS.slice(0, 20)));
  pass(9000);
  pipe.onData(utf8(OPTIONS.slice(20)));
  pipe.onData(utf8('\r\n'));
  pass(60_000);
  expect(received).toEqual([OPTIONS]);
  expect(pipe.open).toBe(true);
  expect(queue.size).toBe(0);
});

test('a double CRLF gets a CRLF back (RFC 5626 section 4.4.1)', () => {
  const pipe = accepted();
  pipe.onData(utf8('\r\n\r\n'));
  expect(pipe.written).toBe('\r\n');
});

test('bytes that are no SIP end the connection', () => {
  const pipe = accepted();
  pipe.onData(utf8('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  expect(pipe.open).toBe(false);
  expect(events).toMatchObject([{ reason: 'stream-no-content-length' }]);
});

test('one connection serves all that goes to the same place, but over TLS only under the same name', async () => {
  const far = { address: '192.0.2.20', port: 5061 };
  const opened: Pipe[] = [];
  const connect = () => {
    const pipe = new Pipe(far);
    opened.push(pipe);
    return Promise.resolve(pipe);
  };
  const first = streams.flowTo({ transport: 'tls', remote: far, name: 'a.example' }, LOCAL, connect);
  streams.send(utf8('one'), first);
  const again = streams.flowTo({ transport: 'tls', remote: far, name: 'a.example' }, LOCAL, connect);
  const other = streams.flowTo({ transport: 'tls', remote: far, name: 'b.example' }, LOCAL, connect);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
  await Promise.resolve();
  expect(opened.map((pipe) => pipe.written)).toEqual(['one', '']);
});

test('a connection that a peer opened over TLS is not taken for a server that we look for', () => {
  const pipe = new Pipe({ address: '192.0.2.20', port: 5061 });
  streams.accept('tls', pipe);
  let asked = 0;
  streams.flowTo({ transport: 'tls', remote: pipe.remote, name: 'a.example' }, LOCAL, () => {
    asked++;
    return Promise.resolve(new Pipe());
  });
  expect(asked).toBe(1);
});

/** Does a request to `hop` go by a connection that a peer of 192.0.2.20 opened, showed a certificate for, and offered by `alias`? */
async function reused(
  transport: 'tcp' | 'tls',
  parts: { proven?: string; alias?: number; name?: string; address?: string },
): Promise<boolean> {
  let flow: Flow | undefined;
  const { proven, alias, name = 'a.example', address = '192.0.2.20' } = parts;
  const pipe = new Pipe({ address: '192.0.2.20', port: 40_000 }, proven);
  const local = new SipStreams({
    ...{ clock: { now: () => now }, timers: queue, emit: (event) => events.push(event), closed: () => {} },
    receive: (_bytes, on) => {
      flow = on;
    },
  });
  local.accept(transport, pipe);
  pipe.onData(utf8(OPTIONS));
  if (alias !== undefined) local.alias(flow!, alias);
  let asked = 0;
  const found = local.flowTo({ transport, remote: { address, port: 5061 }, name }, LOCAL, () => {
    asked++;
    return Promise.resolve(new Pipe());
  });
  await Promise.resolve();
  expect(asked === 0).toBe(found === flow);
  return asked === 0;
}

test('a TLS connection that a peer opened and offers (RFC 5923) is used for whom its certificate speaks', async () => {
  expect(await reused('tls', { proven: 'a.example', alias: 5061 })).toBe(true);
});

test.each([
  ['is not offered', { proven: 'a.example' }],
  ['is offered for another port', { proven: 'a.example', alias: 5071 }],
  ['shows no certificate', { alias: 5061 }],
  ['shows another\u2019s certificate', { proven: 'b.example', alias: 5061 }],
  ['comes from another address', { proven: 'a.example', alias: 5061, address: '192.0.2.21' }],
])('one that %s is not', async (_what, parts) => {
  expect(await reused('tls', parts)).toBe(false);
});

test('over TCP no word of an alias counts', async () => {
  expect(await reused('tcp', { proven: 'a.example', alias: 5061 })).toBe(false);
});

test('a connection of ours stays what it is, whatever comes back on it', async () => {
  const remote = { address: '192.0.2.20', port: 5061 };
  const flow = streams.flowTo({ transport: 'tls', remote, name: 'a.example' }, LOCAL, () =>
    Promise.resolve(new Pipe(remote, 'b.example')),
  );
  await Promise.resolve();
  streams.alias(flow, 5061);
  let asked = 0;
  streams.flowTo({ transport: 'tls', remote, name: 'b.example' }, LOCAL, () => {
    asked++;
    return Promise.resolve(new Pipe());
  });
  expect(asked).toBe(1);
});

test('a connection that cannot be had is told, and counted', async () => {
  const remote = { address: '192.0.2.20', port: 5060 };
  const flow = streams.flowTo({ transport: 'tcp', remote, name: '' }, LOCAL, () =>
    Promise.reject(new Error('ECONNREFUSED')),
  );
  await Promise.resolve();
  await Promise.resolve();
  expect(closed).toEqual([flow]);
  expect(events).toMatchObject([{ reason: 'tcp-connect-failed' }]);
});

test('a connection that we opened is kept open by pings, as long as something passes on it', async () => {
  const pipe = new Pipe({ address: '192.0.2.20', port: 5060 });
  const hop = { transport: 'tcp' as const, remote: pipe.remote, name: '' };
  streams.flowTo(hop, LOCAL, () => Promise.resolve(pipe));
  await Promise.resolve();
  pass(100_000);
  expect(pipe.written).toBe('\r\n\r\n');
  for (let i = 0; i < 100; i++) pass(100_000);
  expect(pipe.written).toHaveLength(40 * 4);
  expect(queue.size).toBe(0);
});

test('a connection that closes leaves no alarm', async () => {
  const pipe = new Pipe({ address: '192.0.2.20', port: 5060 });
  const hop = { transport: 'tcp' as const, remote: pipe.remote, name: '' };
  streams.flowTo(hop, LOCAL, () => Promise.resolve(pipe));
  await Promise.resolve();
  pipe.onData(utf8('INVITE'));
  expect(queue.size).toBe(2);
  pipe.close();
  expect(queue.size).toBe(0);
});

/** A connection of ours to a far end, and its flow. */
async function connected(): Promise<{ pipe: Pipe; flow: Flow }> {
  const pipe = new Pipe({ address: PEER.address, port: 5060 });
  const hop = { transport: 'tcp', remote: pipe.remote, name: pipe.remote.address } as const;
  const flow = streams.flowTo(hop, LOCAL, () => Promise.resolve(pipe));
  await Promise.resolve();
  await Promise.resolve();
  return { pipe, flow };
}

test('who has answered a ping and does not answer the next one within 10 s is gone: closed, told, and counted', async () => {
  const { pipe, flow } = await connected();
  streams.ping(flow);
  expect(pipe.written).toBe('\r\n\r\n');
  pass(4000);
  pipe.onData(utf8('\r\n'));
  pass(60_000);
  expect(pipe.open).toBe(true);
  streams.ping(flow);
  pass(9999);
  expect(pipe.open).toBe(true);
  pass(1);
  expect(pipe.open).toBe(false);
  expect(closed).toEqual([flow]);
  expect(events).toMatchObject([{ type: 'dropped', reason: 'stream-no-pong' }]);
  pass(1_000_000);
  expect(closed).toHaveLength(1);
});

test('who never answers pings is left alone, and a connection that is still being opened is not asked', async () => {
  const { pipe, flow } = await connected();
  for (let i = 0; i < 5; i++) {
    streams.ping(flow);
    pass(30_000);
  }
  expect(pipe.open).toBe(true);
  const hop = { transport: 'tcp', remote: { address: '192.0.2.99', port: 5060 }, name: 'x' } as const;
  streams.ping(streams.flowTo(hop, LOCAL, () => new Promise(() => {})));
  expect(events).toEqual([]);
});

test('a pong is no half of a ping: two of them in a row are not answered, and their ping in between is', async () => {
  const { pipe, flow } = await connected();
  for (let i = 0; i < 2; i++) {
    streams.ping(flow);
    pipe.onData(utf8('\r\n'));
  }
  expect(pipe.written).toBe('\r\n\r\n\r\n\r\n');
  streams.ping(flow);
  pipe.onData(utf8('\r\n\r\n'));
  expect(pipe.written).toBe('\r\n\r\n'.repeat(3) + '\r\n');
  pipe.onData(utf8(`\r\n${OPTIONS}`));
  expect(received).toEqual([OPTIONS]);
  pass(60_000);
  expect(pipe.open).toBe(true);
});
