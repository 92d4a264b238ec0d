import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import { DigestGuard } from '../../../src/sip/digest/guard.ts';
import type { SipRequestInfo } from '../../../src/sip/ports.ts';
import {
  idleRegistration,
  type RegistrationInput,
  type RegistrationState,
  stepRegistration,
} from '../../../src/trunk/registration.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { bound, SETTINGS, world } from './hand-carrier.ts';
import { outboundTrunk, target } from './trunks.ts';

describe('a registration', () => {
  test('is refreshed before its time is over, which the answer says, under one Call-ID', () => {
    const { registrations, answer, pass, ladder, sent, contact, events } = world();
    answer(bound(contact, 600));
    registrations.start();
    const { request } = sent[0]!;
    expect(request).toMatchObject({
      ...{ method: 'REGISTER', uri: 'sip:carrier.example', from: '<sip:u@carrier.example>' },
      ...{ to: '<sip:u@carrier.example>', contactUser: contact.slice(4, 20) },
    });
    pass(1000);
    expect(registrations.registered).toBe(1);
    expect(events).toMatchObject([{ type: 'trunk.registered', trunk: 'out', expiresMs: 600_000 }]);
    pass(600_000);
    expect(new Set(sent.map(({ request: { callId } }) => callId)).size).toBe(1);
    expect(ladder()).toEqual([
      '0 1 ;expires=3600 10.0.2.1',
      '300 2 ;expires=3600 10.0.2.1',
      '600 3 ;expires=3600 10.0.2.1',
    ]);
    answer(bound(contact, 7200));
    pass(300_000);
    ladder();
    pass(6_600_000);
    // Ten minutes before the end of a long one.
    expect(ladder()).toEqual(['7500 5 ;expires=3600 10.0.2.1']);
  });

  test('takes its own binding\u2019s time, and none where it is not listed', () => {
    const { registrations, answer, pass, contact, events } = world();
    answer(() => ({
      status: 200,
      headers: { Contact: ['<sip:other@192.0.2.7>;expires=30', `<${contact}>`], Expires: ['120'] },
    }));
    registrations.start();
    pass(10);
    expect(events).toMatchObject([{ expiresMs: 120_000 }]);
    const alone = world();
    alone.answer(() => ({ status: 200, headers: { Contact: ['<sip:other@192.0.2.7>;expires=30'] } }));
    alone.registrations.start();
    alone.pass(10);
    expect(alone.registrations.registered).toBe(0);
    expect(alone.events).toMatchObject([{ type: 'trunk.unregistered', reason: 'not-bound', status: 200 }]);
  });

  test('fails: again after a while, longer each time, no sooner than Retry-After', () => {
    const { registrations, answer, pass, ladder, events } = world();
    answer(() => ({ status: 403 }));
    registrations.start();
    pass(300_000);
    expect(ladder().map((line) => Number(line.split(' ')[0]))).toEqual([0, 10, 30, 70, 130, 190, 250]);
    expect(events[0]).toMatchObject({
      ...{ type: 'trunk.unregistered', reason: 'rejected', status: 403, retryMs: 10_000 },
    });
    answer(() => ({ status: 503, headers: { 'Retry-After': ['600 (busy);duration=1'] } }));
    pass(11_000);
    ladder();
    pass(599_000);
    expect(ladder()).toEqual([]);
    pass(2000);
    expect(ladder()).toHaveLength(1);
  });

  test('423: again at once with what is wanted; who makes no sense gets a pause', () => {
    const { registrations, answer, pass, ladder, contact } = world({
      register: { ...SETTINGS, expiresMs: 60_000 },
    });
    answer(({ contactParams }) =>
      contactParams === ';expires=60'
        ? { status: 423, headers: { 'Min-Expires': ['1800'] } }
        : bound(contact, 1800)(undefined as never),
    );
    registrations.start();
    pass(1000);
    expect(ladder()).toEqual(['0 1 ;expires=60 10.0.2.1', '0 2 ;expires=1800 10.0.2.1']);
    const silly = world({ register: { ...SETTINGS, expiresMs: 60_000 } });
    silly.answer(() => ({ status: 423, headers: { 'Min-Expires': ['10'] } }));
    silly.registrations.start();
    silly.pass(5000);
    expect(silly.ladder()).toHaveLength(1);
  });

  test('goes to the next target when one does not answer, and stays where it was answered', () => {
    const { registrations, answer, pass, ladder, contact } = world({
      targets: [
        target('nowhere', { priority: 1 }),
        target('10.0.2.1', { priority: 2 }),
        target('10.0.2.2', { priority: 3 }),
      ],
    });
    answer(({ next }) =>
      next.remote.address === '10.0.2.1' ? { status: 0 } : bound(contact, 600)(undefined as never),
    );
    registrations.start();
    pass(301_000);
    expect(ladder()).toEqual([
      '0 1 ;expires=3600 10.0.2.1',
      '0 2 ;expires=3600 10.0.2.2',
      '300 3 ;expires=3600 10.0.2.2',
    ]);
  });

  test('is taken back at the end, and nothing rings after', () => {
    const { registrations, answer, pass, ladder, contact, timers } = world();
    answer(bound(contact, 600));
    registrations.start();
    pass(1000);
    ladder();
    registrations.stop();
    expect(registrations.pending).toBe(1);
    pass(1000);
    expect(ladder()).toEqual(['1 2 ;expires=0 10.0.2.1']);
    expect(registrations).toMatchObject({ pending: 0, registered: 0 });
    expect(timers.size).toBe(0);
    registrations.stop();
    expect(ladder()).toEqual([]);
  });

  test('a challenge that crosses its last word is not answered: that would bind anew', () => {
    const { registrations, answer, pass, ladder } = world({
      account: { username: 'login', password: 'p', realms: ['carrier.example'] },
    });
    const challenge = ['Digest realm="carrier.example", nonce="n", algorithm=MD5, qop="auth"'];
    answer(() => ({ status: 401, headers: { 'WWW-Authenticate': challenge } }));
    registrations.start();
    registrations.stop();
    pass(1000);
    expect(ladder().filter((line) => !line.includes(';expires=0'))).toHaveLength(1);
    expect(registrations.pending).toBe(0);
  });

  test('one that never stood needs no taking back', () => {
    const { registrations, answer, pass, ladder, timers } = world();
    answer(() => ({ status: 403 }));
    registrations.start();
    pass(1000);
    ladder();
    registrations.stop();
    expect(ladder()).toEqual([]);
    expect(timers.size).toBe(0);
  });
});

