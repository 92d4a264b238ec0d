/** A proxy that is not ours stands between phones and gateway, as a carrier's does: Kamailio of Debian. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { Kamailio } from '../support/kamailio.ts';
import { leftOver } from '../support/left-over.ts';

let gateway: Gateway;
let proxy: Kamailio;

beforeAll(async () => {
  gateway = await Gateway.start({
    TRUNKROOM_TRUNKS: JSON.stringify([
      { id: 'short', numbers: ['600'], allowed_addresses: ['127.0.0.1'], max_call_duration: '2s' },
      { id: 'carrier', allowed_addresses: ['127.0.0.1'] },
    ]),
    TRUNKROOM_RULES: JSON.stringify([{ id: 'all', callee: {} }]),
  });
  proxy = await Kamailio.start({ downstream: `127.0.0.1:${gateway.ports.sip}` });
});

afterAll(async () => {
  await proxy?.stop();
  await gateway?.stop();
});

describe.each(['udp', 'tcp'] as const)(
  'a phone over %s behind a proxy that records its route',
  (transport) => {
    test('its ACK and BYE, and the answers to them, go through the proxy', async () => {
      const before = leftOver(await gateway.metrics());
      const phone = await Baresip.start({
        user: '60377777003',
        tone: { hz: 440, amplitude: 8192 },
        transport,
      });
      const from = proxy.inDialog.length;
      try {
        await phone.dial(`sip:601@127.0.0.1:${proxy.port}`);
        await eventually('the phone is heard', 15_000, async () => {
          const metrics = await gateway.metrics();
          return metrics.value('trunkroom_legs') === (before['trunkroom_legs'] ?? 0) + 1;
        });
        phone.hangUp();
        await eventually('nothing of the call is left', 15_000, async () => {
          const now = leftOver(await gateway.metrics());
          return now['trunkroom_calls'] === 0 && now['trunkroom_legs'] === 0;
        });
      } finally {
        await phone.stop();
      }
      await eventually('the proxy has told of it', 15_000, () => proxy.inDialog.length >= from + 2);
      const seen = proxy.inDialog.slice(from);
      expect(seen.map(methodOf)).toEqual(['ACK', 'BYE']);
      expect(seen.every((line) => line.endsWith('loose'))).toBe(true);
      expect(seen.some((line) => line.includes(`from ${gateway.ports.sip}`))).toBe(false);
    });

    test('our BYE takes the recorded route back, through the proxy to the phone', async () => {
      const phone = await Baresip.start({
        user: '60377777004',
        tone: { hz: 440, amplitude: 8192 },
        transport,
      });
      const from = proxy.inDialog.length;
      try {
        await phone.dial(`sip:600@127.0.0.1:${proxy.port}`);
        await phone.closed();
      } finally {
        await phone.stop();
      }
      await eventually('the proxy has told of it', 15_000, () => proxy.inDialog.slice(from).length >= 2);
      expect(proxy.inDialog.slice(from).filter((line) => methodOf(line) === 'BYE')).toEqual([
        `BYE from ${gateway.ports.sip} loose`,
      ]);
      await eventually('no call is left', 15_000, async () => {
        return leftOver(await gateway.metrics())['trunkroom_calls'] === 0;
      });
    });
  },
);

function methodOf(line: string): string {
  return line.split(' ')[0] ?? '';
}
