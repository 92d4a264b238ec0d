import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { AccessTokens } from '../../../src/adapters/jwt/tokens.ts';
import { traceRoutes } from '../../../src/api/trace.ts';
import { TraceRecorder } from '../../../src/trace/recorder.ts';
import { FLOW, INVITE, message } from '../trace/messages.ts';

const tokens = new AccessTokens(new Map([['key', 'a-secret-of-at-least-32-characters']]), {
  unixMs: () => Date.now(),
});
const recorder = new TraceRecorder({ unixMs: () => 1_700_000_000_000 });
recorder.observe('in', message(INVITE, 'a/b@c'), FLOW);
const app = new Hono();
traceRoutes(app, { recorder, verify: (token) => tokens.verify(token) });

async function get(path: string, token?: string): Promise<Response> {
  return app.request(path, token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } });
}

test('shows nothing to who has no token with sip.admin', async () => {
  const guest = await tokens.mint({ identity: 'a', name: 'a', room: 'r', ttlSeconds: 60 });
  for (const path of ['/trace', '/trace/a%2Fb%40c', '/trace/x']) {
    expect((await get(path)).status).toBe(401);
    expect((await get(path, 'nonsense')).status).toBe(401);
    expect((await get(path, guest)).status).toBe(403);
  }
});

test('shows the list, a ladder, the messages, a file', async () => {
  const admin = await tokens.mintSipAdmin(60);
  expect(await (await get('/trace', admin)).text()).toContain('a/b@c');
  const ladder = await (await get('/trace/a%2Fb%40c', admin)).text();
  expect(ladder).toContain('--> 192.0.2.10:5080 udp  INVITE');
  expect(ladder).not.toContain('CSeq:');
  expect(await (await get('/trace/a%2Fb%40c?full', admin)).text()).toContain('CSeq: 1 INVITE');
  const file = new Uint8Array(await (await get('/trace/a%2Fb%40c?pcapng', admin)).arrayBuffer());
  expect([...file.subarray(0, 4)]).toEqual([0x0a, 0x0d, 0x0d, 0x0a]);
  expect((await get('/trace/x', admin)).status).toBe(404);
});
