import { afterEach, describe, expect, test } from 'vitest';
import { monotonicClock } from '../../../src/adapters/clock/clock.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { IncomingInvite, LoneOutcome, SipCall } from '../../../src/sip/ports.ts';
import { answer, offer, Recorder } from '../../contract/sip-engine-bench.ts';
import { DOUBLE_SECRET, DrachtioDouble } from '../../support/drachtio-double.ts';
import { connected, type DrachtioUnderTest, openDrachtioEngine } from '../../support/drachtio-engine.ts';
import { eventually, eventuallyEqual } from '../../support/eventually.ts';
import { type HandDialog, HandPeer, headerOf } from '../../support/hand-peer.ts';

const cleanup: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const run of cleanup.splice(0).reverse()) await run();
});

async function server(ports?: { port: number; sipPort?: number }): Promise<DrachtioDouble> {
  const double = await DrachtioDouble.open(ports);
  cleanup.push(() => double.stop());
  return double;
}

function engineOn(port: number, options: Parameters<typeof openDrachtioEngine>[1] = {}): DrachtioUnderTest {
  const under = openDrachtioEngine({ port, secret: DOUBLE_SECRET }, options);
  cleanup.push(() => under.stop());
  cleanup.push(() => expect(under.faults).toEqual([]));
  return under;
}

async function up(options?: Parameters<typeof openDrachtioEngine>[1]) {
  const double = await server();
  const under = engineOn(double.port, options);
  await connected(under);
  return { double, under };
}

async function peerOf(double: DrachtioDouble): Promise<HandPeer> {
  const peer = await HandPeer.open(double.sip.port);
  cleanup.push(() => peer.close());
  return peer;
}

interface Up {
  readonly peer: HandPeer;
  readonly dialog: HandDialog;
  readonly recorder: Recorder;
  readonly call: SipCall;
}

async function callUp(double: DrachtioDouble, { engine }: DrachtioUnderTest): Promise<Up> {
  const peer = await peerOf(double);
  const dialog = peer.newDialog();
  const recorder = new Recorder();
  let call: SipCall | undefined;
  engine.onInvite = (invite) => {
    invite.handler = recorder;
    call = invite.accept(utf8(answer));
  };
  peer.request('INVITE', dialog, { body: offer });
  peer.answered(dialog, await peer.next('SIP/2.0 200'));
  peer.request('ACK', dialog, { cseq: dialog.cseq });
  await recorder.expect('confirmed');
  recorder.told.length = 0;
  return { peer, dialog, recorder, call: call! };
}

async function nothingLeft({ engine }: DrachtioUnderTest): Promise<void> {
  const nothing = { calls: 0, transactions: 0, connections: 0 };
  await eventuallyEqual('what is left', 15_000, nothing, () => engine.gauges());
}

const states = ({ events }: DrachtioUnderTest) =>
  events.flatMap((event) => (event.type === 'sip.engine' ? [event.state] : []));

