import { StreamState, UpdateTrackSettings } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

test('a video that lacks bandwidth is told as paused, by the track that its sender carries', () => {
  const rig = new Rig();
  const { participant, track } = rig.phone('1001');
  const bob = new Client(rig, { identity: 'bob' });
  bob.offer(browserOffer(firstOffer));
  bob.connect();
  bob.offer(browserOffer(firstOffer));
  const [sender] = rig.told('sender.open');
  if (sender === undefined) throw new Error('no sender');
  const tell = (id: string, state: 'paused' | 'active') =>
    rig.media({ type: 'sender.state', transport: sender.transport, sender: id, state });
  tell('SN_gone', 'paused');
  expect(bob.count('streamStateUpdate')).toBe(0);
  tell(sender.sender, 'paused');
  expect(bob.last('streamStateUpdate').streamStates).toMatchObject([
    { participantSid: participant.sid, trackSid: track.sid, state: StreamState.PAUSED },
  ]);
  tell(sender.sender, 'active');
  expect(bob.last('streamStateUpdate').streamStates).toMatchObject([{ state: StreamState.ACTIVE }]);
});

test('sizes and frames are video alone', () => {
  const rig = new Rig();
  const { track } = rig.phone('1001');
  const bob = new Client(rig, { identity: 'bob' });
  bob.offer(browserOffer(firstOffer));
  bob.connect();
  bob.offer(browserOffer(firstOffer));
  bob.say({
    case: 'trackSetting',
    value: new UpdateTrackSettings({ trackSids: [track.sid], fps: 15, width: 9, height: 9 }),
  });
  expect(rig.told('sender.wish')).toEqual([]);
  expect(rig.told('sender.layer')).toEqual([]);
});
