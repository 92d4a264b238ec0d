/**
 * A softphone that is not ours is put on hold, and follows a REFER of ours: it calls who it is told to, and says by NOTIFY what came of it.
 */
import type { Socket } from 'node:dgram';
import { RoomServiceClient, SipClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Baresip } from '../../support/baresip.ts';
import { openBusyPeer } from '../../support/busy-peer.ts';
import { eventually } from '../../support/eventually.ts';
import { Gateway } from '../../support/gateway.ts';
import { faultsHeard } from '../../support/hearing.ts';

const CALLER = { hz: 440, amplitude: 8000 };
const DESK = { hz: 1000, amplitude: 8000 };
/** baresip records before there is sound, and its jitter buffer settles. */
const SETTLED_SECONDS = 1;
const JUDGED_SECONDS = 2;

let gateway: Gateway;
let caller: Baresip;
let desk: Baresip;
let busy: Socket;
let sip: SipClient;
let rooms: RoomServiceClient;

beforeAll(async () => {
  gateway = await Gateway.start();
  caller = await Baresip.start({ user: '+60312345678', tone: CALLER });
  desk = await Baresip.start({ user: 'desk', tone: DESK, answer: 'auto' });
  busy = await openBusyPeer();
  sip = new SipClient(gateway.url, 'devkey', 'secret');
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
});

afterAll(async () => {
  await caller?.stop();
  await desk?.stop();
  busy?.close();
  await gateway?.stop();
});

async function phoneIn(room: string): Promise<string> {
  const [phone] = await rooms.listParticipants(room);
  return phone!.identity;
}

test('baresip is put on hold and taken back, and RTP to it goes on', async () => {
  await caller.dial(gateway.sipUri('held'));
  const identity = await phoneIn('held');
  const wish = (onHold: string) =>
    rooms.updateParticipant('held', identity, { attributes: { 'sip.onHold': onHold } });
  const isHeld = async () =>
    (await rooms.getParticipant('held', identity)).attributes['sip.onHold'] === 'true';
  await wish('true');
  await eventually('the phone is on hold', 15_000, isHeld);
  // Its answer to our offer.
  expect(caller.output).toMatch(/INVITE sip:[\s\S]*a=sendonly[\s\S]*SIP\/2\.0 200 OK[\s\S]*a=recvonly/);
  const toPhones = { peer: 'phone', direction: 'out' };
  const sent = async () => (await gateway.metrics()).value('trunkroom_rtp_packets_total', toPhones) ?? 0;
  const before = await sent();
  await eventually('music goes to it', 15_000, async () => (await sent()) > before + 50);
  await wish('');
  await eventually('the phone is back', 15_000, async () => !(await isHeld()));
  caller.hangUp();
  await eventually('it is gone', 15_000, async () => (await rooms.listParticipants('held')).length === 0);
});

test('who is told to call a busy number says so, and its own call goes on', async () => {
  await caller.dial(gateway.sipUri('first'));
  const identity = await phoneIn('first');
  const to = `sip:busy@127.0.0.1:${busy.address().port}`;
  await expect(sip.transferSipParticipant('first', identity, to)).rejects.toMatchObject({
    sipStatusCode: 486,
  });
  expect(await phoneIn('first')).toBe(identity);
  expect(caller.output).toMatch(/NOTIFY sip:[\s\S]*SIP\/2\.0 486 Busy Here/);
  caller.hangUp();
  await eventually(
    'the room is empty',
    15_000,
    async () => (await rooms.listParticipants('first')).length === 0,
  );
});

test('baresip follows a REFER, tells 100 and 200, gets our BYE, and the two phones talk without us', async () => {
  await caller.dial(gateway.sipUri('second'));
  const identity = await phoneIn('second');
  await sip.transferSipParticipant('second', identity, `sip:desk@127.0.0.1:${desk.sipPort}`);
  // It answered only once baresip's NOTIFY had said that the new call stands.
  expect(caller.output).toContain('SIP/2.0 202 Accepted');
  expect(caller.output).toMatch(/Event: refer[\s\S]*SIP\/2\.0 200 OK/);
  // The answer by HTTP and our BYE go out at the same time.
  await vi.waitFor(
    () => expect(caller.output).toMatch(/BYE sip:[\s\S]*transferred: handed on to somebody else/),
    5000,
  );
  await eventually('the phone is out of the room', 15_000, async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    return /trunkroom_calls_ended_total\{[^}]*cause="transferred"[^}]*\} [1-9]/.test(metrics);
  });
  await new Promise((resolve) => setTimeout(resolve, 1000 * (SETTLED_SECONDS + JUDGED_SECONDS + 1)));
  desk.hangUp();
  await caller.closed();
  const heard = { fromSecond: SETTLED_SECONDS, seconds: JUDGED_SECONDS };
  expect(faultsHeard(desk.heard(), { ...heard, tones: [CALLER], absent: [DESK.hz] })).toEqual([]);
  expect(faultsHeard(caller.heard(), { ...heard, tones: [DESK], absent: [CALLER.hz] })).toEqual([]);
});
