import { RoomAgentDispatch, RoomConfiguration } from '@livekit/protocol';
import type { PlayoutDelay, RoomAgent, RoomWish } from '../room/wish.ts';

/** 4095 steps of ten milliseconds are the most that the header extension says; ten seconds is LiveKit's default. */
const MAX_PLAYOUT_MS = 40_950;
const DEFAULT_MAX_PLAYOUT_MS = 10_000;
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
    | 'agents'
    | 'departureTimeout'
    | 'emptyTimeout'
    | 'maxParticipants'
    | 'maxPlayoutDelay'
    | 'metadata'
    | 'minPlayoutDelay'
    | 'syncStreams'
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
    playoutDelay: playoutDelay(said.minPlayoutDelay, said.maxPlayoutDelay),
    syncStreams: said.syncStreams || undefined,
    agents: agents.length === 0 ? undefined : agents,
  };
}

/** LiveKit: with a least delay and no largest one that is ten seconds. A largest one below the least is the least. */
function playoutDelay(minMs: number, maxMs: number): PlayoutDelay | undefined {
  if (minMs === 0 && maxMs === 0) return undefined;
  const least = Math.min(minMs, MAX_PLAYOUT_MS);
  const most = maxMs === 0 ? DEFAULT_MAX_PLAYOUT_MS : Math.min(maxMs, MAX_PLAYOUT_MS);
  return { minMs: least, maxMs: Math.max(least, most) };
}

/** The claim that {@link readRoomConfig} reads as `wish`. */
export function roomConfigClaim(wish: RoomWish): ReturnType<RoomConfiguration['toJson']> {
  const { agents = [], departureMs = 0, emptyMs = 0, maxParticipants = 0, metadata = '' } = wish;
  const { minMs: minPlayoutDelay = 0, maxMs: maxPlayoutDelay = 0 } = wish.playoutDelay ?? {};
  return new RoomConfiguration({
    ...{ minPlayoutDelay, maxPlayoutDelay, syncStreams: wish.syncStreams ?? false },
    ...{ maxParticipants, metadata, emptyTimeout: emptyMs / 1000, departureTimeout: departureMs / 1000 },
    agents: agents.map(
      ({ attributes, ...agent }) => new RoomAgentDispatch({ ...agent, attributes: { ...attributes } }),
    ),
  }).toJson();
}
