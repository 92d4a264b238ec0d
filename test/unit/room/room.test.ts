import { describe, expect, it } from 'vitest';
import type { JoinRequest, Participant } from '../../../src/room/participant.ts';
import { all, door, joined, request, voice, world } from './world.ts';

describe('a room', () => {
  it('subscribes browsers to every track of others, and phones to none', () => {
    const { rooms } = world();
    const ann = joined(rooms, 'ann');
    ann.room.activate(ann.participant);
    const phone = joined(rooms, 'sip_1', { kind: 'sip' });
    phone.room.activate(phone.participant);
    phone.room.publish(phone.participant, voice('TR_p'));
    ann.room.publish(ann.participant, voice('TR_a'));
    expect(ann.door.told).toContain('+TR_p');
    expect(ann.door.told).not.toContain('+TR_a');
    expect(phone.door.told.filter((line) => line.startsWith('+'))).toEqual([]);
  });

  it('subscribes a late comer only when its media works', () => {
    const { rooms } = world();
    const ann = joined(rooms, 'ann');
    ann.room.publish(ann.participant, voice('TR_a'));
    const bob = joined(rooms, 'bob');
    expect(bob.door.told).not.toContain('+TR_a');
    bob.room.activate(bob.participant);
    expect(bob.door.told).toContain('+TR_a');
  });

  it('keeps to permissions and wishes', () => {
    const { rooms } = world();
    const ann = joined(rooms, 'ann');
    ann.room.publish(ann.participant, voice('TR_a'));
    const deaf = joined(rooms, 'deaf', {
      permissions: { ...all, canSubscribe: false, canPublishData: false },
    });
    deaf.room.activate(deaf.participant);
    expect(deaf.door.told).not.toContain('+TR_a');
    deaf.room.sendData(deaf.participant, 'reliable', new Uint8Array(3), []);
    expect(ann.door.told).not.toContain('reliable 3');
    const bob = joined(rooms, 'bob');
    bob.room.activate(bob.participant);
    bob.room.setSubscribed(bob.participant, ['TR_a'], 'unsubscribe');
    expect(bob.door.told.slice(-1)).toEqual(['-TR_a']);
    bob.room.setSubscribed(bob.participant, ['TR_a', 'TR_unknown'], 'subscribe');
    expect(bob.door.told.slice(-1)).toEqual(['+TR_a']);
  });

  it('hides the hidden', () => {
    const { rooms } = world();
    const ann = joined(rooms, 'ann');
    const spy = joined(rooms, 'spy', { permissions: { ...all, hidden: true } });
    spy.room.publish(spy.participant, voice('TR_s'));
    expect(ann.door.told.some((line) => line.startsWith('spy'))).toBe(false);
    expect(spy.door.told.some((line) => line.startsWith('spy'))).toBe(true);
  });

  it('puts a namesake out, and does not close the room under the newcomer', () => {
    const { rooms, at } = world();
    const first = joined(rooms, 'ann');
    const second = joined(rooms, 'ann');
    expect(first.door.told.slice(-1)).toEqual(['removed duplicate_identity']);
    at(60_000);
    expect(rooms.find('lobby')).toBe(second.room);
    // The first one's leave comes late and must not take the second with it.
    first.room.leave(first.participant, 'client_initiated');
    expect(second.room.participants.get('ann')).toBe(second.participant);
  });

  it('closes a while after the last has left, and leaves nothing', () => {
    const { rooms, timers, at, commands, events } = world();
    const ann = joined(rooms, 'ann');
    ann.room.leave(ann.participant, 'client_initiated');
    at(19_999);
    expect(rooms.find('lobby')).toBeDefined();
    at(20_000);
    expect(rooms.find('lobby')).toBeUndefined();
    expect(commands.map((command) => command.type)).toEqual(['room.open', 'room.close']);
    expect(events.map((event) => event.type)).toContain('room.closed');
    expect(timers.size).toBe(0);
  });

  it('refuses what it must', () => {
    const { rooms } = world();
    const refusal = (change: Partial<JoinRequest>) => {
      const result = rooms.join(request('x', change), door());
      return result.ok ? 'ok' : result.error;
    };
    expect(refusal({ autoCreate: false })).toBe('no-such-room');
    expect(refusal({ room: '' })).toBe('bad-room-name');
    expect(refusal({ room: 'a\nb' })).toBe('bad-room-name');
    expect(refusal({ identity: '' })).toBe('bad-identity');
    for (const identity of ['a', 'b', 'c']) joined(rooms, identity);
    expect(refusal({ identity: 'd' })).toBe('room-full');
    rooms.stop('server_shutdown');
    expect(refusal({})).toBe('stopping');
  });

  it('names speakers by their tracks', () => {
    const { rooms, media } = world();
    const ann = joined(rooms, 'ann');
    ann.room.publish(ann.participant, voice('TR_a'));
    media({
      type: 'speakers',
      room: ann.room.sid,
      speakers: [
        { track: 'TR_a', level: 0.5 },
        { track: 'TR_gone', level: 1 },
      ],
    });
    expect(ann.door.told.slice(-1)).toEqual(['speakers ann']);
  });

  it('puts everybody out when its worker dies', () => {
    const { rooms, media, timers } = world();
    const ann = joined(rooms, 'ann');
    media({ type: 'worker.failed', reason: 'gone' });
    expect(ann.door.told.slice(-1)).toEqual(['removed media_failure']);
    expect(rooms.find('lobby')).toBeUndefined();
    expect(timers.size).toBe(0);
    const refused = rooms.join(request('bob'), door());
    expect(refused).toEqual({ ok: false, error: 'no-worker' });
  });

  it('mutes at the source', () => {
    const { rooms, commands } = world();
    const ann = joined(rooms, 'ann');
    ann.room.publish(ann.participant, voice('TR_a'));
    ann.room.setMuted(ann.participant, 'TR_a', true);
    expect(commands.slice(-1)).toEqual([{ type: 'leg.mute', leg: 'LG_TR_a', muted: true }]);
    const seen: readonly Participant[] = [ann.participant];
    expect(seen[0]?.tracks.get('TR_a')?.muted).toBe(true);
  });
});
