/** A registrar that is not ours: we register at Kamailio by digest, and its calls find us by what we have registered. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { Kamailio } from '../support/kamailio.ts';

const ACCOUNT = { user: '60312345678', password: 'a-password' };
let carrier: Kamailio;
let gateway: Gateway;

beforeAll(async () => {
  carrier = await Kamailio.start({ account: ACCOUNT });
  gateway = await Gateway.start({
    TRUNKROOM_OUTBOUND_TRUNKS: JSON.stringify([
      {
        ...{ id: 'out', address: `127.0.0.1:${carrier.port}`, register: {}, health_interval: '1s' },
        ...{ auth_username: ACCOUNT.user, auth_password: ACCOUNT.password, auth_realm: 'carrier.example' },
      },
    ]),
    TRUNKROOM_TRUNKS: JSON.stringify([
      { id: 'in', allowed_addresses: ['127.0.0.1'], registration: 'out', numbers: [ACCOUNT.user] },
    ]),
    TRUNKROOM_NODE_SHUTDOWN_GRACE: '60s',
    TRUNKROOM_RULES: JSON.stringify([{ id: 'support', direct: { room_name: 'support' } }]),
  });
});

afterAll(async () => {
  await gateway?.stop();
  await carrier?.stop();
});

test('registered, called by the number, and gone from the registrar at the end', async () => {
  await eventually('the gateway is registered', 15_000, async () => {
    return (await gateway.metrics()).value('trunkroom_registrations') === 1;
  });
  const phone = await Baresip.start({ user: '60377777003', tone: { hz: 440, amplitude: 8192 } });
  try {
    await phone.dial(`sip:${ACCOUNT.user}@127.0.0.1:${carrier.port}`);
    expect((await gateway.metrics()).value('trunkroom_calls')).toBe(1);
    phone.hangUp();
    await phone.closed();
    // Past the carrier, at our address: not what is registered.
    expect(await phone.dialRefused(gateway.sipUri(ACCOUNT.user))).toMatch(/^404/);
    await eventually('the call is over', 15_000, async () => {
      return (await gateway.metrics()).value('trunkroom_calls') === 0;
    });
    expect((await gateway.metrics()).value('trunkroom_targets_down')).toBe(0);
    // It shall stop: the registrar knows nobody any more, while a call that is up goes on through it.
    await phone.dial(`sip:${ACCOUNT.user}@127.0.0.1:${carrier.port}`);
    gateway.child.signal('SIGTERM');
    await gateway.child.waitForOutput(/gateway is draining/, 20_000);
    const late = await Baresip.start({ user: '60377777004', tone: { hz: 440, amplitude: 8192 } });
    try {
      expect(await late.dialRefused(`sip:${ACCOUNT.user}@127.0.0.1:${carrier.port}`)).toMatch(/^480/);
    } finally {
      await late.stop();
    }
    expect((await gateway.metrics()).value('trunkroom_calls')).toBe(1);
    phone.hangUp();
    await phone.closed();
    expect(await gateway.child.exited).toEqual({ code: 0, signal: null });
  } finally {
    await phone.stop();
  }
});
