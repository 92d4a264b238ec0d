import { SubscriptionPermission, TrackPermission, TrackSource, TrackType } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

/** A publisher of sound, and a listener whose media work. */
function scene() {
  const rig = new Rig();
  const bob = new Client(rig, { identity: 'bob' });
  bob.offer(browserOffer(firstOffer));
  bob.connect(0);
  const ada = new Client(rig, { identity: 'ada' });
  ada.addTrack({ cid: 'mic', type: TrackType.AUDIO, source: TrackSource.MICROPHONE });
  ada.offer(browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'mic' }]));
  const track = rig.told('receiver.open')[0]?.track ?? '';
  const sid = (identity: string) => rig.rooms.find('lobby')?.participants.get(identity)?.sid ?? '';
  const allow = (...trackPermissions: Partial<TrackPermission>[]) =>
    ada.say({
      case: 'subscriptionPermission',
      value: new SubscriptionPermission({
        trackPermissions: trackPermissions.map((each) => new TrackPermission(each)),
      }),
    });
  const told = () =>
    bob.received.flatMap((message) => {
      if (message.case !== 'subscriptionPermissionUpdate') return [];
      const { allowed, participantSid, trackSid } = message.value;
      return [`${participantSid === sid('ada')} ${trackSid === track} ${allowed}`];
    });
  return { ada, allow, bob, rig, sid, told, track };
}

describe('SubscriptionPermission', () => {
  test('takes a track from who is not named, and says so; and gives it back', () => {
    const { ada, allow, told } = scene();
    expect(told()).toEqual([]);
    allow();
    expect(told()).toEqual(['true true false']);
    ada.say({ case: 'subscriptionPermission', value: new SubscriptionPermission({ allParticipants: true }) });
    expect(told()).toEqual(['true true false', 'true true true']);
  });

  test('names people by identity or sid, and all tracks or some', () => {
    const { allow, sid, told, track } = scene();
    allow({ participantIdentity: 'bob', allTracks: true });
    allow({ participantSid: sid('bob'), trackSids: [track] });
    allow({ participantIdentity: 'bob', participantSid: sid('bob'), trackSids: ['TR_other', track] });
    expect(told()).toEqual([]);
    allow({ participantIdentity: 'bob', trackSids: ['TR_other'] });
    expect(told()).toEqual(['true true false']);
  });

  test('gives nothing by a sid that nobody has, or that is another one’s', () => {
    const { allow, sid, told } = scene();
    allow({ participantSid: 'PA_nobody', allTracks: true });
    expect(told()).toHaveLength(1);
    allow({ participantIdentity: 'bob', allTracks: true });
    expect(told()).toHaveLength(2);
    allow({ participantIdentity: 'bob', participantSid: sid('ada'), allTracks: true });
    expect(told()).toHaveLength(3);
  });

  test('that names nobody at all changes nothing', () => {
    const { allow, rig, told } = scene();
    allow({ allTracks: true });
    expect(told()).toEqual([]);
    expect(rig.drops).toContain('permission-names-nobody');
  });

  test('is told again to a client that was away', () => {
    const { allow, bob, rig, told } = scene();
    bob.session.closed();
    allow();
    expect(told()).toEqual([]);
    const back = new Client(rig, {
      identity: 'bob',
      resume: true,
      participantSid: rig.rooms.find('lobby')?.participants.get('bob')?.sid ?? '',
    });
    expect(back.last('subscriptionPermissionUpdate').allowed).toBe(false);
  });
});
