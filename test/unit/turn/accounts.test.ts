import { describe, expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { TurnAccounts } from '../../../src/turn/accounts.ts';
import { FakeClient, STATIC_USER, TurnHarness } from './turn-harness.ts';

const HOUR = 3_600_000;

function accountsAt(clock: { now: number }) {
  const wall = { unixMs: () => clock.now };
  return new TurnAccounts({ digests, wall, secret: 'the first secret', credentialsMs: HOUR });
}

describe('a secret that is replaced', () => {
  it('is good for what was handed out, until the last of it expires', () => {
    const clock = { now: 0 };
    const accounts = accountsAt(clock);
    const old = accounts.issue('alice');
    accounts.rotate('the second secret');
    const fresh = accounts.issue('alice');
    expect(fresh.password).not.toBe(old.password);
    expect(accounts.find(old.username)!.passwords).toEqual([fresh.password, old.password]);
    clock.now = HOUR - 1;
    expect(accounts.find(old.username)!.passwords).toContain(old.password);
    clock.now = HOUR;
    expect(accounts.find(old.username)!.passwords).toEqual([fresh.password]);
  });

  it('comes back once, and is not kept twice', () => {
    const accounts = accountsAt({ now: 0 });
    for (const secret of ['b', 'the first secret', 'the first secret', 'b']) accounts.rotate(secret);
    expect(accounts.find('9:x')!.passwords).toHaveLength(2);
  });

  it('is one of few: who turns them over and over keeps a handful', () => {
    const accounts = accountsAt({ now: 0 });
    for (let i = 0; i < 100; i++) accounts.rotate(`secret ${i}`);
    expect(accounts.find('9:x')!.passwords).toHaveLength(5);
  });

  it('cuts no allocation, and lets those in who have credentials of before', () => {
    const turn = new TurnHarness();
    const early = new FakeClient({ address: '198.51.100.7', port: 1 });
    const credentials = turn.accounts.issue('alice');
    turn.allocate(early, { credentials });
    turn.accounts.rotate('another secret altogether');
    expect(turn.refresh(early, 600, { credentials }).code).toBeUndefined();
    const late = new FakeClient({ address: '198.51.100.7', port: 2 });
    expect(turn.allocate(late, { credentials }).code).toBeUndefined();
    const fresh = new FakeClient({ address: '198.51.100.7', port: 3 });
    expect(turn.allocate(fresh, { credentials: turn.accounts.issue('bob') }).code).toBeUndefined();
    // After the lifetime of credentials, nothing that is made of the old secret allocates, whatever it says of its expiry.
    turn.pass(HOUR);
    const stale = new FakeClient({ address: '198.51.100.7', port: 4 });
    expect(turn.allocate(stale, { credentials: turn.credentials('mallory', 7200) }).code).toBe(401);
  });
});

describe('a user with a password of its own', () => {
  it('allocates with it, at any time, and with no other', () => {
    const turn = new TurnHarness();
    turn.pass(90 * 24 * HOUR);
    const client = new FakeClient({ address: '198.51.100.7', port: 1 });
    const wrong = { ...STATIC_USER, password: 'guess' };
    expect(turn.allocate(client, { credentials: wrong }).code).toBe(401);
    expect(turn.allocate(client, { credentials: { ...STATIC_USER, username: 'nobody' } }).code).toBe(401);
    expect(turn.allocate(client, { credentials: STATIC_USER }).code).toBeUndefined();
    expect(turn.refresh(client, 0, { credentials: STATIC_USER }).code).toBeUndefined();
  });

  it('whose password is replaced gets in with the new one alone', () => {
    const turn = new TurnHarness();
    turn.accounts.setUsers([{ ...STATIC_USER, password: 'another password' }]);
    const client = new FakeClient({ address: '198.51.100.7', port: 1 });
    expect(turn.allocate(client, { credentials: STATIC_USER }).code).toBe(401);
    const credentials = { ...STATIC_USER, password: 'another password' };
    expect(turn.allocate(client, { credentials }).code).toBeUndefined();
  });
});
