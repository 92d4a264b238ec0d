import {
  ClientConfigSetting,
  DisconnectReason,
  LeaveRequest_Action,
  ParticipantInfo_State,
  SessionDescription,
  SyncState,
  TrackInfo,
  TrackPublishedResponse,
  TrackType,
  UpdateSubscription,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

/** A client in the room with working media, whose WebSocket is cut. */
function cut(rig: Rig, connections: 'single' | 'dual' = 'single'): { first: Client; sid: string } {
  const first = new Client(rig, { connections });
  if (connections === 'single') first.offer(browserOffer(firstOffer));
  first.connect();
  const sid = first.last('join').participant?.sid ?? '';
  first.session.closed();
  return { first, sid };
}

const left = (rig: Rig) => rig.events.filter(({ type }) => type === 'participant.left');

describe('a session whose WebSocket is lost', () => {
  test('is announced as one that can be resumed', () => {
    expect(new Client(new Rig()).last('join').clientConfiguration?.resumeConnection).toBe(
      ClientConfigSetting.ENABLED,
    );
  });

  test('stays in the room for 15 s, media and all, and then goes', () => {
    const rig = new Rig();
    cut(rig);
    rig.pass(14_999);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(1);
    expect(rig.told('transport.close')).toHaveLength(0);
    rig.pass(2);
    expect(left(rig)).toMatchObject([{ identity: 'ada', reason: 'signal_close' }]);
    expect(rig.told('transport.close')).toHaveLength(1);
    expect(rig.sessions.size).toBe(0);
  });

  test('goes at once when its media never worked', () => {
    const rig = new Rig();
    new Client(rig).session.closed();
    expect(rig.rooms.find('lobby')?.participants.size).toBe(0);
    expect(rig.timers.size).toBe(1);
  });

  test.each(['single', 'dual'] as const)('goes on over another one (%s)', (connections) => {
    const rig = new Rig();
    const { first, sid } = cut(rig, connections);
    const before = first.received.length;
    rig.pass(10_000);
    const second = new Client(rig, { connections, resume: true, participantSid: sid });
    expect(second.received[0]?.case).toBe('reconnect');
    expect(second.last('reconnect').iceServers[0]?.username).toBe('u:ada');
    expect(second.count('join')).toBe(0);
    rig.pass(10_000);
    second.say({ case: 'ping', value: 1n });
    expect(second.count('pong')).toBe(1);
    rig.pass(25_000);
    expect(left(rig)).toEqual([]);
    expect(rig.told('transport.close')).toHaveLength(0);
    expect(first.received).toHaveLength(before);
    rig.pass(30_000);
    expect(left(rig)).toHaveLength(1);
  });

  test('is told what it missed: who came, who left, who speaks', () => {
    const rig = new Rig();
    const { participant: gone, room } = rig.phone('1');
    const { participant: stays, track } = rig.phone('2');
    const { sid } = cut(rig);
    room.leave(gone, 'client_initiated');
    const { participant: came } = rig.phone('3');
    rig.media({ type: 'speakers', room: room.sid, speakers: [{ track: track.sid, level: 0.5 }] });
    const second = new Client(rig, { resume: true, participantSid: sid });
    const told = second.last('update').participants;
    expect(told.map((one) => [one.sid, one.state])).toEqual(
      expect.arrayContaining([
        [gone.sid, ParticipantInfo_State.DISCONNECTED],
        [stays.sid, ParticipantInfo_State.JOINED],
        [came.sid, ParticipantInfo_State.JOINED],
        [sid, ParticipantInfo_State.ACTIVE],
      ]),
    );
    expect(second.last('speakersChanged').speakers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ sid: stays.sid, level: 0.5, active: true }),
        expect.objectContaining({ sid: came.sid, active: false }),
      ]),
    );
    rig.pass(10);
    expect(second.last('mediaSectionsRequirement')).toBeDefined();
  });

  test('who came back under the same name is not told as gone', () => {
    const rig = new Rig();
    rig.phone('1');
    const { sid } = cut(rig);
    const { participant: again } = rig.phone('1');
    const second = new Client(rig, { resume: true, participantSid: sid });
    const phones = second.last('update').participants.filter(({ identity }) => identity === again.identity);
    expect(phones.map((one) => one.sid)).toEqual([again.sid]);
  });

  test('a WebSocket that is taken over drives nothing any more', () => {
    const rig = new Rig();
    const first = new Client(rig);
    first.offer(browserOffer(firstOffer));
    first.connect();
    const second = new Client(rig, {
      resume: true,
      participantSid: first.last('join').participant?.sid ?? '',
    });
    expect(first.closes).toHaveLength(1);
    first.say({ case: 'ping', value: 1n });
    expect(first.count('pong') + second.count('pong')).toBe(0);
    first.session.closed();
    rig.pass(20_000);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(1);
    second.session.closed();
    rig.pass(15_001);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(0);
  });

  test('belongs to the identity and the participant, and to nobody else', () => {
    const rig = new Rig();
    const { sid } = cut(rig);
    const eve = new Client(rig, { identity: 'eve', resume: true, participantSid: sid });
    expect(eve.received.map((message) => message.case)).toEqual(['leave']);
    expect(eve.last('leave').action).toBe(LeaveRequest_Action.RECONNECT);
    const other = new Client(rig, { resume: true, participantSid: 'PA_other' });
    expect(other.last('leave')).toMatchObject({
      reason: DisconnectReason.DUPLICATE_IDENTITY,
      action: LeaveRequest_Action.DISCONNECT,
    });
    const twoConnections = new Client(rig, { connections: 'dual', resume: true, participantSid: sid });
    expect(twoConnections.last('leave').action).toBe(LeaveRequest_Action.RECONNECT);
    expect(rig.drops).toEqual([
      'resume-state_mismatch',
      'resume-duplicate_identity',
      'resume-state_mismatch',
    ]);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(1);
  });

  test('is put out by a namesake that joins meanwhile', () => {
    const rig = new Rig();
    const { sid } = cut(rig);
    const namesake = new Client(rig);
    expect(left(rig)).toMatchObject([{ reason: 'duplicate_identity' }]);
    const late = new Client(rig, { resume: true, participantSid: sid });
    expect(late.last('leave').reason).toBe(DisconnectReason.DUPLICATE_IDENTITY);
    rig.pass(20_000);
    expect(namesake.count('leave')).toBe(0);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(1);
  });

  test('ends when its media fails meanwhile', () => {
    const rig = new Rig();
    const { sid } = cut(rig);
    const transport = rig.told('transport.open')[0]?.transport ?? '';
    rig.media({ type: 'transport.failed', transport, reason: 'dtls-closed' });
    expect(rig.rooms.find('lobby')?.participants.size).toBe(0);
    const second = new Client(rig, { resume: true, participantSid: sid });
    expect(second.last('leave').action).toBe(LeaveRequest_Action.RECONNECT);
  });
});

