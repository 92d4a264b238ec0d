import { AddTrackRequest, TrackSource, TrackType } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { all } from '../room/world.ts';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

/** Ada, who publishes her voice and whose media works. */
function ada() {
  const rig = new Rig();
  const addTracks = [
    new AddTrackRequest({ cid: 'mic', type: TrackType.AUDIO, source: TrackSource.MICROPHONE, name: 'mic' }),
  ];
  const line = { mid: '7', kind: 'audio', direction: 'sendonly', cid: 'mic', ssrc: 1234 } as const;
  const client = new Client(rig, { addTracks, offer: { sdp: browserOffer([...firstOffer, line]), id: 1 } });
  client.connect();
  const room = rig.rooms.find('lobby');
  const participant = room?.participants.get('ada');
  if (room === undefined || participant === undefined) throw new Error('not joined');
  return { rig, client, room, participant };
}

describe('what the API orders', () => {
  test("the room's metadata reaches the client", () => {
    const { client, room } = ada();
    room.setMetadata('news');
    expect(client.last('roomUpdate').room).toMatchObject({ name: 'lobby', metadata: 'news' });
  });

  test('a right that is taken ends the track, here and at the client', () => {
    const { client, participant, rig, room } = ada();
    const [track] = participant.tracks.keys();
    expect(track).toBeDefined();
    room.orders.setPermissions(participant, { ...all, canPublish: false });
    expect(client.last('update').participants[0]?.permission?.canPublish).toBe(false);
    expect(client.last('trackUnpublished').trackSid).toBe(track);
    expect(rig.told('receiver.close')).toEqual([{ type: 'receiver.close', track }]);
    expect(rig.events.filter(({ type }) => type === 'track.unpublished')).toHaveLength(1);
  });

  test('a client that chooses for itself is given what the API subscribes it to', () => {
    const rig = new Rig();
    const { track } = rig.phone('1');
    const client = new Client(rig, { autoSubscribe: false });
    client.connect();
    const offer = browserOffer([...firstOffer]);
    client.offer(offer, 1);
    const room = rig.rooms.find('lobby');
    const participant = room?.participants.get('ada');
    if (room === undefined || participant === undefined) throw new Error('not joined');
    expect(rig.told('sender.open')).toHaveLength(0);
    room.orders.subscribe(participant, [track.sid], 'subscribe');
    client.offer(offer, 2);
    expect(rig.told('sender.open').map(({ track: sid }) => sid)).toEqual([track.sid]);
  });
});
