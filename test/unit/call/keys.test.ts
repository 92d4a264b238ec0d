import { expect, test } from 'vitest';
import type { Participant } from '../../../src/room/participant.ts';
import { phone, world } from './rig.ts';

test('a phone hears of keys pressed for it, and its own reach the others', () => {
  const { commands, door, leg, media, opened, rooms } = world();
  const caller = phone();
  door.onInvite(caller.invite);
  opened();
  caller.handler().confirmed(undefined);
  const pressed: string[] = [];
  const joined = rooms.join(
    {
      ...{ room: 'lobby', identity: 'ada', name: '', kind: 'standard', metadata: '', autoCreate: false },
      attributes: new Map(),
      permissions: {
        ...{ canPublish: true, canSubscribe: true, canPublishData: true, publishSources: [] },
        ...{ canUpdateMetadata: false, hidden: false },
      },
    },
    {
      participantsChanged() {},
      subscribed() {},
      unsubscribed() {},
      muteRequested() {},
      speakersChanged() {},
      dataReceived() {},
      keyPressed: (digit: string, from: Participant) => pressed.push(`${digit} of ${from.identity}`),
      removed() {},
    },
  );
  if (!joined.ok) throw new Error(joined.error);
  media({ type: 'leg.digit', leg: leg(), digit: '#', durationMs: 100 });
  expect(pressed).toEqual(['# of sip_+60312345678']);

  const { participant, room } = joined.value;
  const keys = () => commands.filter((command) => command.type === 'leg.dtmf');
  room.pressKey(participant, '7', ['somebody-else']);
  expect(keys()).toEqual([]);
  room.pressKey(participant, '7', []);
  room.pressKey(participant, 'D', ['sip_+60312345678']);
  expect(keys()).toEqual([
    { type: 'leg.dtmf', leg: leg(), digit: '7', durationMs: 120 },
    { type: 'leg.dtmf', leg: leg(), digit: 'D', durationMs: 120 },
  ]);
  expect(pressed).toHaveLength(1);
});
