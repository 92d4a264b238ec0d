import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Flow } from '../../../src/sip/ports.ts';
import { admission } from '../../../src/trunk/admission.ts';
import { roomName } from '../../../src/trunk/dispatch.ts';
import type { CallFacts } from '../../../src/trunk/facts.ts';
import { TrunkTable } from '../../../src/trunk/match.ts';
import { explain, route } from '../../../src/trunk/route.ts';
import { rule, trunk } from './trunks.ts';

const call = (change: Partial<CallFacts> = {}): CallFacts => ({
  source: '192.0.2.10',
  requestUser: 'lobby',
  toUser: 'lobby',
  fromUser: '+60123456789',
  ...change,
});

describe('trunks', () => {
  const refusal = (trunks: TrunkTable, facts: CallFacts) => {
    const match = trunks.match(facts);
    return match.ok ? `accepted by ${match.trunk.id}` : match.refusal;
  };

  test('a source that no trunk names is refused whatever it says', () => {
    expect(refusal(new TrunkTable([trunk()]), call({ source: '203.0.113.1' }))).toBe('no-trunk');
    expect(refusal(new TrunkTable([]), call({ source: '127.0.0.1' }))).toBe('no-trunk');
    expect(refusal(new TrunkTable([trunk({ allowedAddresses: [] })]), call())).toBe('no-trunk');
  });

  test('the called number matches in every way of writing it', () => {
    const trunks = new TrunkTable([trunk({ numbers: ['+60312345678'], country: 'MY' })]);
    for (const requestUser of ['0312345678', '60312345678', '+60312345678']) {
      expect(refusal(trunks, call({ requestUser }))).toBe('accepted by carrier');
    }
    expect(refusal(trunks, call({ requestUser: '0312345679' }))).toBe('no-number');
    expect(refusal(trunks, call({ requestUser: 'a b' }))).toBe('bad-number');
  });

  test('callers that are not listed are forbidden, anonymous ones too', () => {
    const trunks = new TrunkTable([trunk({ allowedNumbers: ['0123456789'], country: 'MY' })]);
    expect(refusal(trunks, call())).toBe('accepted by carrier');
    expect(refusal(trunks, call({ fromUser: '0123456780' }))).toBe('forbidden');
    expect(refusal(trunks, call({ fromUser: '' }))).toBe('forbidden');
    expect(refusal(trunks, call({ fromUser: "x' --" }))).toBe('forbidden');
  });

  test('on a trunk that is known already the same callers are forbidden', () => {
    const own = trunk({ allowedNumbers: ['0123456789'], country: 'MY' });
    const trunks = new TrunkTable([own]);
    expect(trunks.callerOn(own, call())).toMatchObject({ ok: true, value: { caller: '+60123456789' } });
    expect(trunks.callerOn(own, call({ fromUser: '0123456780' }))).toMatchObject({ error: 'forbidden' });
    expect(trunks.callerOn(trunk(), call())).toMatchObject({ error: 'forbidden' });
  });

  test('a trunk that names the number wins over one that serves all, wherever it stands', () => {
    const all = trunk({ id: 'all' });
    const did = trunk({ id: 'did', numbers: ['lobby'] });
    const other = trunk({ id: 'other', numbers: ['lobby'] });
    expect(refusal(new TrunkTable([all, did, other]), call())).toBe('accepted by did');
    expect(refusal(new TrunkTable([did, all]), call())).toBe('accepted by did');
    expect(refusal(new TrunkTable([all, did]), call({ requestUser: 'x' }))).toBe('accepted by all');
  });

  test('the called number may be taken from the To header', () => {
    const trunks = new TrunkTable([trunk({ numbers: ['1000'], calledNumberFrom: 'to' })]);
    expect(refusal(trunks, call({ requestUser: 's', toUser: '1000' }))).toBe('accepted by carrier');
  });
});

