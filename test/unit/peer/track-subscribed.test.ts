import { TrackSource, TrackType } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

function publisher(rig: Rig): { ada: Client; told: () => string[] } {
  const ada = new Client(rig);
  ada.addTrack({ cid: 'mic', type: TrackType.AUDIO, source: TrackSource.MICROPHONE });
  ada.offer(browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'mic' }]));
  const told = () =>
    ada.received.flatMap((message) => (message.case === 'trackSubscribed' ? [message.value.trackSid] : []));
  return { ada, told };
}

function listener(rig: Rig, identity: string, index: number): void {
  const client = new Client(rig, { identity });
  client.offer(browserOffer(firstOffer));
  client.connect(index);
}

describe('a client is told that somebody got its track', () => {
  test('once, and when it can know the track by that name', () => {
    const rig = new Rig();
    listener(rig, 'bob', 0);
    const { told } = publisher(rig);
    rig.pass(499);
    expect(told()).toEqual([]);
    rig.pass(1);
    expect(told()).toEqual([rig.told('receiver.open')[0]?.track]);
    listener(rig, 'cem', 2);
    rig.pass(1000);
    expect(told()).toHaveLength(1);
  });

  test('when the first comes later; and not of a track that is gone meanwhile', () => {
    const rig = new Rig();
    const { ada, told } = publisher(rig);
    rig.pass(5000);
    expect(told()).toEqual([]);
    listener(rig, 'bob', 1);
    ada.offer(browserOffer([{ mid: '0', kind: 'audio', direction: 'inactive' }]), 2);
    rig.pass(1000);
    expect(told()).toEqual([]);
  });

  test('by a phone, which hears all', () => {
    const rig = new Rig();
    const { told } = publisher(rig);
    const { participant, room } = rig.phone('1000');
    room.activate(participant);
    rig.pass(1000);
    expect(told()).toHaveLength(1);
  });
});