describe('credentials of a registration', () => {
  const AUTH = {
    id: 'x',
    username: 'login',
    password: 'p',
    realm: 'carrier.example',
    algorithms: ['MD5'] as const,
  };

  function guarded(password: string, gives?: 'nextnonce') {
    const all = world({ account: { username: 'login', password, realms: ['carrier.example'] } });
    const guard = new DigestGuard(nodeDigests, new SeededRandom(9));
    all.answer((request) => {
      const values = (request.headers ?? [])
        .filter(([name]) => name === 'Authorization')
        .map(([, value]) => value);
      const info = {
        ...{ method: 'REGISTER', uri: { user: '' }, body: new Uint8Array(0), headers: () => values },
        flow: { remote: { address: '10.0.0.1', port: 5060 } },
      } as unknown as SipRequestInfo;
      const verdict = guard.check(info, AUTH, all.clock.now());
      const other = guard.check({ ...info, headers: () => [] }, AUTH, all.clock.now());
      const nonce = /nonce="(\w+)"/.exec(other.ok ? '' : other.challenges[0]![1])![1];
      const told = gives === undefined ? {} : { 'Authentication-Info': [`nextnonce="${nonce}"`] };
      const accepted = bound(all.contact, 60)(request);
      return verdict.ok
        ? { ...accepted, headers: { ...accepted.headers, ...told } }
        : { status: 401, headers: { 'WWW-Authenticate': verdict.challenges.map(([, value]) => value) } };
    });
    all.registrations.start();
    return all;
  }

  test('under a user of their own; a refresh goes by the same nonce, an old nonce costs a round trip', () => {
    const { pass, sent, registrations } = guarded('p');
    pass(1000);
    expect(sent).toHaveLength(2);
    expect(registrations.registered).toBe(1);
    pass(30_000);
    expect(sent).toHaveLength(3);
    expect(sent[2]!.request.headers?.find(([name]) => name === 'Authorization')?.[1]).toContain(
      'nc=00000002',
    );
    pass(30_000);
    // The nonce is a minute old by now: stale, and answered.
    expect(sent).toHaveLength(5);
    expect(registrations.registered).toBe(1);
  });

  test('a nonce that the registrar gives with each 200 is taken: no refresh costs a second round trip', () => {
    const { pass, sent, registrations } = guarded('p', 'nextnonce');
    pass(1000);
    expect(sent).toHaveLength(2);
    // Each nonce is good for a minute and comes with the refresh before.
    pass(300_000);
    expect(sent).toHaveLength(12);
    expect(registrations.registered).toBe(1);
    const proofs = sent
      .slice(2)
      .map(({ request }) => request.headers!.find(([name]) => name === 'Authorization')![1]);
    expect(new Set(proofs.map((proof) => /nc=(\w+)/.exec(proof)![1]))).toEqual(new Set(['00000001']));
  });

  test('wrong ones are sent once an attempt, and no more', () => {
    const { pass, sent, events } = guarded('guess');
    pass(9000);
    expect(sent).toHaveLength(2);
    expect(events).toMatchObject([
      { type: 'trunk.withheld', reason: 'refused' },
      { type: 'trunk.unregistered', status: 401 },
    ]);
    pass(2000);
    expect(sent).toHaveLength(4);
  });
});

