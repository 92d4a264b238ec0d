/** The gateway shall stop and calls are up: what carriers, callers and those who are talking see of it, by the wire. */
import { expect, test } from 'vitest';
import { Drain, peopleByBrowser } from '../../../src/app/drain.ts';
import { VirtualCarrier } from '../../support/virtual-carrier.ts';
import { outboundTrunk } from '../../unit/trunk/trunks.ts';
import { RawCarrier, rowWorld } from '../rows/raw-carrier.ts';
import { answering, world } from './outbound-world.ts';

/** Everything of `app/compose.ts` that a drain touches, in virtual time. */
function drained(its: Pick<ReturnType<typeof rowWorld>, 'gateway' | 'net'>, graceMs: number) {
  const { gateway, net } = its;
  const { dialer, door, endpoint, rooms } = gateway;
  const ends: number[] = [];
  const drain = new Drain({
    ...{ graceMs, clock: net, timers: net.queue, emit: (event) => void gateway.events.push(event) },
    close: () => {
      for (const each of [endpoint, door, dialer, rooms]) each.drain();
    },
    left: () => ({ calls: door.size + dialer.size, participants: peopleByBrowser(rooms.rooms) }),
  });
  drain.begin(() => {
    ends.push(net.now());
    endpoint.shutdown();
    door.stop();
    dialer.stop();
    rooms.stop('server_shutdown');
  });
  return { ends, drain };
}

