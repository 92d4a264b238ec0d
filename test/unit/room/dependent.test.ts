import { expect, test } from 'vitest';
import { roomInfo } from '../../../src/peer/livekit-info.ts';
import { all, door, joined, request, world } from './world.ts';

const AGENT = { kind: 'agent' } as const;
const RECORDER = { permissions: { ...all, hidden: true, recorder: true } };
const EGRESS = { kind: 'egress', permissions: { ...all, hidden: true } } as const;

test('a room in which nobody but agents and recorders is left closes, and they are put out', () => {
  const { at, rooms } = world();
  const ann = joined(rooms, 'ann');
  const agent = joined(rooms, 'agent', AGENT);
  const recorder = joined(rooms, 'recorder', RECORDER);
  ann.room.leave(ann.participant, 'client_initiated');
  at(19_999);
  expect(agent.door.told.at(-1)).not.toContain('removed');
  at(20_000);
  expect(rooms.find('lobby')).toBeUndefined();
  expect(agent.door.told.at(-1)).toBe('removed room_closed');
  expect(recorder.door.told.at(-1)).toBe('removed room_closed');
});

test('somebody who comes in time keeps it; an agent does not', () => {
  const { at, rooms } = world();
  const ann = joined(rooms, 'ann');
  joined(rooms, 'agent', AGENT);
  ann.room.leave(ann.participant, 'client_initiated');
  at(10_000);
  const bob = joined(rooms, 'bob');
  at(60_000);
  expect(rooms.find('lobby')?.participants.size).toBe(2);
  bob.room.leave(bob.participant, 'client_initiated');
  at(70_000);
  joined(rooms, 'second agent', AGENT);
  at(80_000);
  expect(rooms.find('lobby')).toBeUndefined();
});

test('a room that an agent has made waits for somebody as one that the API has made', () => {
  const { at, rooms, timers } = world();
  joined(rooms, 'agent', AGENT);
  at(299_999);
  expect(rooms.find('lobby')).toBeDefined();
  at(300_000);
  expect(rooms.find('lobby')).toBeUndefined();
  expect(timers.size).toBe(0);
});

test('they take no place of a room\u2019s limit, and are not counted, but the gateway\u2019s own limit is for all', () => {
  const { rooms } = world({ rooms: 10, participantsPerRoom: 4, departureMs: 20_000 });
  rooms.create('lobby', { maxParticipants: 1 });
  const { room } = joined(rooms, 'ann');
  joined(rooms, 'agent', AGENT);
  joined(rooms, 'egress', EGRESS);
  const full = { ok: false, error: 'room-full' };
  expect(rooms.join(request('bob'), door())).toEqual(full);
  joined(rooms, 'recorder', RECORDER);
  expect(rooms.join(request('another', AGENT), door())).toEqual(full);
  expect(roomInfo(room)).toMatchObject({ numParticipants: 1, activeRecording: true });
});

test.each([
  ['who has the grant', RECORDER],
  ['LiveKit\u2019s egress', EGRESS],
])('while %s is in, all know that the room is recorded', (_, kind) => {
  const { rooms } = world();
  const ann = joined(rooms, 'ann');
  expect(roomInfo(ann.room).activeRecording).toBe(false);
  const recorder = joined(rooms, 'recorder', kind);
  expect(ann.door.told.filter((told) => told === 'room')).toHaveLength(1);
  expect(roomInfo(ann.room).activeRecording).toBe(true);
  rooms.find('lobby')?.orders.setPermissions(recorder.participant, all);
  expect(roomInfo(ann.room).activeRecording).toBe(true);
  ann.room.leave(recorder.participant, 'client_initiated');
  expect(ann.door.told.filter((told) => told === 'room')).toHaveLength(2);
  expect(roomInfo(ann.room).activeRecording).toBe(false);
});
