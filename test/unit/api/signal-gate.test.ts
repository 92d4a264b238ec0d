import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { HttpListenError, type HttpServer, listenHttp } from '../../../src/adapters/http/server.ts';
import {
  defaultSignalLimits,
  SignalGate,
  type SignalLimits,
} from '../../../src/adapters/websocket/signal-gate.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { SignalSocket } from '../../../src/peer/context.ts';

const servers: { http: HttpServer; gate: SignalGate }[] = [];

async function open(limits: Partial<SignalLimits> = {}) {
  const events: GatewayEvent[] = [];
  const faults: unknown[] = [];
  const seen: (Uint8Array | string)[] = [];
  const sockets: SignalSocket[] = [];
  let closed = 0;
  const gate = new SignalGate({
    admit: async (url) =>
      url.query('access_token') === 'good'
        ? { ok: true, value: {} as never }
        : {
            ok: false,
            error: { reason: 'bad-signature', status: 401, text: 'invalid token: its signature is wrong' },
          },
    open: (socket) => ({
      start: () => {
        sockets.push(socket);
        socket.send(new Uint8Array([1, 2, 3]));
      },
      message: (data) => {
        if (data === 'bug') throw new Error('a bug');
        seen.push(data);
        socket.send('heard');
      },
      closed: () => {
        closed++;
      },
    }),
    emit: (event) => events.push(event),
    onFault: (error) => faults.push(error),
    limits: { ...defaultSignalLimits, ...limits },
  });
  const http = await listenHttp({ address: '127.0.0.1', port: 0 }, () => new Response('ok'), gate.upgrade);
  servers.push({ http, gate });
  return {
    gate,
    http,
    events,
    faults,
    seen,
    sockets,
    closed: () => closed,
    url: `ws://127.0.0.1:${http.local.port}`,
  };
}

afterEach(async () => {
  for (const { gate, http } of servers.splice(0)) {
    gate.close(0);
    await http.close(0);
  }
});

function answer(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (part) => {
        body += String(part);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

function opened(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

const message = (socket: WebSocket): Promise<unknown> =>
  new Promise((resolve) => socket.once('message', resolve));
const gone = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.once('close', resolve));

describe('the WebSocket door', () => {
  test('who is admitted talks to a session, who is not gets a status and a reason', async () => {
    const { closed, events, gate, seen, sockets, url } = await open();
    const socket = await opened(`${url}/rtc/v1?access_token=good`);
    const heard = message(socket);
    socket.send('text');
    socket.send(new Uint8Array([9, 8]));
    await heard;
    await expect.poll(() => seen).toEqual(['text', new Uint8Array([9, 8])]);
    expect(gate.connections).toBe(1);
    expect(sockets.map(({ source }) => source)).toEqual(['127.0.0.1']);
    socket.close();
    await expect.poll(() => [closed(), gate.connections]).toEqual([1, 0]);

    expect(await answer(`${url}/rtc?access_token=bad`)).toEqual({
      status: 401,
      body: 'invalid token: its signature is wrong\n',
    });
    expect((await answer(`${url}/elsewhere`)).status).toBe(404);
    expect(events).toMatchObject([
      { type: 'signal.refused', reason: 'bad-signature', status: 401, source: '127.0.0.1' },
      { type: 'signal.refused', reason: 'no-such-path', status: 404 },
    ]);
  });

  test('one address has only so many', async () => {
    const { gate, url } = await open({ perAddress: 2 });
    const sockets = [
      await opened(`${url}/rtc?access_token=good`),
      await opened(`${url}/rtc?access_token=good`),
    ];
    expect((await answer(`${url}/rtc?access_token=good`)).status).toBe(429);
    for (const socket of sockets) socket.close();
    await expect.poll(() => gate.connections).toBe(0);
    (await opened(`${url}/rtc?access_token=good`)).close();
  });

  test('a message too large, and a bug, close that socket alone', async () => {
    const { faults, url } = await open({ message: 1000 });
    const witness = await opened(`${url}/rtc?access_token=good`);
    const large = await opened(`${url}/rtc?access_token=good`);
    large.send('x'.repeat(1001));
    expect(await gone(large)).toBe(1009);
    const unlucky = await opened(`${url}/rtc?access_token=good`);
    unlucky.send('bug');
    expect(await gone(unlucky)).toBe(1011);
    expect(faults).toHaveLength(1);
    expect(witness.readyState).toBe(WebSocket.OPEN);
  });

  test('who does not answer pings is cut off', async () => {
    const { url } = await open({ heartbeatMs: 30 });
    const dead = new WebSocket(`${url}/rtc?access_token=good`, { autoPong: false });
    expect(await gone(dead)).toBe(1006);
  });

  test('garbage on the port does no harm, and a taken port has a name', async () => {
    const { http, url } = await open();
    const raw = connect(http.local.port, '127.0.0.1');
    raw.on('error', () => {}).resume();
    raw.write('\x16\x03\x01 not HTTP\r\n\r\n');
    await new Promise((resolve) => raw.once('close', resolve));
    (await opened(`${url}/rtc?access_token=good`)).close();
    const taken = listenHttp(
      http.local,
      () => new Response(),
      () => {},
    );
    await expect(taken).rejects.toThrow(HttpListenError);
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE', local: http.local });
  });
});