test('a call that is up is heard to its end, new ones are refused by name, and the gateway ends with the last', () => {
  const its = rowWorld({ trunk: { allowedAddresses: ['10.0.1.9', '10.0.1.7'] } });
  const { carrier, gateway, heardFor, listener, net, pass } = its;
  its.establish();
  const { ends } = drained(its, 600_000);

  const late = new RawCarrier(net, '10.0.1.7');
  late.callId = 'late';
  late.send('INVITE', { sdp: late.sdp() });
  pass(100);
  expect(late.finals('INVITE')).toEqual([503]);
  const refused = late.last('SIP/2.0 503');
  expect(refused).toMatch(/^Retry-After: 5\r$/m);
  expect(refused).toMatch(/^Reason: Q\.850;cause=42;text="draining: /m);
  late.send('ACK', { cseq: 1, branch: 'b1' });
  // Who calls a number that there is not is told that, here as anywhere.
  late.callId = 'wrong';
  late.send('INVITE', { sdp: late.sdp(), uri: 'sip:%3Cscript%3E@10.0.0.1' });
  pass(100);
  expect(late.finals('INVITE')).toEqual([503, 484]);
  late.callId = 'ping';
  late.send('OPTIONS', { uri: 'sip:10.0.0.1' });
  pass(100);
  expect(late.finals('OPTIONS')).toEqual([503]);
  expect(late.last('SIP/2.0 503')).toMatch(/^Retry-After: 5\r$/m);

  // Five minutes on: heard, and served in its dialog.
  pass(300_000);
  expect(heardFor(500)).toBeGreaterThan(-18);
  carrier.send('INVITE', { sdp: carrier.sdp() });
  pass(200);
  expect(carrier.finals('INVITE')).toEqual([200, 200]);
  carrier.send('ACK', { cseq: 2 });
  carrier.send('OPTIONS', {});
  pass(200);
  expect(carrier.finals('OPTIONS')).toEqual([200]);
  expect(ends).toEqual([]);

  listener.hangUp();
  pass(1000);
  expect(ends).toEqual([]);
  carrier.talk = undefined;
  carrier.send('BYE');
  const hungUpAt = net.now();
  pass(1000);
  expect(ends).toHaveLength(1);
  expect(ends[0]! - hungUpAt).toBeLessThan(1000);
  expect(carrier.finals('BYE')).toEqual([200]);
  expect(carrier.requests).toEqual([]);

  const told = gateway.events.flatMap((event) =>
    event.type === 'gateway.draining' ? [`${event.state} ${event.calls}`] : [],
  );
  expect([told[0], told[1], told.at(-2), told.at(-1)]).toEqual([
    'begun 2',
    'waiting 2',
    'waiting 2',
    'over 0',
  ]);
  expect(gateway.events.flatMap((event) => (event.type === 'call.refused' ? [event.reason] : []))).toEqual([
    'draining',
    'bad-number',
  ]);
  net.run(net.now() + 60_000);
  expect(gateway.left()).toEqual({});
});

test('when the time is over, those who still talk get a BYE with the reason', () => {
  const its = rowWorld({ trunk: {} });
  its.establish();
  const { carrier, gateway, listener, net, pass } = its;
  const { ends } = drained(its, 20_000);
  const begunAt = net.now();
  pass(21_000);
  expect(ends.map((at) => at - begunAt)).toEqual([20_000]);
  expect(carrier.requests).toEqual(['BYE']);
  expect(carrier.last('BYE')).toMatch(/^Reason: Q\.850;cause=41;text="stopping: /m);
  expect(listener.ended).toMatchObject({ by: 'bye' });
  net.run(net.now() + 60_000);
  expect(gateway.left()).toEqual({});
});

test('a call that rings when it begins is answered, and another may take its place', () => {
  const its = rowWorld({
    trunk: {
      allowedAddresses: ['10.0.1.9', '10.0.1.7'],
      transfers: { trunk: undefined, numbers: [], maxPerCall: 3, maxAtOnce: 10 },
    },
  });
  const { carrier, gateway, net, pass } = its;
  net.weather = { delayMs: 20, jitterMs: 0, loss: 0, duplicates: 0 };
  carrier.send('INVITE', { sdp: carrier.sdp() });
  net.run(net.now() + 20);
  expect(gateway.door.size).toBe(2);
  drained(its, 600_000);
  expect(carrier.finals('INVITE')).toEqual([]);
  pass(200);
  expect(carrier.finals('INVITE')).toEqual([200]);
  carrier.send('ACK', { cseq: 1 });
  pass(200);
  const desk = new RawCarrier(net, '10.0.1.7');
  desk.callId = 'desk@pbx';
  desk.send('INVITE', {
    ...{ sdp: desk.sdp(), uri: 'sip:10.0.0.1:5060' },
    headers: ['Contact: <sip:desk@10.0.1.7>', `Replaces: call-1;to-tag=${carrier.toTag};from-tag=far`],
  });
  pass(300);
  expect(desk.finals('INVITE')).toEqual([200]);
  desk.send('ACK', { cseq: 1 });
  pass(200);
  expect(carrier.requests).toEqual(['BYE']);
  desk.send('BYE');
  its.finish();
});

test('a phone hands its call on: that is the same call still, and the gateway waits for its end', () => {
  const transfers = { trunk: 'out', numbers: ['+6012*'], maxPerCall: 1, maxAtOnce: 1 };
  const its = rowWorld({ trunk: { transfers }, outbound: [outboundTrunk({ numbers: ['+60388880000'] })] });
  const { carrier, gateway, listener, net, pass } = its;
  const callee = new VirtualCarrier(net, '10.0.2.1', () => {});
  its.establish();
  const { ends } = drained(its, 600_000);
  const headers = [`Contact: <sip:far@${carrier.address}>`, 'Refer-To: <sip:+60123456789@pbx.example>'];
  carrier.send('REFER', { headers });
  pass(200);
  expect(carrier.finals('REFER')).toEqual([202]);
  callee.call = callee.invites[0]!.accept(callee.sdp);
  pass(3000);
  expect(carrier.last('NOTIFY')).toContain('SIP/2.0 200 OK');
  expect(carrier.last('BYE')).toContain('transferred');
  expect([...gateway.rooms.find('lobby')!.participants.keys()]).toContain('sip_+60123456789');
  listener.hangUp();
  carrier.talk = undefined;
  pass(10_000);
  expect(ends).toEqual([]);
  callee.call.bye();
  pass(2000);
  expect(ends).toHaveLength(1);
  net.run(net.now() + 60_000);
  expect(gateway.left()).toEqual({});
});

test('a call that we placed goes on, and none is placed', () => {
  const { carrier, place, pass, heard, gateway, net, settle } = world();
  const far = carrier(answering);
  place();
  pass(1000);
  const { ends } = drained({ gateway, net }, 600_000);
  expect(place()).toEqual({ ok: false, error: 'draining' });
  pass(60_000);
  expect(heard).toEqual(['ringing', 'answered']);
  far.call!.bye();
  pass(1000);
  expect(heard.at(-1)).toMatch(/^over bye/);
  expect(ends).toHaveLength(1);
  settle();
});
