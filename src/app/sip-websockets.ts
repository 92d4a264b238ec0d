import { utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { HostPort, MessageConnection } from '../base/net.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { EventSink } from '../events/index.ts';
import type { Flow } from '../sip/ports.ts';

/** What one web phone may send: far more than a person who makes calls. Who sends faster is cut off. */
const MESSAGES = { perSecond: 50, burst: 100 };
const PONG = utf8('\r\n');

export interface SipWebSocketsOptions {
  readonly clock: Clock;
  readonly emit: EventSink;
  /** One message that came on `flow`. */
  receive(bytes: Uint8Array, flow: Flow): void;
  closed(flow: Flow): void;
}

/** SIP over WebSockets (RFC 7118): a message a frame, and one flow for each connection, which is the only way back. */
export class SipWebSockets {
  readonly #options: SipWebSocketsOptions;
  readonly #connections = new Map<Flow, MessageConnection>();

  constructor(options: SipWebSocketsOptions) {
    this.#options = options;
  }

  /** A connection that was opened to us; we open none. */
  accept(connection: MessageConnection): void {
    const { clock, receive, closed } = this.#options;
    const flow: Flow = { transport: 'ws', local: connection.local, remote: connection.remote };
    const rate = new TokenBucket(MESSAGES, clock.now());
    this.#connections.set(flow, connection);
    connection.onMessage = (bytes) => {
      if (!this.#connections.has(flow)) return;
      if (!rate.take(clock.now())) {
        this.#drop('websocket-rate', connection.remote);
        connection.close();
      } else if (isPing(bytes)) connection.send(PONG);
      else receive(bytes, flow);
    };
    connection.onClose = () => {
      if (this.#connections.delete(flow)) closed(flow);
    };
  }

  /** Swallowed when the connection has closed. */
  send(bytes: Uint8Array, flow: Flow): void {
    this.#connections.get(flow)?.send(bytes);
  }

  /** Forgets all of them: they are their server's to close. */
  close(): void {
    this.#connections.clear();
  }

  #drop(reason: string, { address }: HostPort): void {
    this.#options.emit({ type: 'dropped', where: 'sip', reason, count: 1, source: address });
  }
}

/** A double CRLF asks whether we live, a single one answers (RFC 7118 section 6, RFC 5626 section 4.4.1). */
function isPing(bytes: Uint8Array): boolean {
  return bytes.length === 4 && bytes[0] === 13 && bytes[1] === 10 && bytes[2] === 13 && bytes[3] === 10;
}
