import { RoomAgentDispatch, RoomConfiguration } from '@livekit/protocol';
import type { RoomAgent, RoomWish } from '../room/wish.ts';

/** Agents that one wish may name. */
const MAX_AGENTS = 16;

/** A token's `roomConfig` (RoomConfiguration in protobuf's JSON); undefined when there is none. */
export function readRoomConfig(claim: unknown): RoomWish | undefined | 'malformed' {
  if (claim === undefined || claim === null) return undefined;
  try {
    const config = RoomConfiguration.fromJson(claim as Parameters<typeof RoomConfiguration.fromJson>[0], {
      ignoreUnknownFields: true,
    });
    return roomWish(config);
  } catch {
    // protobuf's way of saying that the value is no such message
    return 'malformed';
  }
}

/** What LiveKit's messages say of a room that shall be made: zero and empty mean that nothing was said. */
export function roomWish(
  said: Pick<
    RoomConfiguration,
    'agents' | 'departureTimeout' | 'emptyTimeout' | 'maxParticipants' | 'metadata'
  >,
): RoomWish {
  const { departureTimeout, emptyTimeout, maxParticipants, metadata } = said;
  const agents = said.agents.slice(0, MAX_AGENTS).map(
    ({ agentName, attributes, deployment, metadata: words, restartPolicy }): RoomAgent => ({
      ...{ agentName, attributes, deployment, restartPolicy, metadata: words },
    }),
  );
  return {
    emptyMs: emptyTimeout === 0 ? undefined : emptyTimeout * 1000,
    departureMs: departureTimeout === 0 ? undefined : departureTimeout * 1000,
    maxParticipants: maxParticipants === 0 ? undefined : maxParticipants,
    metadata: metadata === '' ? undefined : metadata,
    agents: agents.length === 0 ? undefined : agents,
  };
}

/** The claim that {@link readRoomConfig} reads as `wish`. */
export function roomConfigClaim(wish: RoomWish): ReturnType<RoomConfiguration['toJson']> {
  const { agents = [], departureMs = 0, emptyMs = 0, maxParticipants = 0, metadata = '' } = wish;
  return new RoomConfiguration({
    ...{ maxParticipants, metadata, emptyTimeout: emptyMs / 1000, departureTimeout: departureMs / 1000 },
    agents: agents.map(
      ({ attributes, ...agent }) => new RoomAgentDispatch({ ...agent, attributes: { ...attributes } }),
    ),
  }).toJson();
}
