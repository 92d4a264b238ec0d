import { expect, test } from 'vitest';
import { phone, world } from './rig.ts';

test('who does not wait for company sets no alarm each time that the room changes', () => {
  const it = world({ maxCalls: 0 });
  const call = it.letIn(phone(), 'at-once');
  it.opened();
  const before = it.timers.size;
  for (let i = 0; i < 5; i++) call.line.participantsChanged();
  expect(it.timers.size).toBe(before);
});