describe('what the client believes after a resume', () => {
  test('wishes are taken over', () => {
    const rig = new Rig();
    const { track } = rig.phone('1');
    const { sid } = cut(rig);
    const second = new Client(rig, { resume: true, participantSid: sid });
    second.say({
      case: 'syncState',
      value: new SyncState({
        subscription: new UpdateSubscription({ trackSids: [track.sid], subscribe: false }),
      }),
    });
    second.offer(browserOffer(firstOffer, { ufrag: 'New1' }));
    expect(rig.told('transport.restart')).toHaveLength(1);
    expect(rig.told('sender.open').filter((sender) => sender.track === track.sid)).toHaveLength(0);
  });

  test('a track of its own that is unknown here sends it into a new session', () => {
    const rig = new Rig();
    const { sid } = cut(rig);
    const second = new Client(rig, { resume: true, participantSid: sid });
    const track = new TrackInfo({ sid: 'TR_none', type: TrackType.AUDIO });
    second.say({
      case: 'syncState',
      value: new SyncState({ publishTracks: [new TrackPublishedResponse({ cid: 'c', track })] }),
    });
    expect(second.last('leave').action).toBe(LeaveRequest_Action.RECONNECT);
  });
});

describe('ICE after a resume with two peer connections', () => {
  test('our own offer restarts it, and the answer does not restart it again', () => {
    const rig = new Rig();
    const client = new Client(rig, { connections: 'dual' });
    const lines = [
      { mid: '0', kind: 'audio', direction: 'inactive' },
      { mid: 'data', kind: 'application' },
    ] as const;
    const answer = (to: Client, id: number, ufrag: string) =>
      to.say({
        case: 'answer',
        value: new SessionDescription({
          type: 'answer',
          sdp: browserOffer(lines, { setup: 'active', ufrag }),
          id,
        }),
      });
    answer(client, 1, 'Old1');
    client.connect();
    client.session.closed();
    const second = new Client(rig, {
      connections: 'dual',
      resume: true,
      participantSid: client.last('join').participant?.sid ?? '',
    });
    const offered = second.last('offer');
    expect(offered.id).toBe(2);
    const ufrag = rig.told('transport.restart')[0]?.local.ufrag;
    expect(offered.sdp).toContain(`a=ice-ufrag:${ufrag}\r\n`);
    answer(second, 2, 'New1');
    expect(rig.told('transport.restart')).toHaveLength(1);
    expect(rig.told('transport.remote').at(-1)?.remote.ufrag).toBe('New1');
  });
});
