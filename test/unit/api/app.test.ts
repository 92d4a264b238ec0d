import { gzipSync } from 'node:zlib';
import {
  JoinRequest,
  SessionDescription,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol';
import fc from 'fast-check';
import { AccessToken } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import { AccessTokens } from '../../../src/adapters/jwt/tokens.ts';
import { gunzip } from '../../../src/adapters/websocket/gunzip.ts';
import { createApi } from '../../../src/api/app.ts';
import { admit, type SignalUrl } from '../../../src/peer/admission.ts';
import { fromBase64 } from '../../../src/peer/base64url.ts';

const keys = new Map([['devkey', 'secret']]);
const tokens = new AccessTokens(keys, { unixMs: Date.now });
const random = { bytes: (length: number) => Uint8Array.from({ length }, (_, i) => i * 7), u32: () => 1 };

function api(options: { dev?: boolean; missing?: string; draining?: string } = {}) {
  return createApi({
    page: {
      get: async (path) =>
        path === '/'
          ? { type: 'text/html; charset=utf-8', body: new TextEncoder().encode('<h1>page</h1>') }
          : undefined,
    },
    metrics: { text: async () => 'trunkroom_up 1\n', allows: () => true, account: undefined },
    notReady: () => options.missing ?? '',
    draining: () => options.draining ?? '',
    admit: (url) => admit(url, tokens, gunzip),
    devTokens: options.dev === false ? undefined : { mint: (wish) => tokens.mint(wish), random },
  });
}

function sdkToken(
  grant: { room?: string; roomJoin?: boolean },
  options: { identity?: string; ttl?: number } = {},
  secret = 'secret',
) {
  const token = new AccessToken('devkey', secret, {
    identity: options.identity ?? 'ada',
    ttl: options.ttl ?? 60,
  });
  token.addGrant({ room: 'lobby', roomJoin: true, ...grant });
  return token.toJwt();
}

describe('HTTP', () => {
  test('pages of other origins may warm their connection up', async () => {
    const warm = await api().request('/', {
      method: 'HEAD',
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(warm.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('health, readiness, metrics, page', async () => {
    expect(await (await api().request('/healthz')).text()).toBe('ok\n');
    expect((await api().request('/readyz')).status).toBe(200);
    const waiting = await api({ missing: 'no media worker' }).request('/readyz');
    expect([waiting.status, await waiting.text()]).toEqual([503, 'not ready: no media worker\n']);
    expect((await api({ missing: 'no media worker' }).request('/servingz')).status).toBe(503);
    const draining = await api({ draining: 'draining' }).request('/readyz');
    expect([draining.status, await draining.text()]).toEqual([503, 'not ready: draining\n']);
    expect((await api({ draining: 'draining' }).request('/servingz')).status).toBe(200);
    expect(await (await api().request('/metrics', {}, { source: '127.0.0.1' })).text()).toContain(
      'trunkroom_up 1',
    );
    const page = await api().request('/');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect((await api().request('/../../etc/passwd')).status).toBe(404);
    expect((await api().request('/rtc')).status).toBe(426);
    expect(await (await api().request('/settings/regions')).json()).toEqual({ regions: [] });
  });

  test('a development token joins its room; without --dev there is none', async () => {
    const ask = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Ada Ü","room":"lobby"}',
    };
    const answer = (await (await api().request('/dev/token', ask)).json()) as {
      token: string;
      identity: string;
    };
    expect(answer.identity).toMatch(/^ada-[0-9A-Za-z]{4}$/);
    const verified = await tokens.verify(answer.token);
    expect(verified).toMatchObject({
      ok: true,
      value: { room: 'lobby', roomJoin: true, name: 'Ada Ü', identity: answer.identity },
    });
    expect((await api({ dev: false }).request('/dev/token', ask)).status).toBe(404);
    expect((await api().request('/dev/token', { ...ask, body: '{"name":""}' })).status).toBe(400);
    expect(
      (await api().request('/dev/token', { ...ask, headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(415);
  });

  test.each(['/rtc', '/rtc/v1'])('%s/validate says why', async (path) => {
    const ask = async (token: string) => {
      const response = await api().request(`${path}/validate?access_token=${token}`);
      return [response.status, await response.text()];
    };
    expect(await ask(await sdkToken({}))).toEqual([200, 'success']);
    expect(await ask('')).toEqual([401, 'no access token']);
    expect(await ask('nonsense')).toEqual([401, 'invalid token: it cannot be read']);
    expect(await ask(await sdkToken({}, {}, 'wrong'))).toEqual([
      401,
      'invalid token: its signature is wrong',
    ]);
    expect(await ask(await sdkToken({}, { ttl: -120 }))).toEqual([401, 'invalid token: it is expired']);
    expect(await ask(await sdkToken({ roomJoin: false }))).toEqual([
      401,
      'permissions denied: the token lacks roomJoin',
    ]);
    expect(await ask(await sdkToken({ room: '' }))).toEqual([
      401,
      'permissions denied: the token names no room',
    ]);
  });
});

describe('tokens', () => {
  test("rights are those of LiveKit's own SDK", async () => {
    const token = new AccessToken('devkey', 'secret', {
      identity: 'ada',
      name: 'Ada',
      attributes: { a: 'b' },
    });
    token.addGrant({
      room: 'lobby',
      roomJoin: true,
      canPublish: false,
      canUpdateOwnMetadata: true,
      hidden: true,
    });
    expect(await tokens.verify(await token.toJwt())).toMatchObject({
      ok: true,
      value: {
        attributes: new Map([['a', 'b']]),
        permissions: {
          canPublish: false,
          canSubscribe: true,
          canPublishData: false,
          canUpdateMetadata: true,
          hidden: true,
        },
      },
    });
  });

  test('no algorithm but HS256, no key but ours', async () => {
    const [header, body] = (await sdkToken({})).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
    expect(await tokens.verify(none)).toMatchObject({ ok: false });
    const stranger = new AccessToken('otherkey', 'secret', { identity: 'x' });
    expect(await tokens.verify(await stranger.toJwt())).toEqual({ ok: false, error: 'unknown-key' });
    expect(await tokens.verify(`${header}.${body}.AAAA`)).toEqual({ ok: false, error: 'bad-signature' });
  });

  test('any text is refused, never thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        expect((await tokens.verify(text)).ok).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe('join requests', () => {
  const url = (query: Record<string, string>, path: SignalUrl['path'] = '/rtc/v1'): SignalUrl => ({
    path,
    bearer: undefined,
    query: (name) => query[name],
  });
  const join = new JoinRequest({
    connectionSettings: { autoSubscribe: false },
    publisherOffer: new SessionDescription({ sdp: 'v=0', type: 'offer', id: 3 }),
  }).toBinary();

  test.each([
    ['gzip', WrappedJoinRequest_Compression.GZIP, gzipSync(join)],
    ['plain', WrappedJoinRequest_Compression.NONE, join],
  ])('%s', async (_name, compression, joinRequest) => {
    const wrapped = new WrappedJoinRequest({
      compression,
      joinRequest: new Uint8Array(joinRequest),
    }).toBinary();
    const query = {
      access_token: await sdkToken({}),
      join_request: Buffer.from(wrapped).toString('base64url'),
    };
    expect(await admit(url(query), tokens, gunzip)).toMatchObject({
      ok: true,
      value: { connections: 'single', autoSubscribe: false, resume: false, offer: { sdp: 'v=0', id: 3 } },
    });
  });

  test('a bomb, garbage and odd base 64 are refused', async () => {
    const bomb = new WrappedJoinRequest({
      compression: WrappedJoinRequest_Compression.GZIP,
      joinRequest: new Uint8Array(gzipSync(new Uint8Array(50_000_000))),
    }).toBinary();
    const access_token = await sdkToken({});
    for (const join_request of [
      Buffer.from(bomb).toString('base64url'),
      '!!!',
      'AAAAA',
      Buffer.from([255, 255]).toString('base64'),
    ]) {
      expect(await admit(url({ access_token, join_request }), tokens, gunzip)).toMatchObject({
        ok: false,
        error: { reason: 'bad-join-request', status: 400 },
      });
    }
  });

  test('base 64 in both alphabets', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
        expect(fromBase64(Buffer.from(bytes).toString('base64url'))).toEqual(bytes);
      }),
    );
  });

  test('the older path says it by parameters', async () => {
    const query = { access_token: await sdkToken({}), auto_subscribe: '0', reconnect: '1' };
    expect(await admit(url(query, '/rtc'), tokens, gunzip)).toMatchObject({
      ok: true,
      value: { connections: 'dual', autoSubscribe: false, resume: true, offer: undefined },
    });
  });
});
