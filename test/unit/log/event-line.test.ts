import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventFields } from '../../../src/adapters/log/event-line.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';

const dropped = (reason: string): GatewayEvent => ({ type: 'dropped', where: 'sip', reason, count: 1 });
const read = (event: GatewayEvent) => JSON.parse(`{${eventFields(event)}}`) as Record<string, unknown>;

test.each([
  'a\n{"level":60,"msg":"forged"}',
  'quoted " and \\ and \u0000',
  'half a pair \ud800, a whole one \u{1f4de}',
  '12-34-56',
  '192.168.100.200',
  '1 2 3',
])('%j stands as it is', (reason) => {
  expect(read(dropped(reason))).toEqual({ event: 'dropped', where: 'sip', reason, count: 1 });
});

test.each([
  ['+60312345678', '+6031234…'],
  ['sip_(603) 123-4567', 'sip_(603) 123-…'],
  ['a"0312345678"', 'a"031234…"'],
  ['1 2 3 4 5 6 7', '1 2 3 4 5…'],
])('of %j as much is left as tells calls apart', (reason, left) => {
  expect(read(dropped(reason))['reason']).toBe(left);
});

test('what is secret by name does not show, nor within an object; what is not there is left out', () => {
  const event = { ...dropped('x'), token: 'hush', inner: { password: 'hush', user: 'u' }, none: undefined };
  expect(read(event)).toMatchObject({ token: '[hidden]', inner: { password: '[hidden]', user: 'u' } });
  expect(eventFields(event)).not.toContain('none');
});

test('property: whatever a text is, it comes back as it was or cut short at its digits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const reason = read(dropped(text))['reason'] as string;
      const bare = (each: string) => each.replace(/[\d\-. ()+…]/g, '');
      expect(bare(reason)).toBe(bare(text));
    }),
  );
});
