import { utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { HostPort, StreamConnection } from '../base/net.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { Flow } from '../sip/ports.ts';
import { PONG, StreamFramer } from '../sip/stream-framer.ts';

/** Messages kept for a connection that is being opened. */
const MAX_WAITING = 64;
/** How long a message may take from its first byte to its last, ms: who sends slower holds a buffer, and no more. */
const MESSAGE_MS = 10_000;

export interface SipStreamsOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** One message that came on `flow`; the bytes are the receiver's only during the call. */
  receive(bytes: Uint8Array, flow: Flow): void;
  closed(flow: Flow): void;
}

/** A next hop over a connection. `name`: whom its certificate must speak for. */
export interface StreamHop {
  readonly transport: 'tcp' | 'tls';
  readonly remote: HostPort;
  readonly name: string;
}

/** How often a connection of ours is kept open through NATs and firewalls, ms (RFC 5626 section 4.4.1: 95 to 120 s). */
const PING_MS = 100_000;
/** Pings in a row for a connection on which no message passes: then it may go, and is opened anew when it is needed. */
const MAX_PINGS = 40;
/** How long the answer may take (RFC 5626 section 4.4.1). */
const PONG_MS = 10_000;
/** Asks whether the far end lives. */
export const PING: Uint8Array = utf8('\r\n\r\n');

interface Stream {
  connection: StreamConnection | undefined;
  waiting: Uint8Array[];
  /** Rings when a message that has begun is not whole in time. */
  slow: Alarm | undefined;
  /** The next ping; only on connections that we opened. */
  ping: Alarm | undefined;
  /** Since the last message. */
  pings: number;
  framer: StreamFramer | undefined;
  /** The far end has answered a ping: one that it does not answer any more is gone. */
  answersPings: boolean;
  /** Rings when a ping has no answer. */
  pong: Alarm | undefined;
  /** Whom the far end has proven to be; undefined for connections that were opened to us. */
  readonly name: string | undefined;
  /** Port of a far end that opened the connection and offers it for requests of ours to that port. */
  alias: number | undefined;
}

function newStream(name: string | undefined): Stream {
  return {
    connection: undefined,
    waiting: [],
    slow: undefined,
    ping: undefined,
    pings: 0,
    framer: undefined,
    answersPings: false,
    pong: undefined,
    name,
    alias: undefined,
  };
}

/** SIP over connections, TCP and TLS alike: framing, keep-alives, and one flow for each connection (RFC 3261 section 18). */
export class SipStreams {
  readonly #options: SipStreamsOptions;
  readonly #streams = new Map<Flow, Stream>();

  constructor(options: SipStreamsOptions) {
    this.#options = options;
  }

  /** A connection that was opened to us. */
  accept(transport: 'tcp' | 'tls', connection: StreamConnection): void {
    const flow: Flow = { transport, local: connection.local, remote: connection.remote };
    const stream = newStream(undefined);
    stream.connection = connection;
    this.#streams.set(flow, stream);
    this.#read(connection, flow, stream);
  }

  /** Swallowed when the connection has closed. */
  send(bytes: Uint8Array, flow: Flow): void {
    const stream = this.#streams.get(flow);
    if (stream?.connection !== undefined) stream.connection.write(bytes);
    else if (stream !== undefined && stream.waiting.length < MAX_WAITING) stream.waiting.push(bytes);
  }