describe('the connection to drachtio', () => {
  test('comes about when the server does; calls out fail until then', async () => {
    const first = await DrachtioDouble.open();
    const { port } = first;
    await first.stop();
    const under = engineOn(port);
    await eventually('it fails', 15_000, () => states(under).includes('down'));
    const recorder = new Recorder();
    const next = { transport: 'udp', remote: { address: '127.0.0.1', port: 9 } } as const;
    under.engine.invite({ to: 'sip:a@127.0.0.1', from: 'sip:b@127.0.0.1', next, sdp: utf8(offer) }, recorder);
    const outcomes: LoneOutcome[] = [];
    const lone = {
      method: 'OPTIONS',
      uri: 'sip:127.0.0.1',
      from: '<sip:b@127.0.0.1>',
      to: '<sip:127.0.0.1>',
    };
    under.engine.request({ ...lone, callId: 'c', cseq: 1, next }, (outcome) => outcomes.push(outcome));
    await recorder.expect('ended transport');
    await eventually('the request fails', 15_000, () => outcomes.length === 1);
    expect(outcomes[0]).toMatchObject({ status: 0, why: 'transport-error' });
    await nothingLeft(under);
    await server({ port });
    await connected(under);
    expect(states(under).at(-1)).toBe('up');
  });

  test('is not made with another secret, and is tried again with pauses', async () => {
    const double = await server();
    const under = openDrachtioEngine({ port: double.port, secret: 'wrong' });
    cleanup.push(() => under.stop());
    await eventually('it fails twice', 8000, () => states(under).length >= 2);
    expect(states(under)).not.toContain('up');
    expect(under.events[0]).toMatchObject({ detail: expect.stringContaining('refuses the secret') });
    const pauses = under.events.flatMap((event) =>
      event.type === 'sip.engine' ? [Number(/again in (\d+) ms/.exec(event.detail)?.[1])] : [],
    );
    expect(pauses[0]).toBeGreaterThanOrEqual(250);
    expect(pauses[1]).toBeGreaterThan(500 - 1);
  });

  test.each([
    ['bytes that are no length', 'HTTP/1.1 400 Bad Request\r\n#\r\n\r\n'],
    ['a message of no kind', '12#abc|nonsense|'],
    ['a message that is no SIP', '40#abc|sip|network|1|udp|127.0.0.1|1|t|x|y\r\nz'],
  ])('lives through %s', async (_name, bytes) => {
    const { double, under } = await up();
    const established = await callUp(double, under);
    double.write(bytes);
    await eventually('it is up', 8000, () => under.engine.isUp);
    // Whether it was made anew or not, the call is there and can be ended.
    await eventually('the connection works', 8000, async () => {
      established.call.bye();
      return established.peer.received.some((text) => text.startsWith('BYE'));
    });
    established.peer.respond(await established.peer.next('BYE'), '200 OK', { dialog: established.dialog });
    await nothingLeft(under);
  });

  test('is lost: what is being set up fails, what is up goes on and can be ended over the next one', async () => {
    const { double, under } = await up();
    const established = await callUp(double, under);
    const { peer, dialog, recorder, call } = established;
    const ringing = new Recorder();
    let invite: IncomingInvite | undefined;
    under.engine.onInvite = (its) => {
      invite = its;
      its.handler = ringing;
      its.progress(180);
    };
    peer.request('INVITE', peer.newDialog(), { body: offer });
    await peer.next('SIP/2.0 180');
    double.disconnect();
    await ringing.expect('ended transport');
    invite!.accept(utf8(answer));
    expect(under.events.at(-1)).toMatchObject({ type: 'sip.engine', state: 'down', calls: 1 });
    await connected(under);
    expect(under.events.at(-1)).toMatchObject({ type: 'sip.engine', state: 'up', calls: 1 });
    // It is asked after.
    peer.respond(await peer.next('OPTIONS'), '200 OK', { dialog });
    expect(recorder.told).toEqual([]);
    call.bye();
    peer.respond(await peer.next('BYE'), '200 OK', { dialog });
    await nothingLeft(under);
    expect(ringing.told).toHaveLength(1);
    expect(recorder.told).toEqual([]);
  });

  test('is lost, and the far end hangs up meanwhile: the call ends once the server can be asked', async () => {
    const { double, under } = await up();
    const { peer, dialog, recorder } = await callUp(double, under);
    double.disconnect();
    await eventually('it is down', 15_000, () => !under.engine.isUp);
    peer.request('BYE', dialog);
    await peer.next('SIP/2.0 481');
    await recorder.expect('ended transport 481 to OPTIONS');
    await nothingLeft(under);
    expect(recorder.told).toHaveLength(1);
  });

  test('stays lost: after a minute the calls end', async () => {
    const double = await DrachtioDouble.open();
    const timers = new WakeQueue();
    let now = 0;
    const under = engineOn(double.port, { timers, clock: { now: () => now } });
    await connected(under);
    const { recorder } = await callUp(double, under);
    await double.stop();
    await eventually('it is down', 15_000, () => !under.engine.isUp);
    now = 59_000;
    timers.run(now);
    expect(recorder.told).toEqual([]);
    now = 60_500;
    timers.run(now);
    expect(recorder.told).toEqual(['ended transport the connection to drachtio is gone']);
    await nothingLeft(under);
  });
});

