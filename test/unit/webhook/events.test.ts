import { DisconnectReason, ParticipantInfo_State, WebhookEvent } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { type WebhookBody, WebhookEvents } from '../../../src/api/webhook/events.ts';
import { joined, voice, world } from '../room/world.ts';

function rig() {
  const bodies: WebhookBody[] = [];
  const rooms: string[] = [];
  let hooks: WebhookEvents | undefined;
  const its = world(undefined, (event) => hooks?.sink(event));
  hooks = new WebhookEvents({
    rooms: its.rooms,
    wall: { unixMs: () => 1_700_000_000_500 },
    random: { bytes: (length) => new Uint8Array(length).fill(bodies.length), u32: () => 0 },
    send: (body, room) => {
      bodies.push(body);
      rooms.push(room);
    },
  });
  const events = hooks;
  return {
    ...its,
    bodies,
    hooks: events,
    queues: rooms,
    emit: events.sink,
    told: () => bodies.map((body) => WebhookEvent.fromJson(body as never, { ignoreUnknownFields: true })),
  };
}

describe("LiveKit's webhook events", () => {
  test('tell a room from its beginning to its end', () => {
    const { at, hooks, queues, rooms, told } = rig();
    rooms.create('lobby', { metadata: 'm', maxParticipants: 3 });
    const ann = joined(rooms, 'ann', { attributes: new Map([['a', 'b']]) });
    ann.room.activate(ann.participant);
    ann.room.publish(ann.participant, voice('TR_a'));
    ann.room.unpublish(ann.participant, 'TR_a');
    ann.room.publish(ann.participant, voice('TR_b'));
    ann.room.leave(ann.participant, 'client_initiated');
    at(60_000);
    const events = told();
    expect(events.map(({ event }) => event)).toEqual([
      'room_started',
      'participant_joined',
      'track_published',
      'track_unpublished',
      'track_published',
      'track_unpublished',
      'participant_left',
      'room_finished',
    ]);
    expect(events[0]).toMatchObject({
      createdAt: 1_700_000_000n,
      room: { name: 'lobby', metadata: 'm', maxParticipants: 3, sid: ann.room.sid },
    });
    expect(events[1]?.participant).toMatchObject({
      identity: 'ann',
      state: ParticipantInfo_State.ACTIVE,
      attributes: { a: 'b' },
    });
    expect(events[3]?.track).toMatchObject({ sid: 'TR_a', mimeType: 'audio/PCMA' });
    expect(events[6]?.participant).toMatchObject({
      identity: 'ann',
      sid: ann.participant.sid,
      state: ParticipantInfo_State.DISCONNECTED,
      disconnectReason: DisconnectReason.CLIENT_INITIATED,
    });
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(events[0]?.id).toMatch(/^EV_\w{12}$/);
    expect(new Set(queues)).toEqual(new Set(['lobby']));
    expect(hooks.size).toBe(0);
  });

  test('tell apart who never had media', () => {
    const { rooms, told } = rig();
    const ann = joined(rooms, 'ann');
    ann.room.leave(ann.participant, 'join_failure');
    expect(told().map(({ event }) => event)).toEqual(['room_started', 'participant_connection_aborted']);
  });

  test('tell of tracks behind who has published them, though he began before his media worked', () => {
    const { rooms, told } = rig();
    const { participant, room } = joined(rooms, 'ann');
    room.publish(participant, voice('TR_a'));
    room.publish(participant, voice('TR_b'));
    room.unpublish(participant, 'TR_a');
    room.activate(participant);
    const never = joined(rooms, 'bob');
    never.room.publish(never.participant, voice('TR_c'));
    never.room.leave(never.participant, 'client_initiated');
    expect(told().map(({ event, track }) => [event, track?.sid])).toEqual([
      ['room_started', undefined],
      ['participant_joined', undefined],
      ['track_published', 'TR_b'],
      ['participant_connection_aborted', undefined],
    ]);
  });

  test('survive a namesake, and rooms that are deleted', () => {
    const { hooks, rooms, told } = rig();
    const first = joined(rooms, 'ann');
    first.room.activate(first.participant);
    const second = joined(rooms, 'ann');
    second.room.activate(second.participant);
    rooms.delete('lobby');
    expect(
      told().map(({ event, participant }) => [event, participant?.sid, participant?.disconnectReason]),
    ).toEqual([
      ['room_started', undefined, undefined],
      ['participant_joined', first.participant.sid, DisconnectReason.UNKNOWN_REASON],
      ['participant_left', first.participant.sid, DisconnectReason.DUPLICATE_IDENTITY],
      ['participant_joined', second.participant.sid, DisconnectReason.UNKNOWN_REASON],
      ['participant_left', second.participant.sid, DisconnectReason.ROOM_DELETED],
      ['room_finished', undefined, undefined],
    ]);
    expect(hooks.size).toBe(0);
  });
});

