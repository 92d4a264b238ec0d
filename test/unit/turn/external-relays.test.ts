import { expect, test } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { ProbeOutcome } from '../../../src/turn/allocation-probe.ts';
import { mintTurnCredentials } from '../../../src/turn/credentials.ts';
import { type ExternalRelay, ExternalRelays } from '../../../src/turn/external-relays.ts';
import { parseTurnUrl } from '../../../src/turn/turn-url.ts';

const GOOD: ProbeOutcome = {
  kind: 'allocated',
  relayed: { address: '192.0.2.1', port: 1 },
  mapped: undefined,
  rtt: 5,
};
const SILENT: ProbeOutcome = { kind: 'failed', reason: 'no-answer' };
const EPOCH = 1_800_000_000_000;

const COTURN: ExternalRelay = {
  urls: ['turn:a.test:3478?transport=udp', 'turn:a.test:3478?transport=tcp'],
  credentials: { kind: 'secret', secret: 'shared by both', ttlMs: 3_600_000 },
};
const STUNNER: ExternalRelay = {
  urls: ['turns:b.test:443?transport=tcp'],
  credentials: { kind: 'static', username: 'user', password: 'pass' },
};

function rig() {
  const timers = new WakeQueue();
  const events: GatewayEvent[] = [];
  const asked: string[] = [];
  const answers = new Map<string, ProbeOutcome>();
  let now = 0;
  const relays = new ExternalRelays({
    relays: [COTURN, STUNNER],
    ...{ timers, digests, clock: { now: () => now }, wall: { unixMs: () => EPOCH } },
    emit: (event) => events.push(event),
    probe: (url, credentials, done) => {
      asked.push(`${url} ${credentials.username}`);
      done(answers.get(url) ?? GOOD);
    },
  });
  return {
    ...{ relays, events, asked, answers, timers },
    advance: (ms: number) => {
      now += ms;
      timers.run(now);
    },
    urls: () => relays.serversFor('alice').flatMap(({ urls }) => urls),
  };
}

test('clients are given all that work, with credentials of their own or of the server', () => {
  const { relays } = rig();
  const minted = mintTurnCredentials({
    ...{ digests, secret: 'shared by both', identity: 'alice', unixMs: EPOCH, ttlSeconds: 3600 },
  });
  expect(relays.serversFor('alice')).toEqual([
    { urls: COTURN.urls, credentials: minted },
    { urls: STUNNER.urls, credentials: { username: 'user', password: 'pass' } },
  ]);
});

test('a URL that failed twice is left out until it works again', () => {
  const { relays, answers, advance, urls, events } = rig();
  answers.set(COTURN.urls[0]!, SILENT);
  relays.start();
  expect(urls()).toHaveLength(3);
  advance(30_000);
  expect(urls()).toEqual([COTURN.urls[1], ...STUNNER.urls]);
  expect(relays.down).toBe(1);
  advance(30_000);
  answers.delete(COTURN.urls[0]!);
  advance(30_000);
  expect(urls()).toHaveLength(3);
  expect(events).toEqual([
    { type: 'turn.server', url: COTURN.urls[0], state: 'down', reason: 'no-answer' },
    { type: 'turn.server', url: COTURN.urls[0], state: 'up', reason: '5 ms' },
  ]);
});

test('a refusal counts at once; a server of which nothing works is not told of', () => {
  const { relays, answers, urls } = rig();
  answers.set(STUNNER.urls[0]!, { kind: 'refused', code: 401, reason: 'Unauthorized' });
  relays.start();
  expect(urls()).toEqual(COTURN.urls);
});

test('each is looked at every 30 s, and no more after the end', () => {
  const { relays, asked, advance, timers } = rig();
  relays.start();
  advance(29_999);
  expect(asked).toHaveLength(3);
  advance(1);
  expect(asked).toHaveLength(6);
  relays.close();
  advance(60_000);
  expect([asked.length, timers.size]).toEqual([6, 0]);
});

test.each([
  ['turn:turn.example.com', { host: 'turn.example.com', port: 3478, transport: 'udp' }],
  ['turn:192.0.2.1:80?transport=tcp', { host: '192.0.2.1', port: 80, transport: 'tcp' }],
  ['turns:turn.example.com:443?transport=tcp', { host: 'turn.example.com', port: 443, transport: 'tls' }],
  ['turns:turn.example.com', { host: 'turn.example.com', port: 5349, transport: 'tls' }],
  ['turn:[2001:db8::1]:3478', { host: '2001:db8::1', port: 3478, transport: 'udp' }],
  ['turns:turn.example.com?transport=udp', undefined],
  ['stun:turn.example.com', undefined],
  ['turn:turn.example.com:0', undefined],
  ['turn:turn.example.com:70000', undefined],
  ['turn:user@turn.example.com', undefined],
])('%s', (text, read) => {
  expect(parseTurnUrl(text)).toEqual(read);
});
