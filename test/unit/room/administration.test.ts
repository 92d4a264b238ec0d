import { describe, expect, it } from 'vitest';
import type { Track } from '../../../src/room/participant.ts';
import { all, door, joined, request, voice, world } from './world.ts';

function camera(sid: string): Track {
  return { ...voice(sid), kind: 'video', source: 'camera', origin: { from: 'transport', transport: 'TP_1' } };
}

describe('rooms by the API', () => {
  it('wait for their first participant, and are there with what was set', () => {
    const { rooms, at, timers } = world();
    const created = rooms.create('lobby', { emptyMs: 60_000, metadata: 'm', maxParticipants: 1 });
    expect(created).toMatchObject({ ok: true, value: { metadata: 'm', settings: { maxParticipants: 1 } } });
    at(59_999);
    expect(rooms.find('lobby')).toBeDefined();
    at(60_000);
    expect(rooms.find('lobby')).toBeUndefined();
    expect(timers.size).toBe(0);
  });

  it('wait five minutes when nothing was said, and by the departure timeout once somebody was in', () => {
    const { rooms, at } = world();
    rooms.create('never', {});
    rooms.create('lobby', { departureMs: 5000 });
    const ann = joined(rooms, 'ann');
    at(299_999);
    expect(rooms.find('never')).toBeDefined();
    at(300_000);
    expect(rooms.find('never')).toBeUndefined();
    expect(rooms.find('lobby')).toBe(ann.room);
    ann.room.leave(ann.participant, 'client_initiated');
    at(304_999);
    expect(rooms.find('lobby')).toBeDefined();
    at(305_000);
    expect(rooms.find('lobby')).toBeUndefined();
  });

  it('are made once: the second time changes only what was said', () => {
    const { rooms, events } = world();
    const first = rooms.create('lobby', { emptyMs: 1000, metadata: 'one' });
    const ann = joined(rooms, 'ann');
    const second = rooms.create('lobby', { maxParticipants: 2, metadata: 'two' });
    expect(first.ok && second.ok && first.value === second.value).toBe(true);
    expect(rooms.find('lobby')).toMatchObject({
      metadata: 'two',
      settings: { emptyMs: 1000, maxParticipants: 2, departureMs: 20_000 },
    });
    expect(ann.door.told.slice(-1)).toEqual(['room']);
    expect(events.filter(({ type }) => type === 'room.opened')).toHaveLength(1);
  });

  it('take no more than they may, but a namesake takes a place that is taken', () => {
    const { rooms } = world();
    rooms.create('lobby', { maxParticipants: 1 });
    joined(rooms, 'ann');
    expect(rooms.join(request('bob'), door())).toEqual({ ok: false, error: 'room-full' });
    expect(rooms.join(request('ann'), door()).ok).toBe(true);
    // The gateway's own limit is not raised by a room's.
    rooms.create('wide', { maxParticipants: 100 });
    for (const name of ['a', 'b', 'c']) rooms.join(request(name, { room: 'wide' }), door());
    expect(rooms.join(request('d', { room: 'wide' }), door())).toEqual({ ok: false, error: 'room-full' });
  });

  it('are made no more while the gateway drains, and those that are open let people in', () => {
    const { rooms } = world();
    joined(rooms, 'ann');
    const caller = rooms.anteroom(['lobby'], () => {})!;
    rooms.drain();
    expect(rooms.join(request('bob'), door()).ok).toBe(true);
    expect(rooms.create('lobby', { metadata: 'new' }).ok).toBe(true);
    const refused = { ok: false, error: 'draining' };
    expect(rooms.join(request('carol', { room: 'new' }), door())).toEqual(refused);
    expect(rooms.create('new', {})).toEqual(refused);
    // Who keys his PIN was let in before.
    expect(rooms.join(request('dan', { room: 'new', from: caller }), door()).ok).toBe(true);
    rooms.stop('server_shutdown');
    expect(rooms.join(request('eve'), door())).toEqual({ ok: false, error: 'stopping' });
  });

  it('are deleted with everybody in them, and made no more at shutdown', () => {
    const { rooms, timers } = world();
    const ann = joined(rooms, 'ann');
    expect(rooms.delete('lobby')).toBe(true);
    expect(ann.door.told.slice(-1)).toEqual(['removed room_deleted']);
    expect(rooms.delete('lobby')).toBe(false);
    rooms.stop('server_shutdown');
    expect(rooms.create('new', {})).toEqual({ ok: false, error: 'stopping' });
    expect(timers.size).toBe(0);
  });

  it('have bounded names and number', () => {
    const { rooms } = world({ rooms: 1, participantsPerRoom: 3, departureMs: 1 });
    expect(rooms.create('', {})).toEqual({ ok: false, error: 'bad-room-name' });
    expect(rooms.create('x\u0000', {})).toEqual({ ok: false, error: 'bad-room-name' });
    expect(rooms.create('a', {}).ok).toBe(true);
    expect(rooms.create('b', {})).toEqual({ ok: false, error: 'no-worker' });
  });
});