describe('what the drachtio server does by itself', () => {
  test.each([
    ['SIP ;cause=200 ;text="ACK timeout"', 'ended ack-timeout'],
    ['SIP ;cause=200 ;text="Session timer expired"', 'ended session-expired'],
    ['SIP ;cause=200 ;text="CANCEL after 200 OK"', 'ended cancel'],
    ['SIP ;cause=200 ;text="something new"', 'ended transport SIP ;cause=200 ;text="something new"'],
  ])('BYE because of %s is the call’s end', async (reason, told) => {
    const { double, under } = await up();
    const { peer, dialog, recorder } = await callUp(double, under);
    double.sip.endDialog([...double.sip.dialogs.values()][0]!, reason);
    await recorder.expect('ended');
    expect(recorder.told).toEqual([told]);
    peer.respond(await peer.next('BYE'), '200 OK', { dialog });
    await nothingLeft(under);
  });

  test('the terms of session timers go to it in the 200; too short ones are refused', async () => {
    const { double, under } = await up({ session: { sessionExpires: 1800, minSe: 120 } });
    const peer = await peerOf(double);
    const dialog = peer.newDialog();
    const recorder = new Recorder();
    under.engine.onInvite = (invite) => {
      invite.handler = recorder;
      invite.accept(utf8(answer)).bye();
    };
    const short = ['Supported: timer', 'Session-Expires: 90'];
    const branch = peer.request('INVITE', peer.newDialog(), { body: offer, headers: short });
    expect(branch).not.toBe('');
    expect(headerOf(await peer.next('SIP/2.0 422'), 'Min-SE')).toBe('120');
    const headers = ['Supported: timer', 'Session-Expires: 600;refresher=uac'];
    peer.request('INVITE', dialog, { body: offer, headers });
    const ok = await peer.next('SIP/2.0 200');
    expect(headerOf(ok, 'Session-Expires')).toBe('600;refresher=uac');
    expect(headerOf(ok, 'Require')).toBe('timer');
    peer.answered(dialog, ok);
    peer.request('ACK', dialog, { cseq: dialog.cseq });
    peer.respond(await peer.next('BYE'), '200 OK', { dialog });
    await nothingLeft(under);
  });
});

test.each(['*', '<tel:+60312345678>'])(
  'an INVITE with Contact %s, which would kill the server, is not answered',
  async (contact) => {
    const { double, under } = await up();
    const peer = await peerOf(double);
    let invites = 0;
    under.engine.onInvite = (invite) => {
      invites++;
      invite.reject(486);
    };
    peer.request('INVITE', peer.newDialog(), { body: offer, contact: `Contact: ${contact}` });
    await eventually('it is counted', 15_000, () =>
      under.events.some((event) => event.type === 'dropped' && event.reason === 'header-syntax'),
    );
    peer.request('INVITE', peer.newDialog(), { body: offer });
    await peer.next('SIP/2.0 486');
    expect(invites).toBe(1);
    expect(peer.received.filter((text) => !text.startsWith('SIP/2.0 100'))).toHaveLength(1);
    await nothingLeft(under);
  },
);

test('overload and shutdown refuse new calls with 503, and what is up goes on', async () => {
  let overloaded = false;
  const { double, under } = await up({ overloaded: () => overloaded });
  const { peer, dialog, recorder } = await callUp(double, under);
  overloaded = true;
  peer.request('INVITE', peer.newDialog(), { body: offer });
  expect(headerOf(await peer.next('SIP/2.0 503'), 'Retry-After')).toBe('5');
  overloaded = false;
  under.engine.shutdown();
  peer.request('INVITE', peer.newDialog(), { body: offer });
  await peer.next('SIP/2.0 503');
  peer.request('BYE', dialog);
  await peer.next('SIP/2.0 200');
  await recorder.expect('ended bye');
});

test('who sends too fast is not read outside of calls, and counted', async () => {
  let frozen: number | undefined;
  const clock = { now: () => frozen ?? monotonicClock.now() };
  const { double, under } = await up({ limits: { messagesPerSecond: 10 }, clock });
  const peer = await peerOf(double);
  const accepted: string[] = [];
  under.engine.onInvite = (invite) => {
    accepted.push(invite.request.callId);
    invite.reject(486);
  };
  // However slowly they come.
  frozen = clock.now();
  for (let i = 0; i < 40; i++) peer.request('INVITE', peer.newDialog(), { body: offer });
  await eventually('drops are told', 15_000, () =>
    under.events.some((event) => event.type === 'dropped' && event.reason === 'rate'),
  );
  expect(accepted.length).toBeLessThanOrEqual(6);
  await peer.next('SIP/2.0 503');
  await nothingLeft(under);
});
