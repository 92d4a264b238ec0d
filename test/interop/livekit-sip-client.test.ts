import type { Socket } from 'node:dgram';
import { RoomServiceClient, SipCallError, SipClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBusyPeer } from '../support/busy-peer.ts';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway } from '../support/gateway.ts';

/** LiveKit's server SDK places calls through the gateway: to SIPp, which answers, and to a peer that is busy. */
let gateway: Gateway;
let sipp: Child;
let busy: Socket;
const asked: string[] = [];
let sip: SipClient;
let rooms: RoomServiceClient;

beforeAll(async () => {
  const first = await freePortBlock(4);
  sipp = new Child('sipp', 'timeout', [
    ...['-k', '5', '60', 'sipp', '-sn', 'uas', '-i', '127.0.0.1', '-p', String(first)],
    ...['-mi', '127.0.0.1', '-mp', String(first + 2), '-nostdin'],
  ]);
  busy = await openBusyPeer(asked);
  const trunks = [
    { id: 'sipp', name: 'SIPp', address: `127.0.0.1:${first}`, country: 'MY', numbers: ['+60312345678'] },
    { id: 'busy', address: `127.0.0.1:${busy.address().port}`, country: 'MY' },
  ];
  gateway = await Gateway.start({ TRUNKROOM_OUTBOUND_TRUNKS: JSON.stringify(trunks) });
  sip = new SipClient(gateway.url, 'devkey', 'secret');
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
});

afterAll(async () => {
  await gateway?.stop();
  busy?.close();
  await sipp?.stop();
});

test('a call is placed, waited for, seen in its room, and hung up with it', async () => {
  const call = await sip.createSipParticipant('sipp', '0123456789', 'called', {
    ...{ participantIdentity: 'callee', participantName: 'Callee', waitUntilAnswered: true },
    participantAttributes: { team: 'red' },
  });
  expect(call).toMatchObject({
    participantId: expect.stringMatching(/^PA_/),
    sipCallId: expect.stringMatching(/^SCL_/),
    ...{ participantIdentity: 'callee', roomName: 'called' },
  });
  const callee = await rooms.getParticipant('called', 'callee');
  expect(callee).toMatchObject({ sid: call.participantId, name: 'Callee' });
  expect(callee.attributes).toMatchObject({
    ...{ team: 'red', 'sip.callStatus': 'active', 'sip.callID': call.sipCallId },
    ...{ 'sip.phoneNumber': '+60123456789', 'sip.trunkPhoneNumber': '+60312345678', 'sip.trunkID': 'sipp' },
  });
  await rooms.deleteRoom('called');
  await eventually('the call is over', 15_000, async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    return /trunkroom_calls_ended_total\{[^}]*cause="room-deleted"[^}]*\} 1/.test(metrics);
  });
});

test('who is busy is told with SIP status and cause', async () => {
  const placed = sip.createSipParticipant('busy', '+60123456789', 'called', { waitUntilAnswered: true });
  const error = await placed.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SipCallError);
  expect(error).toMatchObject({
    ...{ sipStatusCode: 486, sipStatus: 'Busy Here', code: 'resource_exhausted' },
    metadata: { q850_cause: '17', cause: 'busy' },
  });
  expect(asked).toHaveLength(1);
});

test('a country that nobody allowed is not called', async () => {
  const placed = sip.createSipParticipant('busy', '+18765551234', 'called');
  await expect(placed).rejects.toMatchObject({ code: 'permission_denied' });
  expect(asked).toHaveLength(1);
});

test('trunks of the configuration are seen, and not changed', async () => {
  expect((await sip.listSipOutboundTrunk()).map(({ sipTrunkId }) => sipTrunkId)).toEqual(['sipp', 'busy']);
  expect((await sip.listSipInboundTrunk()).length).toBeGreaterThan(0);
  expect((await sip.listSipDispatchRule()).length).toBeGreaterThan(0);
  await expect(sip.deleteSipTrunk('sipp')).rejects.toMatchObject({ code: 'failed_precondition' });
});
