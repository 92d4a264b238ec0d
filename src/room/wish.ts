import type { Millis } from '../base/clock.ts';

/** How long a browser holds a video back before it shows it; ms, 0 … 40950 (RTP header extension `playout-delay`). */
export interface PlayoutDelay {
  readonly minMs: Millis;
  readonly maxMs: Millis;
}

/** What may be set for each room; the gateway's configuration has the rest. */
export interface RoomSettings {
  /** How long the room waits for its first participant, ms (LiveKit's empty_timeout). */
  readonly emptyMs: Millis;
  /** How long it stays when the last has left, ms (LiveKit's departure_timeout). */
  readonly departureMs: Millis;
  /** 0: as many as the gateway allows. */
  readonly maxParticipants: number;
  /** How long browsers hold the room's videos back at least and at most; undefined: as they see fit. */
  readonly playoutDelay: PlayoutDelay | undefined;
  /** A participant's sound and picture go to others as one stream, whose browsers keep them together. */
  readonly syncStreams: boolean;
}

/** An agent that a room shall have from its beginning (LiveKit's RoomAgentDispatch). */
export interface RoomAgent {
  /** Empty: any of those that have no name. */
  readonly agentName: string;
  /** For the agent to read. */
  readonly metadata: string;
  readonly deployment: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** LiveKit's number of it. */
  readonly restartPolicy: number;
}

/** What was said of a room that shall be there; what is undefined stays as it is. */
export interface RoomWish {
  readonly emptyMs?: Millis | undefined;
  readonly departureMs?: Millis | undefined;
  readonly maxParticipants?: number | undefined;
  readonly metadata?: string | undefined;
  readonly playoutDelay?: PlayoutDelay | undefined;
  readonly syncStreams?: boolean | undefined;
  /** Only of a room that is made by this wish. */
  readonly agents?: readonly RoomAgent[] | undefined;
}
