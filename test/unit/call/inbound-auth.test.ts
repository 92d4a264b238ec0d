import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import { PhoneCalls } from '../../../src/call/phone-calls.ts';
import { PhoneDoor } from '../../../src/call/phone-door.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { DigestClient } from '../../../src/sip/digest/client.ts';
import { DigestGuard } from '../../../src/sip/digest/guard.ts';
import type { SipRequestInfo } from '../../../src/sip/ports.ts';
import { TrunkLimits } from '../../../src/trunk/limits.ts';
import { TrunkTable } from '../../../src/trunk/match.ts';
import type { InboundTrunk } from '../../../src/trunk/trunk.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { rule, trunk } from '../trunk/trunks.ts';
import { authenticator, world as house, phone } from './rig.ts';

const AUTH = { username: 'u', password: 'p', realm: 'trunkroom', algorithms: ['MD5'] as const };

function world(...trunks: InboundTrunk[]) {
  const events: GatewayEvent[] = [];
  const random = new SeededRandom(3);
  const calls = new PhoneCalls();
  const door = new PhoneDoor({
    calls,
    rooms: {} as never,
    plan: { table: new TrunkTable(trunks), rules: [rule()] },
    limits: new TrunkLimits(),
    guard: new DigestGuard(nodeDigests, random),
    capacity: { calls: 1, callsPerSecond: 1 },
    clock: { now: () => 0 },
    timers: {} as never,
    random,
    emit: (event) => events.push(event),
    announce: () => '192.0.2.1',
    candidates: () => [],
  });
  const attempt = (to: string, password?: string, change: Partial<SipRequestInfo> = {}) => {
    const request = { ...phone({ to, source: '192.0.2.9' }).request, ...change };
    const asked = door.authorize(request);
    if (asked === undefined || password === undefined) return asked?.status;
    const digest = new DigestClient({
      account: { username: 'u', password, realms: ['trunkroom'] },
      ...{ digests: nodeDigests, random, onWithheld: () => {} },
    });
    const credentials = digest.authenticate({
      ...{ status: 401, method: 'INVITE', uri: `sip:${to}@192.0.2.1`, body: request.body },
      ...{ challenges: asked.headers.map(([, value]) => value), remote: request.flow.remote, tries: 0 },
    });
    const again: SipRequestInfo = {
      ...request,
      headers: (name) => (name === 'authorization' ? (credentials ?? []).map(([, value]) => value) : []),
    };
    return door.authorize(again)?.status;
  };
  return { attempt, events, calls, door };
}

describe('a trunk with credentials', () => {
  test('lets in who knows them', () => {
    const { attempt, events } = world(trunk({ auth: AUTH }));
    expect(attempt('lobby')).toBe(401);
    expect(attempt('lobby', 'p')).toBeUndefined();
    expect(events).toEqual([]);
    expect(attempt('lobby', 'guess')).toBe(401);
    expect(events).toMatchObject([
      { type: 'call.refused', reason: 'bad-credentials', status: 401, trunk: 'carrier' },
    ]);
  });

  test('asks who would take the place of one of its calls, whatever number he calls', () => {
    const closed = trunk({ id: 'closed', auth: AUTH, numbers: ['100'] });
    const { attempt, calls } = world(trunk({ id: 'open' }), closed);
    const replaces = (value: string): Partial<SipRequestInfo> => ({
      headers: (name) => (name === 'replaces' ? [value] : []),
    });
    expect(attempt('lobby', undefined, replaces('a@b;to-tag=1;from-tag=2'))).toBeUndefined();
    calls.named = () => ({ way: { way: 'in', trunk: closed } }) as never;
    expect(attempt('lobby')).toBeUndefined();
    expect(attempt('lobby', undefined, replaces('a@b;to-tag=1;from-tag=2'))).toBe(401);
  });

  test('says nothing of which numbers there are to who does not', () => {
    const { attempt } = world(trunk({ auth: AUTH, numbers: ['100'] }));
    expect(attempt('100')).toBe(401);
    expect(attempt('999')).toBe(401);
    // Who knows them is told by the refusal that follows.
    expect(attempt('999', 'p')).toBeUndefined();
  });

  test('beside one without: each call by the trunk that it is for', () => {
    const { attempt } = world(trunk({ id: 'open', numbers: ['1'] }), trunk({ auth: AUTH, numbers: ['2'] }));
    expect(attempt('1')).toBeUndefined();
    expect(attempt('2')).toBe(401);
    expect(attempt('3')).toBeUndefined();
  });

  test('locks out who guesses, and says so once a call', () => {
    const { attempt, events } = world(trunk({ auth: AUTH }));
    for (let i = 0; i < 5; i++) attempt('lobby', `guess${i}`);
    expect(attempt('lobby', 'p')).toBe(401);
    expect(events.at(-1)).toMatchObject({ reason: 'locked-out' });
  });

  test('none where none is asked for', () => {
    const { attempt } = world(trunk());
    expect(attempt('lobby')).toBeUndefined();
  });
});

test('web phones: an account is a trunk, and From says whose password is asked for', () => {
  const account = (id: string) =>
    trunk({
      ...{ id, transports: ['ws'], allowedAddresses: ['0.0.0.0/0'], allowedNumbers: [id] },
      auth: { ...AUTH, password: `${id}-password` },
    });
  const { attempt, events } = world(trunk(), account('alice'), account('bob'));
  const from = (user: string): Partial<SipRequestInfo> => {
    const { request } = phone({ from: user, source: '203.0.113.9' });
    return { from: request.from, flow: { ...request.flow, transport: 'ws' } };
  };
  expect(attempt('lobby', 'alice-password', from('alice'))).toBeUndefined();
  expect(attempt('lobby', 'bob-password', from('bob'))).toBeUndefined();
  expect(attempt('lobby', 'alice-password', from('bob'))).toBe(401);
  expect(attempt('lobby', undefined, from('eve'))).toBe(401);
  // The carrier's own trunk asks for nothing, and is not for WebSockets.
  expect(attempt('lobby')).toBeUndefined();
  expect(events).toMatchObject([{ reason: 'bad-credentials', trunk: 'bob' }]);
});

describe('what proves us in a call that came in', () => {
  test('is the account of the registration that it came by, else nothing', () => {
    const registered = phone({ to: 'token' });
    house({ registration: 'out' }).door.onInvite(registered.invite);
    expect(registered.said).not.toContain('404');
    expect(registered.invite.authenticator).toBe(authenticator);
    const plain = phone({ to: 'lobby' });
    house().door.onInvite(plain.invite);
    expect(plain.invite.authenticator).toBeUndefined();
  });
});

test('a call has the terms of its trunk, or those of all', () => {
  const terms = { sessionExpires: 600, minSe: 90 };
  const { door } = world(trunk({ id: 'own', numbers: ['lobby'], terms }), trunk());
  const termsOf = (to: string, source: string) => door.termsOf(phone({ to, source }).request);
  expect(termsOf('lobby', '192.0.2.9')).toBe(terms);
  expect(termsOf('other', '192.0.2.9')).toBeUndefined();
  expect(termsOf('lobby', '203.0.113.9')).toBeUndefined();
});
