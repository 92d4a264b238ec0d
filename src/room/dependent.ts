import type { Participant } from './participant.ts';

/** Whether somebody records the room: LiveKit's egress, or who has the `recorder` grant. */
export function isRecorder({ kind, permissions }: Pick<Participant, 'kind' | 'permissions'>): boolean {
  return kind === 'egress' || permissions.recorder === true;
}

/**
 * Whether somebody is there for others alone: an agent, or who records. They take no place of a room's `max_participants`, are not
 * counted among its participants, and a room in which nobody else is left closes (LiveKit's rule).
 */
export function isDependent(participant: Pick<Participant, 'kind' | 'permissions'>): boolean {
  return participant.kind === 'agent' || isRecorder(participant);
}
