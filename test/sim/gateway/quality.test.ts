/** How a call fares, told while it goes on. */
import { expect, test } from 'vitest';
import { rowWorld } from '../rows/raw-carrier.ts';

test('every five seconds a call says how it fares; a bad line shows, and silence says nothing', () => {
  const { carrier, gateway, net, establish, pass, finish } = rowWorld({ listener: 'none' });
  establish();
  const told = () => gateway.events.flatMap((event) => (event.type === 'call.quality' ? [event] : []));
  pass(20_000);
  expect(told()).toHaveLength(4);
  expect(told()[1]).toMatchObject({ quality: { heard: { loss: 0, discarded: 0 } } });
  expect(told()[1]?.trunk).toMatch(/^(near|odd)$/);
  expect(told()[1]?.quality.heard?.mos).toBeGreaterThan(4.3);
  net.weather = { delayMs: 20, jitterMs: 40, loss: 0.15, duplicates: 0 };
  pass(10_000);
  net.weather = { delayMs: 1, jitterMs: 0, loss: 0, duplicates: 0 };
  expect(told().at(-1)?.quality.heard?.loss).toBeGreaterThan(0.08);
  expect(told().at(-1)?.quality.heard?.mos).toBeLessThan(3.5);
  pass(10_000);
  carrier.talk = undefined;
  pass(5000);
  const count = told().length;
  pass(10_000);
  expect(told()).toHaveLength(count);
  finish();
  expect(gateway.events.find(({ type }) => type === 'call.ended')).toMatchObject({
    quality: { lost: expect.any(Number), mos: expect.any(Number) },
  });
});
