/** What livekit-client is told of a phone's connection: the phone's door and the browser's in one room. */
import { ConnectionQuality } from '@livekit/protocol';
import { expect, test } from 'vitest';
import { Negotiation } from '../../../src/call/negotiation.ts';
import { PhoneLine } from '../../../src/call/phone-line.ts';
import { PHONE_PERMISSIONS } from '../../../src/call/phone-permissions.ts';
import type { CallQuality } from '../../../src/events/index.ts';
import { trunk } from '../trunk/trunks.ts';
import { Client, Rig } from './rig.ts';

function phoneIn(rig: Rig) {
  const line = new PhoneLine(
    {
      ...{ id: 'SCL_a', leg: 'LG_a', newTrack: () => 'TR_a', trunk: trunk({ id: 'carrier' }) },
      negotiation: new Negotiation(['PCMA'], 1),
      ...{ clock: rig.context.clock, timers: rig.timers, emit: rig.context.emit },
      announce: () => '192.0.2.1',
    },
    { portOpened() {}, agreed() {}, silent() {}, end() {}, left() {} },
  );
  const joined = rig.rooms.join(
    {
      ...{ room: 'lobby', identity: 'sip_1', name: 'Phone', kind: 'sip', metadata: '' },
      ...{ attributes: new Map(), permissions: PHONE_PERMISSIONS, autoCreate: true },
    },
    line,
  );
  if (!joined.ok) throw new Error(joined.error);
  line.enter(joined.value.room, joined.value.participant);
  rig.media({ type: 'leg.opened', leg: 'LG_a', port: 10_000 });
  return joined.value.participant;
}

const way = { loss: 0, discarded: 0, jitterMs: 2, mos: 4.4 };

test('a browser hears how a phone fares: the worse of both ways, late packets as lost', () => {
  const rig = new Rig();
  const ada = new Client(rig);
  const phone = phoneIn(rig);
  const told = (quality: CallQuality) => {
    rig.media({ type: 'leg.quality', leg: 'LG_a', quality });
    return ada.last('connectionQuality').updates;
  };
  const heard = { ...way, concealedMs: 0 };
  expect(told({ heard, roundTripMs: 40 })).toMatchObject([
    { participantSid: phone.sid, quality: ConnectionQuality.EXCELLENT },
  ]);
  expect(told({ heard, sent: { ...way, loss: 0.1 } })).toMatchObject([{ quality: ConnectionQuality.GOOD }]);
  expect(told({ heard: { ...heard, loss: 0.1, discarded: 0.08 }, sent: way })).toMatchObject([
    { participantSid: phone.sid, quality: ConnectionQuality.POOR },
  ]);
  expect(rig.events.filter(({ type }) => type === 'call.quality')).toHaveLength(3);
  expect(rig.events.find(({ type }) => type === 'call.quality')).toMatchObject({
    call: 'SCL_a',
    trunk: 'carrier',
    quality: { heard, roundTripMs: 40 },
  });
});
