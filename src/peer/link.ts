import type { SignalSocket } from './context.ts';
import { type ServerMessage, writeFrame } from './frames.ts';

/** Unsent bytes at which a client that does not read is given up. */
const MAX_QUEUED = 1024 * 1024;

/** What a {@link PeerLink} speaks for. It judges itself whether the link is still its own. */
export interface LinkedSession {
  message(link: PeerLink, data: Uint8Array | string): void;
  /** The WebSocket is gone, by whomever. */
  lost(link: PeerLink): void;
}

/** One WebSocket of a client's. A session outlives it: who resumes comes with another one. */
export class PeerLink {
  readonly #socket: SignalSocket;
  readonly #enter: (link: PeerLink) => LinkedSession | undefined;
  #session: LinkedSession | undefined;
  #form: 'binary' | 'json' = 'binary';

  /** `enter` finds or begins the session; undefined: it was refused, and told so. */
  constructor(socket: SignalSocket, enter: (link: PeerLink) => LinkedSession | undefined) {
    this.#socket = socket;
    this.#enter = enter;
  }

  /** Where the client is. */
  get source(): string {
    return this.#socket.source;
  }

  /** Call once, when the WebSocket is open. */
  start(): void {
    this.#session = this.#enter(this);
  }

  /** A frame of the client's. */
  message(data: Uint8Array | string): void {
    this.#form = typeof data === 'string' ? 'json' : 'binary';
    this.#session?.message(this, data);
  }

  /** The WebSocket is gone. */
  closed(): void {
    this.#session?.lost(this);
  }

  /** False: the client does not read, and the message was not sent. */
  send(message: ServerMessage): boolean {
    if (this.#socket.queued > MAX_QUEUED) return false;
    this.#socket.send(writeFrame(message, this.#form));
    return true;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