describe('rules', () => {
  const trunks = new TrunkTable([trunk()]);

  test('without a rule the call is refused', () => {
    expect(route(trunks, [], call())).toMatchObject({
      ok: false,
      refusal: 'no-rule',
      trunk: { id: 'carrier' },
    });
    expect(route(trunks, [rule({ trunkIds: ['other'] })], call())).toMatchObject({
      ok: false,
      refusal: 'no-rule',
    });
  });

  test('the rule that says more comes first', () => {
    const rules = [
      rule({ id: 'any' }),
      rule({ id: 'trunk', trunkIds: ['carrier'] }),
      rule({ id: 'caller', inboundNumbers: ['60123456789'] }),
      rule({ id: 'number', numbers: ['Lobby'] }),
    ];
    const chosen = (facts: CallFacts) => {
      const found = route(trunks, rules, facts);
      return found.ok ? found.rule.id : found.refusal;
    };
    expect(chosen(call())).toBe('number');
    expect(chosen(call({ requestUser: 'x' }))).toBe('caller');
    expect(chosen(call({ requestUser: 'x', fromUser: '1' }))).toBe('trunk');
  });

  test('the number dialled is the room of a callee rule', () => {
    const found = route(trunks, [rule()], call());
    if (!found.ok) throw new Error(found.refusal);
    expect(roomName(found.rule, found, () => 'abc')).toBe('lobby');
  });

  test('room names', () => {
    const of = (change: Parameters<typeof rule>[0]) =>
      roomName(
        rule(change),
        { trunk: trunk(), called: '1000', caller: '+60123456789', hidden: false },
        () => 'abc',
      );
    expect(of({ room: { kind: 'direct', roomName: 'main' } })).toBe('main');
    expect(of({ room: { kind: 'callee', roomPrefix: 'did-', randomize: true } })).toBe('did-1000_abc');
    const individual = { kind: 'individual', roomPrefix: 'call', randomize: true } as const;
    expect(of({ room: individual })).toBe('call_+60123456789_abc');
    expect(of({ room: individual, hidePhoneNumber: true })).toBe('call_abc');
    expect(of({ room: { ...individual, randomize: false } })).toBe('call_+60123456789');
    expect(of({ room: { ...individual, randomize: false }, hidePhoneNumber: true })).toBe('call_abc');
  });
});

test('the explanation names each trunk and rule, and the verdict', () => {
  const trunks = new TrunkTable([trunk({ id: 'far', allowedAddresses: ['203.0.113.1'] }), trunk()]);
  const rules = [rule({ id: 'special', numbers: ['911'] }), rule()];
  expect(explain(route(trunks, rules, call()))).toBe(
    [
      '- trunk far: source 192.0.2.10 is not in allowed_addresses',
      '+ trunk carrier: source matches, all numbers are served',
      '- rule special: called number lobby is not in numbers',
      '+ rule rooms: the room of the called number',
      'accepted: +60123456789 to lobby by trunk carrier, rule rooms',
    ].join('\n'),
  );
  expect(explain(route(trunks, [], call()))).toMatch(/refused: no-rule$/);
});

test('nothing that a call says makes it throw or lets it in from outside', () => {
  const trunks = new TrunkTable([trunk({ numbers: ['+60312345678'], country: 'MY' }), trunk({ id: 'b' })]);
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.string(),
      fc.string(),
      (source, requestUser, toUser, fromUser) => {
        expect(route(trunks, [rule()], { source, requestUser, toUser, fromUser }).ok).toBe(false);
        route(trunks, [rule()], { source: '192.0.2.1', requestUser, toUser, fromUser });
      },
    ),
  );
});

test('what is not enabled takes no call, and says why', () => {
  const off = new TrunkTable([trunk({ enabled: false })]);
  const refused = route(off, [rule()], call());
  expect(refused).toMatchObject({ ok: false, refusal: 'no-trunk' });
  expect(refused.steps()).toMatchObject([{ verdict: 'no', why: 'enabled is false' }]);
  expect(off.naming(call())).toEqual([]);
  const flow: Flow = {
    transport: 'udp',
    local: { address: '192.0.2.1', port: 5060 },
    remote: { address: '192.0.2.10', port: 5060 },
  };
  expect(admission([trunk({ enabled: false })])(flow)).toBe('ignore');
  expect(admission([trunk()])(flow)).toBe('admit');
  const rules = [rule({ id: 'off', enabled: false, priority: 0 }), rule({ id: 'on', priority: 1 })];
  const decision = route(new TrunkTable([trunk()]), rules, call());
  expect(decision).toMatchObject({ ok: true, rule: { id: 'on' } });
  expect(explain(decision)).toContain('- rule off: enabled is false');
});
