import { randomText } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { fail, type Result } from '../base/result.ts';
import type { Door, Participant } from '../room/participant.ts';
import type { AnteroomHandle, RoomDirectory, RoomHandle } from '../room/ports.ts';
import type { IncomingInvite } from '../sip/ports.ts';
import { roomName } from '../trunk/dispatch.ts';
import { attributesOf } from '../trunk/headers.ts';
import { freeIdentity, phoneParticipant } from '../trunk/participant.ts';
import type { Route } from '../trunk/route.ts';
import type { DispatchRule } from '../trunk/trunk.ts';
import { causeOfJoinRefusal, type EndingCause } from './ending.ts';
import { PHONE_PERMISSIONS } from './phone-permissions.ts';

/** A call that has its trunk and its rule, or the rules of which a PIN chooses. */
export type Accepted = Extract<Route, { ok: true }>;

export interface JoinOptions {
  readonly rooms: RoomDirectory;
  readonly random: Random;
  readonly invite: IncomingInvite;
  readonly decision: Accepted;
  /** `SCL_…`. */
  readonly call: string;
  /** Where the phone's media are already. */
  readonly from?: AnteroomHandle | undefined;
}

/** Brings a call into the room of a rule, as the participant that the rule makes of it. */
export function joinRoom(
  { rooms, random, invite, decision, call, from }: JoinOptions,
  rule: DispatchRule,
  door: Door,
): Result<{ readonly room: RoomHandle; readonly participant: Participant }, EndingCause> {
  const phone = phoneParticipant(rule, decision, {
    callId: call,
    display: decision.display,
    status: 'ringing',
    attributes: attributesOf(invite.request, decision.trunk.headers),
  });
  const room = roomName(rule, decision, () => randomText(random, 8));
  const taken = rooms.find(room)?.participants;
  const joined = rooms.join(
    {
      room,
      identity: freeIdentity(phone.identity, (identity) => taken?.has(identity) === true),
      name: phone.name,
      kind: 'sip',
      metadata: phone.metadata,
      attributes: phone.attributes,
      permissions: PHONE_PERMISSIONS,
      autoCreate: true,
      wish: rule.roomTerms,
      from,
    },
    door,
  );
  return joined.ok ? joined : fail(causeOfJoinRefusal(joined.error));
}
