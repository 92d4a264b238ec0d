import { describe, expect, test } from 'vitest';
import { bound, SETTINGS, world } from './hand-carrier.ts';
import { outboundTrunk, target } from './trunks.ts';

describe('trunks that come and go while the gateway runs', () => {
  test('a new one registers at once, one that is gone takes its binding back, one that stays is left alone', () => {
    const { registrations, answer, pass, ladder, contact, trunk, tokens, timers } = world();
    answer((request) => bound(`sip:${request.contactUser}@192.0.2.1:5060`, 600)(request));
    registrations.start();
    pass(1000);
    expect(ladder()).toEqual(['0 1 ;expires=3600 10.0.2.1']);
    const second = outboundTrunk({ id: 'b', register: SETTINGS, targets: [target('10.0.2.2')] });
    registrations.replace([trunk, second]);
    pass(1000);
    expect(ladder()).toEqual(['1 1 ;expires=3600 10.0.2.2']);
    expect(registrations.registered).toBe(2);
    registrations.replace([second]);
    expect(registrations.pending).toBe(1);
    pass(1000);
    expect(ladder()).toEqual(['2 2 ;expires=0 10.0.2.1']);
    expect([...tokens.keys()]).toEqual(['b']);
    expect(registrations).toMatchObject({ pending: 0, registered: 1 });
    // The same id with other settings is another binding, under a name that nobody has seen.
    registrations.replace([second, outboundTrunk({ register: SETTINGS })]);
    expect(`sip:${tokens.get('out')}@192.0.2.1:5060`).not.toBe(contact);
    registrations.stop();
    pass(10_000);
    registrations.replace([trunk]);
    expect(registrations.registered).toBe(0);
    expect(timers.next()).toBe(Number.POSITIVE_INFINITY);
  });

  test('their targets are asked from then on, and no more', () => {
    const { health, answer, pass, ladder, trunk, timers } = world({ healthIntervalMs: 30_000 });
    answer(() => ({ status: 200 }));
    health.start();
    pass(1000);
    expect(ladder()).toHaveLength(1);
    const second = outboundTrunk({ id: 'b', healthIntervalMs: 30_000, targets: [target('10.0.2.2')] });
    health.replace([trunk, second]);
    pass(1000);
    expect(ladder()).toEqual(['1 1 undefined 10.0.2.2']);
    health.replace([second]);
    pass(60_000);
    expect(ladder().every((line) => line.endsWith('10.0.2.2'))).toBe(true);
    expect(health.gauges()).toEqual({ watched: 1, down: 0 });
    health.replace([]);
    expect(timers.next()).toBe(Number.POSITIVE_INFINITY);
  });
});
