import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endingHeard, q850Of } from '../../../src/call/heard-ending.ts';
import { phone, world } from './rig.ts';

test('the cause of a Reason header', () => {
  expect(q850Of('Q.850;cause=17;text="User busy"')).toBe(17);
  expect(q850Of('q.850 ; text=x ; cause = 16')).toBe(16);
  expect(q850Of('Q.850;cause=200')).toBeUndefined();
  expect(q850Of('SIP;cause=486')).toBeUndefined();
  expect(q850Of('SIP;cause=480;text="a, b", Q.850;cause=19')).toBe(19);
  expect(q850Of('Q.850;text="x;cause=3";cause=20')).toBe(20);
  expect(q850Of('Q.850;cause=1x')).toBeUndefined();
  expect(q850Of(undefined)).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (text) => {
      q850Of(text);
      q850Of(`Q.850;${text}`);
    }),
  );
});

test('the far end says why it hangs up, too', () => {
  const reason = 'SIP;cause=503, Q.850;cause=38';
  expect(endingHeard('bye', { by: 'bye', reason })).toMatchObject({ sipStatus: 200, q850: 38 });
  expect(endingHeard('bye', { by: 'bye', reason: undefined })).toMatchObject({ q850: 16 });
});

test('a call that came in ends with the cause that its BYE or CANCEL names', () => {
  const { door, opened, closed, ending } = world();
  const caller = phone();
  door.onInvite(caller.invite);
  opened();
  caller.handler().confirmed(undefined);
  caller.handler().ended({ by: 'bye', reason: 'Q.850;cause=102' });
  closed();
  expect(ending()).toMatchObject({ ending: { cause: 'bye', q850: 102 } });
});
