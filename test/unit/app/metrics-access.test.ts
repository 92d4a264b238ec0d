import { afterEach, expect, test } from 'vitest';
import { type HttpServer, listenHttp } from '../../../src/adapters/http/server.ts';
import { createApi } from '../../../src/api/app.ts';
import { configSchema } from '../../../src/app/config/schema.ts';
import { callerOf } from '../../../src/app/http-caller.ts';
import { metricsAccess } from '../../../src/app/metrics-access.ts';

let server: HttpServer | undefined;

afterEach(() => server?.close(0));

interface Given {
  readonly metrics?: Record<string, unknown>;
  readonly proxies?: readonly string[];
}

/** Asks a listening gateway's API from loopback. */
async function ask(headers: Record<string, string>, given: Given = {}, path = '/metrics'): Promise<Response> {
  const metrics = configSchema.shape.metrics.parse(given.metrics ?? {});
  const nothing = {} as never;
  const api = createApi({
    page: nothing,
    metrics: metricsAccess(metrics, async () => 'trunkroom_calls 0\n'),
    notReady: () => '',
    admit: () => Promise.reject(new Error('nobody joins')),
    devTokens: undefined,
  });
  const trusts = (address: string) => given.proxies?.includes(address) ?? false;
  const local = { address: '127.0.0.1', port: 0 };
  server = await listenHttp(
    local,
    (request, incoming) => api.fetch(request, callerOf(incoming, trusts)),
    (_request, socket) => socket.destroy(),
  );
  return fetch(`http://127.0.0.1:${server.local.port}${path}`, { headers });
}

const basic = (account: string) => ({ authorization: `Basic ${btoa(account)}` });

test('who is near reads them', async () => {
  const answer = await ask({});
  expect([answer.status, await answer.text()]).toEqual([200, 'trunkroom_calls 0\n']);
});

test('nobody reads them by a proxy that is not known, whomever it names', async () => {
  expect((await ask({ 'x-forwarded-for': '127.0.0.1' })).status).toBe(403);
  expect((await ask({ forwarded: 'for=127.0.0.1' })).status).toBe(403);
});

test.each([
  ['10.1.2.3', 200],
  ['203.0.113.9', 403],
  // What the browser claims stands before what the proxy has seen.
  ['10.1.2.3, 203.0.113.9', 403],
])('by a proxy of ours, %s: %i', async (hops, status) => {
  expect((await ask({ 'x-forwarded-for': hops }, { proxies: ['127.0.0.1'] })).status).toBe(status);
});

test('only from the addresses that are allowed', async () => {
  expect((await ask({}, { metrics: { allowed_addresses: ['203.0.113.0/24'] } })).status).toBe(403);
  expect((await ask({}, { metrics: { allowed_addresses: ['127.0.0.1'] } })).status).toBe(200);
});

test('a password is asked for besides', async () => {
  const metrics = { password: 'a word' };
  const without = await ask({}, { metrics });
  expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="metrics"']);
  expect((await ask(basic('prometheus:another'), { metrics })).status).toBe(401);
  expect((await ask(basic('prometheus:a word'), { metrics })).status).toBe(200);
  const far = { ...metrics, allowed_addresses: ['203.0.113.1'] };
  expect((await ask(basic('prometheus:a word'), { metrics: far })).status).toBe(403);
});

test('nothing else asks where somebody comes from', async () => {
  expect((await ask({ 'x-forwarded-for': '203.0.113.9' }, {}, '/readyz')).status).toBe(200);
});