  /** A connection to `hop` that there is (RFC 5923 section 5), or one that `connect` begins now. */
  flowTo(hop: StreamHop, local: HostPort, connect: () => Promise<StreamConnection>): Flow {
    const { transport, remote, name } = hop;
    for (const [flow, stream] of this.#streams) if (leadsTo(hop, flow, stream)) return flow;
    const flow: Flow = { transport, local, remote };
    const stream = newStream(name);
    this.#streams.set(flow, stream);
    connect().then(
      (connection) => {
        if (!this.#streams.has(flow)) {
          connection.close();
          return;
        }
        stream.connection = connection;
        this.#read(connection, flow, stream);
        for (const bytes of stream.waiting.splice(0)) connection.write(bytes);
        this.#pingLater(connection, flow, stream);
      },
      () => {
        this.#drop(`${transport}-connect-failed`, remote);
        this.#closed(flow, stream);
      },
    );
    return flow;
  }

  /**
   * Asks on an open connection whether the far end lives. One that has answered before and does not within 10 s is taken for dead, and
   * closed; who never answers may not know what is asked (RFC 5626 is not everybody's).
   */
  ping(flow: Flow): void {
    const stream = this.#streams.get(flow);
    if (stream?.connection !== undefined) this.#ping(stream.connection, flow, stream);
  }

  /** A request on `flow`, which the far end opened, offers it for ours to `port` (RFC 5923 section 8.2). */
  alias(flow: Flow, port: number): void {
    const stream = this.#streams.get(flow);
    if (stream !== undefined && stream.name === undefined) stream.alias = port;
  }

  close(): void {
    for (const [flow, stream] of [...this.#streams]) {
      this.#stopAlarms(stream);
      this.#streams.delete(flow);
      stream.connection?.close();
    }
  }

  #read(connection: StreamConnection, flow: Flow, stream: Stream): void {
    const { clock, timers } = this.#options;
    const framer = new StreamFramer({
      message: (bytes) => {
        timers.cancel(stream.slow);
        stream.slow = undefined;
        stream.pings = 0;
        this.#options.receive(bytes, flow);
      },
      ping: () => connection.write(PONG),
      pong: () => {
        stream.answersPings = true;
        timers.cancel(stream.pong);
        stream.pong = undefined;
      },
    });
    stream.framer = framer;
    connection.onData = (bytes) => {
      const fault = framer.push(bytes);
      if (fault !== undefined) {
        this.#drop(fault, flow.remote);
        connection.close();
      } else if (framer.partial) {
        stream.slow ??= timers.schedule(clock.now() + MESSAGE_MS, () => {
          this.#drop('stream-slow', flow.remote);
          connection.close();
        });
      }
    };
    connection.onClose = () => this.#closed(flow, stream);
  }

  #closed(flow: Flow, stream: Stream): void {
    this.#stopAlarms(stream);
    if (this.#streams.delete(flow)) this.#options.closed(flow);
  }

  #ping(connection: StreamConnection, flow: Flow, stream: Stream): void {
    const { clock, timers } = this.#options;
    connection.write(PING);
    stream.framer?.expectPong();
    if (!stream.answersPings) return;
    stream.pong ??= timers.schedule(clock.now() + PONG_MS, () => {
      this.#drop('stream-no-pong', flow.remote);
      // At once: what waits for an answer by this connection is to fail now, and the next request opens another.
      this.#closed(flow, stream);
      connection.close();
    });
  }

  #pingLater(connection: StreamConnection, flow: Flow, stream: Stream): void {
    const { clock, timers } = this.#options;
    stream.ping = timers.schedule(clock.now() + PING_MS, () => {
      stream.ping = undefined;
      if (stream.pings++ >= MAX_PINGS) return;
      this.#ping(connection, flow, stream);
      this.#pingLater(connection, flow, stream);
    });
  }

  #stopAlarms(stream: Stream): void {
    this.#options.timers.cancel(stream.slow);
    this.#options.timers.cancel(stream.ping);
    this.#options.timers.cancel(stream.pong);
  }

  #drop(reason: string, { address }: HostPort): void {
    this.#options.emit({ type: 'dropped', where: 'sip', reason, count: 1, source: address });
  }
}

/** May requests to `hop` go by this connection? */
function leadsTo({ transport, remote, name }: StreamHop, flow: Flow, stream: Stream): boolean {
  if (flow.transport !== transport || flow.remote.address !== remote.address) return false;
  // Nobody has proven anything over TCP: the same address and port, and no word of an alias counts.
  if (transport === 'tcp') return flow.remote.port === remote.port;
  if (stream.name !== undefined) return flow.remote.port === remote.port && stream.name === name;
  // A connection that a peer opened over TLS leads to whom its certificate speaks for (RFC 5923 section 9.1), if he offers it.
  return stream.alias === remote.port && stream.connection?.speaksFor?.(name) === true;
}