describe('what an administrator may do', () => {
  it('mutes a phone at its leg and lets it be heard again', () => {
    const { rooms, commands } = world();
    const phone = joined(rooms, 'sip_1', { kind: 'sip' });
    phone.room.publish(phone.participant, voice('TR_p'));
    const room = rooms.find('lobby');
    expect(room?.orders.muteTrack(phone.participant, 'TR_p', true)).toBe('done');
    expect(commands.at(-1)).toEqual({ type: 'leg.mute', leg: 'LG_TR_p', muted: true });
    expect(phone.door.told.slice(-1)).toEqual(['mute TR_p']);
    expect(room?.orders.muteTrack(phone.participant, 'TR_p', false)).toBe('done');
    expect(commands.at(-1)).toEqual({ type: 'leg.mute', leg: 'LG_TR_p', muted: false });
    expect(room?.orders.muteTrack(phone.participant, 'TR_x', true)).toBe('no-such-track');
  });

  it('keeps its own mute of a phone apart from hold, over hold, resume and a new codec', () => {
    const { rooms, commands } = world();
    const { participant, room } = joined(rooms, 'sip_1', { kind: 'sip' });
    const administered = rooms.find('lobby');
    const mutes = () => commands.flatMap((command) => (command.type === 'leg.mute' ? [command.muted] : []));
    room.publish(participant, voice('TR_p'));
    // Muted on hold: the end of the hold does not unmute.
    room.setMuted(participant, 'TR_p', true);
    administered?.orders.muteTrack(participant, 'TR_p', true);
    room.setMuted(participant, 'TR_p', false);
    expect(participant.tracks.get('TR_p')?.muted).toBe(true);
    // A new codec, a new track: muted from its first packet.
    room.unpublish(participant, 'TR_p');
    room.publish(participant, voice('TR_q'));
    expect(participant.tracks.get('TR_q')?.muted).toBe(true);
    // Unmuted on hold: the room hears nothing before the hold is over.
    room.setMuted(participant, 'TR_q', true);
    administered?.orders.muteTrack(participant, 'TR_q', false);
    expect(participant.tracks.get('TR_q')?.muted).toBe(true);
    expect(mutes()).toEqual([true, true]);
    room.setMuted(participant, 'TR_q', false);
    expect(mutes()).toEqual([true, true, false]);
    // The right to publish, taken and given back.
    administered?.orders.setPermissions(participant, { ...all, canPublish: false });
    administered?.orders.setPermissions(participant, all);
    expect(mutes()).toEqual([true, true, false, true, false]);
  });

  it('mutes a browser, which alone may unmute itself', () => {
    const { rooms, commands } = world();
    const ann = joined(rooms, 'ann');
    ann.room.publish(ann.participant, camera('TR_c'));
    const room = rooms.find('lobby');
    expect(room?.orders.muteTrack(ann.participant, 'TR_c', true)).toBe('done');
    expect(commands.at(-1)).toEqual({ type: 'receiver.mute', track: 'TR_c', muted: true });
    expect(ann.participant.tracks.get('TR_c')?.muted).toBe(true);
    expect(ann.door.told.slice(-1)).toEqual(['mute TR_c']);
    expect(room?.orders.muteTrack(ann.participant, 'TR_c', false)).toBe('not-allowed');
  });

  it('takes the right to publish: tracks end, a phone is muted and stays so', () => {
    const { rooms } = world();
    const ann = joined(rooms, 'ann');
    ann.room.publish(ann.participant, camera('TR_c'));
    const bob = joined(rooms, 'bob');
    bob.room.activate(bob.participant);
    const room = rooms.find('lobby');
    room?.orders.setPermissions(ann.participant, { ...all, publishSources: ['microphone'] });
    expect(ann.door.told.slice(-1)).toEqual(['unpublished TR_c']);
    expect(bob.door.told).toContain('-TR_c');
    expect(ann.participant.tracks.size).toBe(0);

    const phone = joined(rooms, 'sip_1', { kind: 'sip' });
    phone.room.publish(phone.participant, voice('TR_p'));
    room?.orders.setPermissions(phone.participant, { ...all, canPublish: false });
    expect(phone.participant.tracks.get('TR_p')?.muted).toBe(true);
    expect(room?.orders.muteTrack(phone.participant, 'TR_p', false)).toBe('not-allowed');
  });

  it('takes and gives the right to subscribe', () => {
    const { rooms } = world();
    const ann = joined(rooms, 'ann');
    ann.room.publish(ann.participant, camera('TR_c'));
    const bob = joined(rooms, 'bob');
    bob.room.activate(bob.participant);
    const room = rooms.find('lobby');
    room?.orders.setPermissions(bob.participant, { ...all, canSubscribe: false, hidden: true });
    expect(bob.door.told.slice(-1)).toEqual(['-TR_c']);
    expect(bob.participant.permissions.hidden).toBe(false);
    room?.orders.setPermissions(bob.participant, all);
    expect(bob.door.told.slice(-1)).toEqual(['+TR_c']);
    room?.orders.subscribe(bob.participant, ['TR_c', 'TR_x'], 'unsubscribe');
    expect(bob.door.told.slice(-2)).toEqual(['unsubscribe TR_c', '-TR_c']);
  });

  it('says something to all, or to some', () => {
    const { rooms } = world();
    const ann = joined(rooms, 'ann', { permissions: { ...all, canPublishData: false } });
    const bob = joined(rooms, 'bob');
    rooms.find('lobby')?.orders.announce('reliable', new Uint8Array(3), []);
    rooms.find('lobby')?.orders.announce('lossy', new Uint8Array(4), ['bob', 'nobody']);
    expect(ann.door.told.slice(-1)).toEqual(['reliable 3']);
    expect(bob.door.told.slice(-2)).toEqual(['reliable 3', 'lossy 4']);
  });
});
