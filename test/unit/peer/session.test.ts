import {
  DisconnectReason,
  LeaveRequest,
  LeaveRequest_Action,
  Ping,
  RequestResponse_Reason,
  SignalRequest,
  UpdateParticipantMetadata,
  UpdateSubscription,
  UpdateTrackSettings,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { all } from '../room/world.ts';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

describe('a signaling session', () => {
  test('pings are answered in both forms', () => {
    const rig = new Rig();
    const client = new Client(rig);
    client.say({ case: 'ping', value: 5n });
    client.say({ case: 'pingReq', value: new Ping({ timestamp: 7n }) });
    expect(client.last('pong')).toBe(1_700_000_000_000n);
    expect(client.last('pongResp').lastPingTimestamp).toBe(7n);
  });

  test('a client that speaks JSON is answered in JSON', () => {
    const client = new Client(new Rig());
    client.session.message(new SignalRequest({ message: { case: 'ping', value: 5n } }).toJsonString());
    expect(client.count('pong')).toBe(1);
  });

  test('silence ends the session and takes the participant out', () => {
    const rig = new Rig();
    const client = new Client(rig);
    client.connect();
    rig.pass(29_000);
    client.say({ case: 'ping', value: 1n });
    rig.pass(29_000);
    expect(client.closes).toEqual([]);
    rig.pass(1_001);
    expect(client.last('leave').reason).toBe(DisconnectReason.CONNECTION_TIMEOUT);
    expect(client.closes).toHaveLength(1);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(0);
    expect(rig.told('transport.close')).toHaveLength(1);
  });

  test('media that never works ends the session', () => {
    const rig = new Rig();
    const client = new Client(rig);
    for (let s = 0; s < 9; s++) {
      client.say({ case: 'ping', value: 1n });
      rig.pass(5_000);
    }
    expect(client.last('leave').reason).toBe(DisconnectReason.CONNECTION_TIMEOUT);
  });

  test('leaving, hanging up and being shut down leave nothing behind', () => {
    const rig = new Rig();
    const ada = new Client(rig, { identity: 'ada', offer: { sdp: browserOffer(firstOffer), id: 1 } });
    const bob = new Client(rig, { identity: 'bob' });
    const eve = new Client(rig, { identity: 'eve' });
    ada.say({ case: 'leave', value: new LeaveRequest() });
    expect(ada.closes[0]?.code).toBe(1000);
    bob.session.closed();
    expect(rig.events.filter(({ type }) => type === 'participant.left')).toMatchObject([
      { identity: 'ada', reason: 'client_initiated' },
      { identity: 'bob', reason: 'signal_close' },
    ]);
    rig.rooms.stop('server_shutdown');
    expect(eve.last('leave')).toMatchObject({
      reason: DisconnectReason.SERVER_SHUTDOWN,
      // The gateway may be back in a moment.
      action: LeaveRequest_Action.RECONNECT,
    });
    expect(rig.told('transport.close')).toHaveLength(3);
    expect(rig.timers.size).toBe(0);
    const late = new Client(rig, { identity: 'late' });
    expect(late.received.map(({ case: kind }) => kind)).toEqual(['leave']);
  });

  test('the same identity again puts the first one out', () => {
    const rig = new Rig();
    const first = new Client(rig);
    const second = new Client(rig);
    expect(first.last('leave').reason).toBe(DisconnectReason.DUPLICATE_IDENTITY);
    expect(second.count('leave')).toBe(0);
    first.session.closed();
    expect(rig.rooms.find('lobby')?.participants.size).toBe(1);
  });

  test('resuming what is not there is refused with the order to begin anew', () => {
    const rig = new Rig();
    const client = new Client(rig, { resume: true });
    expect(client.received.map(({ case: kind }) => kind)).toEqual(['leave']);
    expect(client.last('leave').action).toBe(LeaveRequest_Action.RECONNECT);
    expect(rig.rooms.find('lobby')).toBeUndefined();
  });

  test('a transport that fails sends the client into a new session', () => {
    const rig = new Rig();
    const client = new Client(rig);
    client.connect();
    const transport = rig.told('transport.open')[0]?.transport ?? '';
    rig.media({ type: 'transport.failed', transport, reason: 'consent' });
    expect(client.last('leave').action).toBe(LeaveRequest_Action.RECONNECT);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(0);
  });

  test('speakers come as changes', () => {
    const rig = new Rig();
    const client = new Client(rig);
    const { participant, room, track } = rig.phone('1');
    rig.media({ type: 'speakers', room: room.sid, speakers: [{ track: track.sid, level: 0.5 }] });
    expect(client.last('speakersChanged').speakers).toMatchObject([
      { sid: participant.sid, level: 0.5, active: true },
    ]);
    rig.media({ type: 'speakers', room: room.sid, speakers: [{ track: track.sid, level: 0.5 }] });
    expect(client.count('speakersChanged')).toBe(1);
    rig.media({ type: 'speakers', room: room.sid, speakers: [] });
    expect(client.last('speakersChanged').speakers).toMatchObject([{ sid: participant.sid, active: false }]);
  });

  test('own metadata: with the right and within bounds', () => {
    const rig = new Rig();
    const client = new Client(rig);
    const bob = new Client(rig, {
      identity: 'bob',
      permissions: { ...all, canUpdateMetadata: false },
    });
    const ask = (name: string) =>
      ({
        case: 'updateMetadata',
        value: new UpdateParticipantMetadata({ name, attributes: { a: '1' }, requestId: 4 }),
      }) as const;
    client.say(ask('Ada L.'));
    expect(client.last('requestResponse')).toMatchObject({ requestId: 4, reason: RequestResponse_Reason.OK });
    expect(bob.last('update').participants[0]).toMatchObject({ name: 'Ada L.', attributes: { a: '1' } });
    client.say(ask('x'.repeat(257)));
    expect(client.last('requestResponse').reason).toBe(RequestResponse_Reason.LIMIT_EXCEEDED);
    const more = (key: string, value: string) => {
      const attributes = { [key]: value };
      client.say({ case: 'updateMetadata', value: new UpdateParticipantMetadata({ attributes }) });
      return client.last('requestResponse').reason;
    };
    const half = 'x'.repeat(40_000);
    expect([more('one', half), more('two', half), more('one', ''), more('two', half)]).toEqual([
      RequestResponse_Reason.OK,
      RequestResponse_Reason.LIMIT_EXCEEDED,
      RequestResponse_Reason.OK,
      RequestResponse_Reason.OK,
    ]);
    bob.say(ask('Robert'));
    expect(bob.last('requestResponse').reason).toBe(RequestResponse_Reason.NOT_ALLOWED);
  });

  test('tracks are paused, given up and taken back', () => {
    const rig = new Rig();
    rig.phone('1');
    const offer = browserOffer(firstOffer);
    const client = new Client(rig, { offer: { sdp: offer, id: 1 } });
    client.connect();
    client.offer(offer, 2);
    const sender = rig.told('sender.open')[0]?.sender;
    client.say({
      case: 'trackSetting',
      value: new UpdateTrackSettings({ trackSids: ['TR_phone1'], disabled: true }),
    });
    expect(rig.told('sender.mute')).toEqual([{ type: 'sender.mute', sender, muted: true }]);
    const subscription = (subscribe: boolean) =>
      ({
        case: 'subscription',
        value: new UpdateSubscription({ trackSids: ['TR_phone1'], subscribe }),
      }) as const;
    client.say(subscription(false));
    expect(rig.told('sender.close')).toEqual([{ type: 'sender.close', sender }]);
    client.say(subscription(true));
    client.offer(offer, 3);
    expect(rig.told('sender.open')).toHaveLength(2);
  });

  test('without auto-subscription only what was asked for comes', () => {
    const rig = new Rig();
    rig.phone('1');
    rig.phone('2');
    const offer = browserOffer(firstOffer);
    const client = new Client(rig, { autoSubscribe: false });
    client.connect();
    client.offer(offer, 1);
    expect(rig.told('sender.open')).toHaveLength(0);
    client.say({
      case: 'subscription',
      value: new UpdateSubscription({ trackSids: ['TR_phone2'], subscribe: true }),
    });
    client.offer(offer, 2);
    expect(rig.told('sender.open').map(({ track }) => track)).toEqual(['TR_phone2']);
  });
});

describe('clients that misbehave', () => {
  test('one that does not read is closed', () => {
    const rig = new Rig();
    const client = new Client(rig);
    client.queued = 2_000_000;
    rig.phone('1');
    expect(client.closes).toEqual([{ code: 1008, reason: 'too much unread' }]);
    rig.pass(1);
    expect(rig.rooms.find('lobby')?.participants.has('ada')).toBe(false);
  });

  test('one that floods is closed', () => {
    const rig = new Rig();
    const client = new Client(rig);
    for (let i = 0; i < 600; i++) client.say({ case: 'ping', value: 1n });
    expect(client.closes).toHaveLength(1);
    expect(rig.drops).toEqual(['too-many-requests']);
  });

  test('an offer that cannot be read ends the session with a reason', () => {
    const rig = new Rig();
    const client = new Client(rig);
    client.offer('v=0\r\nnonsense');
    expect(client.last('leave').reason).toBe(DisconnectReason.STATE_MISMATCH);
    expect(rig.drops).toEqual(['offer-no-media']);
  });
});
