import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type HttpServer, listenHttp } from '../../../src/adapters/http/server.ts';
import { SipGate, type SipGateOptions } from '../../../src/adapters/websocket/sip-gate.ts';
import { refuseUpgrade } from '../../../src/adapters/websocket/upgrade.ts';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import type { MessageConnection } from '../../../src/base/net.ts';

const LIMITS = { connections: 3, perAddress: 2, message: 1000, queue: 10_000, heartbeatMs: 50 };
const opened: { http: HttpServer; gate: SipGate }[] = [];

async function door(options: Partial<SipGateOptions> = {}) {
  const connections: MessageConnection[] = [];
  const messages: string[] = [];
  const refused: string[] = [];
  let closed = 0;
  const gate = new SipGate({
    ...{ path: '/sip', origins: [], limits: LIMITS },
    admits: () => true,
    accept: (connection) => {
      connections.push(connection);
      connection.onMessage = (bytes) => messages.push(fromUtf8(bytes));
      connection.onClose = () => {
        closed++;
      };
    },
    refused: (reason) => refused.push(reason),
    otherwise: (_request, socket) => refuseUpgrade(socket, 404, 'not found'),
    ...options,
  });
  const http = await listenHttp({ address: '127.0.0.1', port: 0 }, () => new Response('ok'), gate.upgrade);
  opened.push({ http, gate });
  const url = `ws://127.0.0.1:${http.local.port}`;
  return { gate, url: `${url}/sip`, root: url, connections, messages, refused, closed: () => closed };
}

afterEach(async () => {
  for (const { gate, http } of opened.splice(0)) {
    gate.close(0);
    await http.close(0);
  }
});

/** `open`, or the HTTP status of the refusal. */
function attempt(url: string, protocol = 'sip', origin?: string): Promise<WebSocket | number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, protocol, origin === undefined ? {} : { origin });
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
    socket.on('open', () => resolve(socket));
  });
}

async function enter(url: string): Promise<WebSocket> {
  const socket = await attempt(url);
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  return socket;
}

test('subprotocol sip; text and binary come in, text goes out unless it is none', async () => {
  const { url, connections, messages, closed } = await door();
  const socket = await enter(url);
  expect(socket.protocol).toBe('sip');
  expect(connections[0]).toMatchObject({ local: { address: '127.0.0.1' }, remote: { address: '127.0.0.1' } });
  const got: { text: string; binary: boolean }[] = [];
  socket.on('message', (data, binary) => got.push({ text: String(data), binary }));
  socket.send('OPTIONS text');
  socket.send(utf8('OPTIONS binary'));
  await expect.poll(() => messages).toEqual(['OPTIONS text', 'OPTIONS binary']);
  connections[0]!.send(utf8('SIP/2.0 200 \u00dc'));
  connections[0]!.send(Uint8Array.of(0xff, 0x41));
  await expect.poll(() => got).toHaveLength(2);
  expect(got.map(({ binary }) => binary)).toEqual([false, true]);
  expect(got[0]!.text).toBe('SIP/2.0 200 \u00dc');
  socket.close();
  await expect.poll(closed).toBe(1);
});

test('other paths, and sources that no trunk names, meet no door', async () => {
  const { root } = await door();
  expect(await attempt(`${root}/rtc`)).toBe(404);
  expect(await attempt(`${root}/sip/more`)).toBe(404);
  const shut = await door({ admits: () => false });
  expect(await attempt(shut.url)).toBe(404);
  expect(shut.refused).toEqual([]);
});

test('another subprotocol, a page that is not named, too many: each has its reason', async () => {
  const { url, refused } = await door({ origins: ['https://phone.example.com'] });
  expect(await attempt(url, 'sip', 'https://evil.example.com')).toBe(403);
  expect(await attempt(url)).toBe(403);
  const page = 'https://phone.example.com';
  expect(await attempt(url, 'chat', page)).toBe(400);
  const first = await attempt(url, 'sip', page);
  expect(first).toBeInstanceOf(WebSocket);
  expect(await attempt(url, 'sip', page)).toBeInstanceOf(WebSocket);
  expect(await attempt(url, 'sip', page)).toBe(429);
  expect(refused).toEqual(['origin', 'origin', 'subprotocol', 'too-many']);
  // A place comes back.
  (first as WebSocket).terminate();
  await expect.poll(() => attempt(url, 'sip', page)).toBeInstanceOf(WebSocket);
});

test('a message that is too long ends its connection, and nobody else\u2019s', async () => {
  const { url, messages, closed } = await door();
  const [long, other] = [await enter(url), await enter(url)];
  long.send('x'.repeat(1001));
  const [code] = (await once(long, 'close')) as [number];
  expect(code).toBe(1009);
  await expect.poll(closed).toBe(1);
  other.send('OPTIONS');
  await expect.poll(() => messages).toEqual(['OPTIONS']);
});

test('behind a proxy of ours the source is what it says, and nobody else is believed', async () => {
  const asked: string[] = [];
  const admits = ({ address }: { address: string }) => asked.push(address) > 0;
  const forwarded = (header: string) => ({ headers: { 'x-forwarded-for': header } });
  const ask = async (url: string, header: string) => {
    const socket = new WebSocket(url, 'sip', forwarded(header));
    await once(socket, 'open');
    socket.terminate();
  };
  const ours = await door({ admits, trusts: (address) => ['127.0.0.1', '10.0.0.2'].includes(address) });
  await ask(ours.url, '6.6.6.6, 203.0.113.9');
  await ask(ours.url, '6.6.6.6, 203.0.113.8, 10.0.0.2');
  await ask(ours.url, 'nonsense');
  const nobodys = await door({ admits });
  await ask(nobodys.url, '203.0.113.9');
  expect(asked).toEqual(['203.0.113.9', '203.0.113.8', '127.0.0.1', '127.0.0.1']);
});

test('who does not answer pings is gone', async () => {
  const { url, closed } = await door();
  const hearing = await enter(url);
  const deaf = new WebSocket(url, 'sip', { autoPong: false });
  deaf.on('error', () => {});
  await once(deaf, 'close');
  await expect.poll(closed).toBe(1);
  expect(hearing.readyState).toBe(WebSocket.OPEN);
});

test('who is stopping lets nobody in, and ends those who are in', async () => {
  const { url, gate, refused } = await door();
  const socket = await enter(url);
  gate.close(1);
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1001);
  expect(await attempt(url)).toBe(503);
  expect(refused).toEqual(['stopping']);
});
