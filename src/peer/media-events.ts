import type { DataPacket } from '@livekit/protocol';
import type { EventSink } from '../events/index.ts';
import type { MediaEvent } from '../media/protocol.ts';
import { connectionScore } from '../room/connection-score.ts';
import type { Participant } from '../room/participant.ts';
import { passData } from './data.ts';
import type { ServerMessage } from './frames.ts';
import type { Joined } from './joined.ts';
import { streamState } from './room-orders.ts';
import { type PeerTransport, pathName } from './transport.ts';

/** What a session's media may do to it. */
export interface MediaSession {
  readonly emit: EventSink;
  /** Bad input by its name, to be counted. */
  drop(reason: string): void;
  send(message: ServerMessage): void;
  /** A transport works. Answers how long the session has been open, ms. */
  connected(way: 'primary' | 'other'): number;
  /** An answer to the gateway itself. */
  takes(from: Participant, packet: DataPacket): boolean;
  /** A transport came to its end by itself. */
  failed(): void;
}

/** Takes in what the media worker tells of one client's transports. */
export class MediaEvents {
  readonly #session: MediaSession;

  constructor(session: MediaSession) {
    this.#session = session;
  }

  heard(
    { connection, downlink, participant, room }: Joined,
    event: MediaEvent,
    transport: PeerTransport,
  ): void {
    const session = this.#session;
    switch (event.type) {
      case 'transport.connected': {
        const way = transport === connection?.primary ? 'primary' : 'other';
        session.emit({
          type: 'transport.connected',
          transport: transport.id,
          participant: participant.sid,
          path: pathName(event.path),
          connectMs: session.connected(way),
        });
        if (way === 'primary') room.activate(participant);
        return;
      }
      case 'transport.failed':
        session.emit({
          type: 'transport.failed',
          transport: transport.id,
          participant: participant.sid,
          reason: event.reason,
        });
        session.failed();
        return;
      case 'transport.quality':
        room.rate(participant, transport.id, connectionScore(event.quality));
        return;
      case 'sender.state': {
        const carried = downlink.carried(event.sender);
        if (carried !== undefined) session.send(streamState(carried, event.state));
        return;
      }
      case 'data.received': {
        const refusal = passData(room, participant, event.channel, event.bytes, (packet) =>
          session.takes(participant, packet),
        );
        if (refusal !== undefined) session.drop(refusal);
        return;
      }
      default:
        return;
    }
  }
}
