import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { RoomDirectory } from '../room/ports.ts';
import type { HostCandidate } from '../sdp/candidates.ts';
import type { Grants } from './grants.ts';
import type { ServerRpc } from './server-rpc.ts';

/** STUN and TURN servers with the credentials of one participant (RTCIceServer). */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/**
 * Which ways a browser may take: all, or TURN alone. `relay-wished`: it is told so, and nothing is refused, for nobody knows
 * where relays of others send from.
 */
export type IcePolicy = 'all' | 'relay-wished' | 'relay';

/** What every signaling session is built with. */
export interface PeerContext {
  readonly rooms: RoomDirectory;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
  /** TURN servers and credentials for a participant whose client is at `source`, if that is known; asked at each join. */
  iceServers(identity: string, source: string | undefined): readonly IceServer[];
  /** Our host candidates for a media worker that listens on `icePort`, most wished for first. */
  candidates(icePort: number, policy: IcePolicy): readonly HostCandidate[];
  /** Which ways browsers of a room may take. */
  icePolicy(room: string): IcePolicy;
  readonly options: PeerOptions;
  /** Signs a token with these grants, good for so long. */
  renewToken(grants: Grants, ttlMs: Millis): Promise<string>;
  /** Answers to the gateway's own requests. */
  readonly serverRpc: ServerRpc;
  /** A bug that nobody waits for. */
  onFault(error: unknown): void;
}

export interface PeerOptions {
  /** Whether data channels are negotiated: the media worker must speak SCTP. */
  readonly dataChannels: boolean;
  /**
   * Of the LiveKit server whose behaviour we have: clients switch on by it what they may ask for (RPC from 1.8.0).
   */
  readonly version: string;
  /** Silence of a client after which its session ends, ms. It is told to ping every 5 s. */
  readonly silenceMs: number;
  /** Time from the join until media must work, ms. */
  readonly connectMs: number;
  /** How long a session lives on without a WebSocket, ms. */
  readonly resumeMs: number;
}

export const defaultPeerOptions: PeerOptions = {
  dataChannels: true,
  version: '1.9.0',
  silenceMs: 30_000,
  connectMs: 45_000,
  resumeMs: 15_000,
};

/** The WebSocket as the session sees it. */
export interface SignalSocket {
  /** Address of the client, or of the last proxy that is not trusted to tell it. */
  readonly source: string;
  /** Bytes written that the network has not taken yet. */
  readonly queued: number;
  send(frame: Uint8Array | string): void;
  /** Closes with a status code of RFC 6455 section 7.4. Harmless when closed. */
  close(code: number, reason: string): void;
}
