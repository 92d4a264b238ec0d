import type { Clock, Millis } from '../base/clock.ts';
import type { HostPort, StreamConnection } from '../base/net.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { TurnClient } from './ports.ts';
import type { TurnServer } from './server.ts';
import { StreamFramer } from './stream-framer.ts';

/** A connection without an allocation is closed after so long. */
const IDLE_MS: Millis = 30_000;
/** Bytes waiting for a slow reader above which relayed packets are dropped: about a second of audio and video. */
const MAX_QUEUE = 262_144;
/** Bytes waiting at which the reader is given up: not even answers may pile up. */
const GIVE_UP_QUEUE = 1_048_576;

/** TCP or TLS clients. Hand it to the adapter that listens: it takes each accepted connection's receivers. */
export class StreamDoor {
  readonly #server: TurnServer;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #clients = new Set<StreamClient>();

  constructor(options: { server: TurnServer; timers: Timers; clock: Clock }) {
    this.#server = options.server;
    this.#timers = options.timers;
    this.#clock = options.clock;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#clients.size;
  }

  accept(connection: StreamConnection): void {
    const client = new StreamClient({
      connection,
      server: this.#server,
      timers: this.#timers,
      clock: this.#clock,
      gone: () => this.#clients.delete(client),
    });
    this.#clients.add(client);
  }

  /** Closes every connection. */
  close(): void {
    for (const client of [...this.#clients]) client.close();
  }
}

class StreamClient implements TurnClient {
  readonly protocol = 'tcp';
  readonly #connection: StreamConnection;
  readonly #server: TurnServer;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #gone: () => void;
  readonly #framer: StreamFramer;
  #idle: Alarm | undefined;
  #ended = false;

  constructor(options: {
    connection: StreamConnection;
    server: TurnServer;
    timers: Timers;
    clock: Clock;
    gone: () => void;
  }) {
    this.#connection = options.connection;
    this.#server = options.server;
    this.#timers = options.timers;
    this.#clock = options.clock;
    this.#gone = options.gone;
    this.#framer = new StreamFramer((frame) => this.#server.receive(frame, this));
    this.#connection.onData = (bytes) => {
      if (this.#ended || this.#framer.push(bytes) || this.#ended) return;
      this.#server.dropped('bad-frame');
      this.close();
    };
    this.#connection.onClose = () => this.#end();
    this.#watch();
  }

  get remote(): HostPort {
    return this.#connection.remote;
  }

  get local(): HostPort {
    return this.#connection.local;
  }

  get queued(): number {
    return this.#connection.queued;
  }

  get congested(): boolean {
    return this.#connection.queued > MAX_QUEUE;
  }

  send(bytes: Uint8Array): void {
    if (this.#ended) return;
    if (this.#connection.queued > GIVE_UP_QUEUE) this.close();
    else this.#connection.write(bytes);
  }

  /** The allocation is gone; the client may ask for another, but not wait for ever. */
  released(): void {
    if (!this.#ended) this.#watch();
  }

  close(): void {
    this.#end();
    this.#connection.close();
  }

  #watch(): void {
    this.#timers.cancel(this.#idle);
    this.#idle = this.#timers.schedule(this.#clock.now() + IDLE_MS, () => {
      this.#idle = undefined;
      if (this.#server.holds(this)) return;
      this.#server.dropped('idle-connection');
      this.close();
    });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#framer.stop();
    this.#timers.cancel(this.#idle);
    this.#idle = undefined;
    this.#gone();
    this.#server.clientClosed(this);
  }
}
