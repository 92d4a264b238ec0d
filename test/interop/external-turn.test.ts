/** TURN servers of others: coturn, looked at by real allocations, with both kinds of credentials and on three transports. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../src/adapters/clock/clock.ts';
import { nodeDigests } from '../../src/adapters/crypto/crypto.ts';
import { probeTurn } from '../../src/app/turn-probe.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { mintTurnCredentials } from '../../src/turn/credentials.ts';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { newWorkspace } from '../support/workspace.ts';

const SECRET = 'secret of another server';
const timers = new WakeQueue();
const surroundings = { clock: monotonicClock, timers, within: 5_000 };
let stopAlarms: () => void;
let port: number;
let servers: Child[];

beforeAll(async () => {
  stopAlarms = driveAlarms(timers, monotonicClock, rethrow);
  port = await freePortBlock(4);
  servers = [
    coturn(port, `use-auth-secret\nstatic-auth-secret=${SECRET}\n`),
    coturn(port + 2, 'lt-cred-mech\nuser=anna:her password\n'),
  ];
  for (const at of [port, port + 2]) {
    await eventually(`coturn listens on ${at}`, 15_000, async () => {
      const outcome = await look(at, 'udp', { username: 'x', password: 'y' });
      return outcome.kind === 'refused';
    });
  }
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  stopAlarms();
});

function coturn(at: number, users: string): Child {
  const folder = newWorkspace('coturn');
  writeFileSync(
    `${folder}/turnserver.conf`,
    `listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port=${at}\nrealm=other.test\nallow-loopback-peers\nno-tls\nno-dtls\nno-cli\n` +
      `fingerprint\npidfile=${folder}/pid\nuserdb=${folder}/db\nsimple-log\nlog-file=stdout\n${users}`,
  );
  return new Child('coturn', 'turnserver', ['-c', `${folder}/turnserver.conf`]);
}

function look(at: number, transport: 'udp' | 'tcp', credentials: { username: string; password: string }) {
  return probeTurn(`turn:127.0.0.1:${at}?transport=${transport}`, credentials, surroundings);
}

function minted(secret: string) {
  return mintTurnCredentials({
    ...{ digests: nodeDigests, secret, identity: 'anna', unixMs: wallClock.unixMs(), ttlSeconds: 600 },
  });
}

test.each(['udp', 'tcp'] as const)('coturn with a shared secret gives an allocation over %s', async (by) => {
  expect(await look(port, by, minted(SECRET))).toMatchObject({
    kind: 'allocated',
    relayed: { address: '127.0.0.1' },
  });
});

test('coturn with users gives one to its user, and refuses others', async () => {
  expect(await look(port + 2, 'udp', { username: 'anna', password: 'her password' })).toMatchObject({
    kind: 'allocated',
  });
  expect(await look(port + 2, 'udp', { username: 'anna', password: 'another' })).toMatchObject({
    kind: 'refused',
    code: 401,
  });
  expect(await look(port, 'tcp', minted('a wrong secret'))).toMatchObject({ kind: 'refused', code: 401 });
});

test('where nobody listens, a look fails and does not throw', async () => {
  const [server] = servers;
  await server?.stop();
  expect(await look(port, 'tcp', minted(SECRET))).toEqual({ kind: 'failed', reason: 'no-answer' });
  expect(await look(port, 'udp', minted(SECRET))).toEqual({ kind: 'failed', reason: 'no-answer' });
  expect(await probeTurn('turn:no-such-host.invalid', minted(SECRET), surroundings)).toEqual({
    kind: 'failed',
    reason: 'no-answer',
  });
});
