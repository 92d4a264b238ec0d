import type { MediaEvent } from '../media/protocol.ts';
import type { Downlink } from './downlink.ts';
import type { ServerMessage } from './frames.ts';
import type { PeerTransport } from './transport.ts';

/** How a session's media is negotiated: over one peer connection or over two. */
export interface Connection {
  /** The client's offer; false: it was refused. */
  offer(sdp: string, id: number): boolean;
  /** The client's answer to our offer; false: it was refused. */
  answer(sdp: string, id: number): boolean;
  /** The tracks that this client shall have have changed. */
  changed(): void;
  /** The client is back after a loss of signaling: what was on its way then may have been lost. */
  resumed(): void;
  readonly downlink: Downlink;
  /** The transport whose connecting makes the participant active, and over which data goes out. */
  readonly primary: PeerTransport;
  close(): void;
}

/** What a {@link Connection} asks of its session. */
export interface ConnectionOwner {
  send(message: ServerMessage): void;
  onMedia(event: MediaEvent, transport: PeerTransport): void;
  /** Bad input by its name, to be counted. */
  drop(reason: string): void;
}
