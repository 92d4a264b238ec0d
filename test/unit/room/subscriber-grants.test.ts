import { describe, expect, it } from 'vitest';
import type { Track } from '../../../src/room/participant.ts';
import { door, joined, request, voice, world } from './world.ts';

const EVERY = { rooms: 10, participantsPerRoom: 10, departureMs: 20_000 };

/** A browser's sound. */
function sound(sid: string, encryption = 0): Track {
  const said = {
    mid: '0',
    cid: '',
    encryption,
    backupCodecPolicy: 0,
    audioFeatures: [],
    packetTrailerFeatures: [],
  };
  return { ...voice(sid), origin: { from: 'transport', transport: 'PC_a' }, said };
}

/** A door that writes down too what is kept from it. */
function listener(rooms: ReturnType<typeof world>['rooms'], identity: string) {
  const its = door();
  const told = its.told;
  const result = rooms.join(request(identity), {
    ...its,
    subscriptionAllowed: (track, publisher, verdict) =>
      told.push(`${verdict} ${track.sid} of ${publisher.identity}`),
  });
  if (!result.ok) throw new Error(result.error);
  const { participant, room } = result.value;
  room.activate(participant);
  told.length = 0;
  return { participant, room, told };
}

function scene() {
  const lobby = world(EVERY);
  const ann = joined(lobby.rooms, 'ann');
  const [bob, eve] = [listener(lobby.rooms, 'bob'), listener(lobby.rooms, 'eve')];
  const phones = () =>
    lobby.commands.flatMap((one) => (one.type === 'receiver.phones' ? [`${one.track} ${one.hear}`] : []));
  for (const each of [bob, eve]) each.told.length = 0;
  return { ...lobby, ann, bob, eve, phones };
}

describe('a publisher says who may have its tracks', () => {
  it('none of which was there before, and who is not named gets none', () => {
    const { ann, bob, eve } = scene();
    ann.room.allowSubscribers(ann.participant, new Map([['bob', 'all']]));
    ann.room.publish(ann.participant, sound('TR_a'));
    expect(bob.told).toContain('+TR_a');
    expect(eve.told).not.toContain('+TR_a');
    expect(eve.told).toContain('refused TR_a of ann');
  });

  it('and takes them from who had them; each word takes the place of the one before', () => {
    const { ann, bob, eve } = scene();
    ann.room.publish(ann.participant, sound('TR_a'));
    ann.room.publish(ann.participant, sound('TR_b'));
    for (const each of [bob, eve]) each.told.length = 0;
    ann.room.allowSubscribers(ann.participant, new Map([['eve', new Set(['TR_b'])]]));
    expect(bob.told).toEqual(['refused TR_a of ann', '-TR_a', 'refused TR_b of ann', '-TR_b']);
    expect(eve.told).toEqual(['refused TR_a of ann', '-TR_a']);
    ann.room.allowSubscribers(ann.participant, new Map([['bob', new Set(['TR_a', 'TR_b'])]]));
    expect(bob.told.slice(4)).toEqual(['allowed TR_a of ann', '+TR_a', 'allowed TR_b of ann', '+TR_b']);
    expect(eve.told.slice(2)).toEqual(['refused TR_b of ann', '-TR_b']);
    ann.room.allowSubscribers(ann.participant, undefined);
    expect(eve.told.slice(4)).toEqual(['allowed TR_a of ann', '+TR_a', 'allowed TR_b of ann', '+TR_b']);
    expect(bob.told).toHaveLength(8);
  });

  it('whatever a subscriber wishes, and whoever comes later', () => {
    const { ann, bob, eve, rooms } = scene();
    ann.room.publish(ann.participant, sound('TR_a'));
    ann.room.allowSubscribers(
      ann.participant,
      new Map([
        ['bob', 'all'],
        ['late', 'all'],
      ]),
    );
    eve.told.length = 0;
    eve.room.setSubscribed(eve.participant, ['TR_a'], 'subscribe');
    expect(eve.told).toEqual([]);
    bob.room.setSubscribed(bob.participant, ['TR_a'], 'unsubscribe');
    ann.room.allowSubscribers(ann.participant, undefined);
    expect(bob.told.slice(-1)).toEqual(['-TR_a']);
    ann.room.allowSubscribers(ann.participant, new Map([['late', 'all']]));
    const result = joined(rooms, 'late');
    result.room.activate(result.participant);
    expect(result.door.told).toContain('+TR_a');
    const other = joined(rooms, 'other');
    other.room.activate(other.participant);
    expect(other.door.told).not.toContain('+TR_a');
  });
});

describe('phones hear one mix', () => {
  it('which lacks what is kept from one of them', () => {
    const { ann, phones, rooms } = scene();
    ann.room.publish(ann.participant, sound('TR_a'));
    ann.room.allowSubscribers(ann.participant, new Map([['sip_1', 'all']]));
    // Nobody is there from whom it is kept.
    expect(phones()).toEqual([]);
    joined(rooms, 'sip_1', { kind: 'sip' });
    expect(phones()).toEqual([]);
    const second = joined(rooms, 'sip_2', { kind: 'sip' });
    expect(phones()).toEqual(['TR_a nothing']);
    ann.room.publish(ann.participant, sound('TR_b'));
    expect(phones().slice(1)).toEqual(['TR_b nothing']);
    second.room.leave(second.participant, 'client_initiated');
    expect(phones().slice(2)).toEqual(['TR_a all', 'TR_b all']);
  });

  it('and has it again when all may have it; what is encrypted is in no mix', () => {
    const { ann, phones, rooms } = scene();
    joined(rooms, 'sip_1', { kind: 'sip' });
    ann.room.publish(ann.participant, sound('TR_a'));
    ann.room.publish(ann.participant, sound('TR_secret', 1));
    ann.room.allowSubscribers(ann.participant, new Map());
    expect(phones()).toEqual(['TR_a nothing']);
    ann.room.unpublish(ann.participant, 'TR_a');
    ann.room.allowSubscribers(ann.participant, undefined);
    expect(phones()).toHaveLength(1);
    ann.room.publish(ann.participant, sound('TR_c'));
    expect(phones()).toHaveLength(1);
  });
});
