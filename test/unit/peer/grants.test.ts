import {
  AddTrackRequest,
  DataPacket,
  TrackSource,
  TrackType,
  UpdateParticipantMetadata,
  UserPacket,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { readGrants } from '../../../src/peer/grants.ts';
import type { Permissions } from '../../../src/room/participant.ts';
import { all } from '../room/world.ts';
import { Client, Rig } from './rig.ts';

/** What each grant of a token comes to, and that a client without it gets nothing. */
const rights = (video: object): Permissions => {
  const read = readGrants('devkey', { sub: 'ada', video: { room: 'lobby', roomJoin: true, ...video } });
  if (!read.ok) throw new Error(read.error);
  return read.value.permissions;
};

test.each([
  { video: {}, want: { ...all, canUpdateMetadata: false } },
  { video: { canPublish: false }, want: { canPublish: false, canPublishData: false, canSubscribe: true } },
  { video: { canPublish: false, canPublishData: true }, want: { canPublish: false, canPublishData: true } },
  { video: { canSubscribe: false }, want: { canPublish: true, canSubscribe: false } },
  {
    video: { canPublishSources: ['microphone'] },
    want: { canPublish: true, publishSources: ['microphone'] },
  },
  { video: { canPublishSources: ['nonsense'] }, want: { canPublish: false } },
  { video: { canUpdateOwnMetadata: true }, want: { canUpdateMetadata: true } },
  { video: { hidden: true }, want: { hidden: true } },
  { video: { recorder: true }, want: { recorder: true } },
  { video: { recorder: 'yes' }, want: { recorder: false } },
])('$video', ({ video, want }) => {
  expect(rights(video)).toMatchObject(want);
});

describe('without the grant', () => {
  const announce = (permissions: Permissions, source: TrackSource, type = TrackType.AUDIO): string => {
    const client = new Client(new Rig(), { permissions });
    client.say({ case: 'addTrack', value: new AddTrackRequest({ cid: 'c', type, source }) });
    return client.received.at(-1)?.case ?? '';
  };

  test('nothing is published, or only the sources that are named', () => {
    expect(announce(rights({ canPublish: false }), TrackSource.MICROPHONE)).toBe('requestResponse');
    const some = rights({ canPublishSources: ['camera'] });
    expect(announce(some, TrackSource.MICROPHONE)).toBe('requestResponse');
    expect(announce(some, TrackSource.SCREEN_SHARE, TrackType.VIDEO)).toBe('requestResponse');
    expect(announce(some, TrackSource.CAMERA, TrackType.VIDEO)).toBe('trackPublished');
  });

  test('data goes to nobody', () => {
    const rig = new Rig();
    const ada = new Client(rig, { permissions: rights({ canPublishData: false }) });
    new Client(rig, { identity: 'bob' }).connect(1);
    ada.connect();
    const value = { case: 'user', value: new UserPacket({ payload: new Uint8Array([1]) }) } as const;
    const transport = rig.told('transport.open')[0]?.transport ?? '';
    const bytes = new DataPacket({ value }).toBinary();
    rig.media({ type: 'data.received', transport, channel: '_reliable', bytes });
    expect(rig.told('data.send')).toEqual([]);
    expect(rig.drops).toContain('data-not-allowed');
  });

  test('nothing is subscribed to', () => {
    const rig = new Rig();
    const room = rig.phone('1').room;
    const ada = new Client(rig, { permissions: rights({ canSubscribe: false }) });
    ada.connect();
    rig.pass(100);
    expect(ada.count('mediaSectionsRequirement')).toBe(0);
    expect(room.participants.get('ada')?.state).toBe('active');
  });

  test('own metadata stay as they are', () => {
    const rig = new Rig();
    const ada = new Client(rig, { permissions: rights({}) });
    ada.say({ case: 'updateMetadata', value: new UpdateParticipantMetadata({ metadata: 'mine' }) });
    expect(rig.rooms.find('lobby')?.participants.get('ada')?.metadata).toBe('');
  });

  test('hidden ones are told to nobody', () => {
    const rig = new Rig();
    const bob = new Client(rig, { identity: 'bob' });
    new Client(rig, { identity: 'spy', permissions: rights({ hidden: true }) });
    const told = bob.received.flatMap((message) =>
      message.case === 'update' ? message.value.participants.map(({ identity }) => identity) : [],
    );
    expect(told).not.toContain('spy');
    const eve = new Client(rig, { identity: 'eve' });
    expect(eve.last('join').otherParticipants.map(({ identity }) => identity)).toEqual(['bob']);
  });
});
