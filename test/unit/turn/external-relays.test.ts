import { describe, expect, test } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { ProbeOutcome } from '../../../src/turn/allocation-probe.ts';
import { mintTurnCredentials } from '../../../src/turn/credentials.ts';
import { type ExternalRelay, ExternalRelays } from '../../../src/turn/external-relays.ts';
import { EVERYBODY, nearest, type RelayPlacement, type RelaySelection } from '../../../src/turn/nearest.ts';
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

function rig(configured = [COTURN, STUNNER], selection = EVERYBODY) {
  const timers = new WakeQueue();
  const events: GatewayEvent[] = [];
  const asked: string[] = [];
  const answers = new Map<string, ProbeOutcome>();
  let now = 0;
  const relays = new ExternalRelays({
    ...{ relays: configured, selection },
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
    urls: () => relays.serversFor('alice', undefined).flatMap(({ urls }) => urls),
  };
}

test('clients are given all that work, with credentials of their own or of the server', () => {
  const { relays } = rig();
  const minted = mintTurnCredentials({
    ...{ digests, secret: 'shared by both', identity: 'alice', unixMs: EPOCH, ttlSeconds: 3600 },
  });
  expect(relays.serversFor('alice', undefined)).toEqual([
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

const answering = (rtt: number): ProbeOutcome => ({ ...GOOD, rtt });

test('by the round trip of our own looks the nearest server stands first, one that never answered last', () => {
  const { relays, answers } = rig([COTURN, STUNNER], { ...EVERYBODY, order: 'rtt' });
  answers.set(COTURN.urls[0]!, answering(40));
  answers.set(COTURN.urls[1]!, SILENT);
  answers.set(STUNNER.urls[0]!, answering(20));
  const order = () => relays.serversFor('alice', undefined).map(({ urls }) => urls[0]);
  expect(order()).toEqual([COTURN.urls[0], STUNNER.urls[0]]);
  relays.start();
  expect(order()).toEqual([STUNNER.urls[0], COTURN.urls[0]]);
});

describe('of several regions', () => {
  const inNetwork = (prefix: string) => (client: string) => client.startsWith(prefix);
  const eu1 = { name: 'eu1', region: 'eu', rtt: 30 };
  const eu2 = { name: 'eu2', region: 'eu', rtt: 10 };
  const us = { name: 'us', region: 'us', rtt: 90 };
  const anywhere = { name: 'anywhere', rtt: Number.POSITIVE_INFINITY };
  const office = { name: 'office', rtt: 1, serves: inNetwork('10.') };
  const all: (RelayPlacement & { name: string; rtt: number })[] = [us, anywhere, eu1, office, eu2];
  const selection: RelaySelection = {
    regionOf: (client) => (client.startsWith('192.0.2.') ? 'eu' : undefined),
    order: 'configured',
    limit: 32,
  };
  const chosen = (client: string | undefined, change: Partial<RelaySelection> = {}) =>
    nearest(all, client, { ...selection, ...change }, ({ rtt }) => rtt).map(({ name }) => name);

  test.each<[string, string | undefined, Partial<RelaySelection>, string[]]>([
    ['a client of a region has its servers first', '192.0.2.9', {}, ['eu1', 'eu2', 'us', 'anywhere']],
    ['and of them the nearest', '192.0.2.9', { order: 'rtt' }, ['eu2', 'eu1', 'us', 'anywhere']],
    ['a client of none has them in order', '198.51.100.1', {}, ['us', 'anywhere', 'eu1', 'eu2']],
    ['or by round trip', '198.51.100.1', { order: 'rtt' }, ['eu2', 'eu1', 'us', 'anywhere']],
    ['some are for a network alone', '10.1.2.3', {}, ['us', 'anywhere', 'eu1', 'office', 'eu2']],
    ['and not for whose address nobody knows', undefined, {}, ['us', 'anywhere', 'eu1', 'eu2']],
    ['no more than the limit', '192.0.2.9', { limit: 3 }, ['eu1', 'eu2', 'us']],
  ])('%s', (_, client, change, expected) => {
    expect(chosen(client, change)).toEqual(expected);
  });

  test('a region whose servers are all down is passed over', () => {
    const [near, far] = [
      { ...COTURN, region: 'eu' },
      { ...STUNNER, region: 'us' },
    ];
    const { relays, answers } = rig([far, near], selection);
    const first = () => relays.serversFor('alice', '192.0.2.9')[0]?.urls[0];
    expect(first()).toBe(near.urls[0]);
    for (const url of near.urls) answers.set(url, { kind: 'refused', code: 508, reason: 'no port' });
    relays.start();
    expect(first()).toBe(far.urls[0]);
  });
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
