import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebhookReceiver } from 'livekit-server-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { AccessTokens } from '../../../src/adapters/jwt/tokens.ts';
import { openWebhooks, type Webhooks } from '../../../src/app/webhooks.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { joined, world } from '../room/world.ts';

const secret = 'a secret that is long enough for HS256';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Got {
  readonly body: string;
  readonly authorization: string | undefined;
  readonly type: string | undefined;
}

/** An HTTP server that answers with `statuses`, one after the other, the last for ever. */
async function receiver(statuses: number[]): Promise<{ url: string; got: Got[]; server: Server }> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const { authorization, 'content-type': type } = request.headers;
      got.push({ body, authorization, type });
      response.writeHead((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200, {
        location: '/elsewhere',
      });
      response.end('thank you');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got, server };
}

function hooks(urls: readonly string[]) {
  let webhooks: Webhooks | undefined;
  const its = world(undefined, (event) => webhooks?.sink(event));
  const timers = new WakeQueue();
  closing.push(driveAlarms(timers, monotonicClock, rethrow));
  const dropped: GatewayEvent[] = [];
  const lines: string[] = [];
  webhooks = openWebhooks({
    ...{ urls, key: 'hookkey', rooms: its.rooms, digests: nodeDigests, random: systemRandom, timers },
    tokens: new AccessTokens(
      new Map([
        ['other', 'x'.repeat(32)],
        ['hookkey', secret],
      ]),
      wallClock,
    ),
    ...{ clock: monotonicClock, wall: wallClock },
    emit: (event) => dropped.push(event),
    log: { warn: (_, message) => lines.push(message), info: (_, message) => lines.push(message) },
  });
  return { ...its, webhooks, dropped, lines, timers };
}

describe('an endpoint', () => {
  test("gets what LiveKit's own receiver accepts", async () => {
    const { got, url } = await receiver([200]);
    const { dropped, rooms, timers, webhooks } = hooks([url]);
    const ann = joined(rooms, 'Ann Ü');
    ann.room.activate(ann.participant);
    rooms.delete('lobby');
    await webhooks.close(5000);
    const receive = new WebhookReceiver('hookkey', secret);
    const events = await Promise.all(
      got.map(({ authorization, body }) => receive.receive(body, authorization)),
    );
    expect(events.map(({ event }) => event)).toEqual([
      'room_started',
      'participant_joined',
      'participant_left',
      'room_finished',
    ]);
    expect(events[1]?.participant?.identity).toBe('Ann Ü');
    expect(got[0]?.type).toBe('application/webhook+json');
    await expect(receive.receive(`${got[0]?.body} `, got[0]?.authorization)).rejects.toThrow();
    expect([dropped, timers.size]).toEqual([[], 0]);
  });

  test('that fails is asked again; the log says so once', async () => {
    const { got, url } = await receiver([503, 200]);
    const { lines, rooms, webhooks, timers } = hooks([url]);
    rooms.create('lobby', {});
    while (got.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await webhooks.close(5000);
    expect(got[0]?.body).toBe(got[1]?.body);
    expect(lines).toEqual(['webhook endpoint does not take events', 'webhook endpoint takes events again']);
    expect(timers.size).toBe(0);
  });

  test('that refuses, redirects or is not there loses its events, counted, and delays no other', async () => {
    const [refusing, redirecting, well] = await Promise.all([
      receiver([400]),
      receiver([302]),
      receiver([200]),
    ]);
    const gone = await receiver([200]);
    gone.server.close();
    const { dropped, rooms, webhooks } = hooks([refusing.url, redirecting.url, gone.url, well.url]);
    rooms.create('lobby', {});
    await webhooks.close(5000);
    expect(dropped.map((event) => event.type === 'dropped' && event.reason).sort()).toEqual([
      'webhook-refused',
      'webhook-refused',
      'webhook-undelivered',
    ]);
    expect([refusing.got.length, redirecting.got.length, well.got.length]).toEqual([1, 1, 1]);
  });
});