test('the machine: nothing makes it register more than every five seconds for long, or leaves it without an alarm', () => {
  const input: fc.Arbitrary<RegistrationInput> = fc.oneof(
    fc.constant<RegistrationInput>({ type: 'due' }),
    fc.integer().map((expiresMs): RegistrationInput => ({ type: 'accepted', expiresMs })),
    fc.integer().map((minMs): RegistrationInput => ({ type: 'too-brief', minMs })),
    fc.integer().map((retryMs): RegistrationInput => ({ type: 'failed', retryMs })),
  );
  fc.assert(
    fc.property(fc.array(input), (inputs) => {
      let inARow = 0;
      let state: RegistrationState = stepRegistration(SETTINGS, idleRegistration, { type: 'start' }, 0).state;
      for (const each of inputs) {
        const { state: next, actions } = stepRegistration(SETTINGS, state, each, 0);
        if (next !== state) expect(actions).toHaveLength(1);
        // From one waiting to the next at most a second attempt, for a 423.
        if (actions.some((action) => action.do === 'register')) inARow = each.type === 'due' ? 1 : inARow + 1;
        expect(inARow).toBeLessThanOrEqual(2);
        for (const action of actions)
          if (action.do === 'wake') expect(action.inMs).toBeGreaterThanOrEqual(5000);
        state = next;
      }
      const stopped = stepRegistration(SETTINGS, state, { type: 'stop' }, 0);
      expect(stopped.state.phase).toBe('stopped');
    }),
  );
});

describe('the health of targets', () => {
  test('any answer is a sign of life; silence and 503 are none; changes are told once', () => {
    const { health, answer, pass, events, sent } = world({ healthIntervalMs: 30_000 });
    answer(() => ({ status: 404 }));
    const trunk = outboundTrunk();
    expect(health.isUp(trunk, trunk.targets[0]!)).toBe(true);
    health.start();
    pass(100_000);
    expect(sent[0]!.request).toMatchObject({ method: 'OPTIONS', uri: 'sip:10.0.2.1' });
    expect(sent.length).toBeGreaterThanOrEqual(4);
    expect(events).toEqual([]);
    answer(() => ({ status: 503 }));
    pass(100_000);
    answer(() => ({ status: 0 }));
    pass(100_000);
    expect(health.gauges()).toEqual({ watched: 1, down: 1 });
    answer(() => ({ status: 200 }));
    pass(100_000);
    expect(health.gauges()).toEqual({ watched: 1, down: 0 });
    expect(events).toMatchObject([
      { type: 'trunk.target', trunk: 'out', target: '10.0.2.1/udp', state: 'down', status: 503 },
      { type: 'trunk.target', state: 'up', status: 200 },
    ]);
  });

  test('a name that cannot be found is down; nothing rings after the end; no interval, no questions', () => {
    const lost = world({ healthIntervalMs: 30_000, targets: [target('nowhere')] });
    lost.health.start();
    expect(lost.events).toMatchObject([{ state: 'down', status: 0 }]);
    lost.health.stop();
    expect(lost.timers.size).toBe(0);
    const none = world();
    none.health.start();
    expect(none.sent).toEqual([]);
  });
});

test('where only a 2xx counts, a refused OPTIONS is no sign of life', () => {
  const { health, answer, pass } = world({ healthIntervalMs: 30_000, healthStatuses: 'success' });
  answer(() => ({ status: 404 }));
  health.start();
  pass(10);
  expect(health.gauges()).toEqual({ watched: 1, down: 1 });
  answer(() => ({ status: 200 }));
  pass(40_000);
  expect(health.gauges()).toEqual({ watched: 1, down: 0 });
  health.stop();
});

test('a trunk that is not enabled asks nothing and registers nowhere', () => {
  const { health, registrations, sent, pass } = world({ healthIntervalMs: 30_000, enabled: false });
  health.start();
  registrations.start();
  pass(60_000);
  expect(sent).toEqual([]);
});

test('the user of our Contact is the one that is set, else one that nobody guesses', () => {
  const terms = { sessionExpires: 1800, minSe: 90, contactUser: 'main' };
  const { registrations, tokens } = world();
  registrations.replace([
    outboundTrunk({ register: SETTINGS, terms }),
    outboundTrunk({ id: 'b', register: SETTINGS }),
  ]);
  expect(tokens.get('out')).toBe('main');
  expect(tokens.get('b')).toMatch(/^[A-Za-z0-9]{16}$/);
});