describe('webhook events of phones', () => {
  test('tell a call with its number, from ringing to its end', () => {
    const { bodies, emit, hooks, rooms, told } = rig();
    const call = 'SCL_1';
    const phone = joined(rooms, 'sip_1', { kind: 'sip', attributes: new Map([['sip.callID', call]]) });
    emit({
      ...{ type: 'call.received', call, sipCallId: 'x@y', trunk: 'near', from: '+60123456789', to: 'lobby' },
      ...{ source: '192.0.2.1:5060', transport: 'udp' },
    });
    emit({ type: 'call.ringing', call });
    phone.room.activate(phone.participant);
    emit({ type: 'call.answered', call, room: 'lobby', codec: 'audio/pcma', setupMs: 40 });
    emit({ type: 'call.held', call, by: 'phone' });
    emit({ type: 'call.resumed', call, heldMs: 4000 });
    emit({ type: 'call.codec', call, codec: 'audio/pcmu' });
    phone.room.leave(phone.participant, 'client_initiated');
    const quality = { packetsIn: 10, packetsOut: 9, lost: 1, concealed: 2, late: 3, jitterMs: 4 };
    emit({
      ...{ type: 'call.ended', call, durationMs: 5000, quality },
      ending: { cause: 'bye', sipStatus: 200, q850: 16, fault: 'none' },
    });
    const sip = bodies.filter(({ event }) => String(event).startsWith('sip_'));
    expect(sip.map(({ event }) => event)).toEqual([
      'sip_call_ringing',
      'sip_call_answered',
      'sip_call_held',
      'sip_call_resumed',
      'sip_call_ended',
    ]);
    const facts = {
      callId: call,
      direction: 'inbound',
      sipCallId: 'x@y',
      trunkId: 'near',
      from: '+60123456789',
      to: 'lobby',
    };
    expect(sip[0]?.['sipCall']).toEqual({ ...facts, startedAtMs: 1_700_000_000_500 });
    expect(sip[4]?.['sipCall']).toEqual({
      ...facts,
      ...{ startedAtMs: 1_700_000_000_500, answeredAtMs: 1_700_000_000_500, endedAtMs: 1_700_000_000_500 },
      ...{ codec: 'audio/pcmu', heldBy: 'phone', heldMs: 4000, durationMs: 5000 },
      ...{ cause: 'bye', sipStatus: 200, q850Cause: 16, fault: 'none', quality },
    });
    const last = told().at(-1);
    expect(last).toMatchObject({
      event: 'sip_call_ended',
      room: { name: 'lobby' },
      participant: { identity: 'sip_1' },
    });
    rooms.delete('lobby');
    expect(hooks.size).toBe(0);
  });

  test('tell once that the gateway drains', () => {
    const { bodies, emit, hooks } = rig();
    const told = { type: 'gateway.draining' as const, calls: 2, participants: 1, leftMs: 60_000 };
    for (const state of ['begun', 'waiting', 'over'] as const) emit({ ...told, state });
    expect(bodies).toMatchObject([
      { event: 'gateway_draining', gateway: { calls: 2, participants: 1, leftMs: 60_000 } },
    ]);
    expect(hooks.size).toBe(0);
  });

  test('tell a call that we placed and nobody answered', () => {
    const { bodies, emit, hooks } = rig();
    emit({ type: 'call.placed', call: 'SCL_2', trunk: 'out', from: '+1', to: '+2', room: 'lobby' });
    emit({
      ...{ type: 'call.ended', call: 'SCL_2', durationMs: 0 },
      ending: { cause: 'busy', sipStatus: 486, q850: 17, fault: 'none' },
    });
    expect(bodies).toMatchObject([
      {
        event: 'sip_call_ended',
        sipCall: { direction: 'outbound', sipStatus: 486, cause: 'busy', durationMs: 0 },
      },
    ]);
    emit({ type: 'call.ringing', call: 'SCL_unknown' });
    expect(bodies).toHaveLength(1);
    expect(hooks.size).toBe(0);
  });
});
