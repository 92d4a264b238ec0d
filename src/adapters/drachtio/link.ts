/** The way to the drachtio server: one connection after the other, with growing pauses between them. */
import { utf8 } from '../../base/bytes.ts';
import type { Clock, Millis } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Alarm, Timers } from '../../base/wake-queue.ts';
import type { Flow } from '../../sip/ports.ts';
import { DrachtioConnection, type OwnRequest, type OwnRequestListener, type ServedRequest } from './srf.ts';

/** First and longest pause before it is tried again, ms; each is twice the one before, less up to a half. */
const FIRST_PAUSE: Millis = 500;
const LONGEST_PAUSE: Millis = 15_000;
/** How long a connection may take until the server has taken the secret, ms. */
const PATIENCE: Millis = 5000;

export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly onFault: (error: unknown) => void;
  readonly observe?: ((way: 'in' | 'out', bytes: Uint8Array, flow: Flow) => void) | undefined;
}

export interface LinkListener {
  up(version: string): void;
  /** The connection ended, or none came about; `retryMs` is the pause until the next. */
  down(why: string, retryMs: Millis): void;
  request(request: ServedRequest): void;
}

export class DrachtioLink {
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  #connection: DrachtioConnection | undefined;
  #up = false;
  #stopped = false;
  #pause = FIRST_PAUSE;
  /** For the server's patience, and between connections for the pause. */
  #alarm: Alarm | undefined;

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Does the server take requests now? */
  get isUp(): boolean {
    return this.#up;
  }

  start(): void {
    const { clock, timers, onFault, observe } = this.#options;
    const connection = new DrachtioConnection(this.#options, {
      ready: (version) => {
        timers.cancel(this.#alarm);
        this.#up = true;
        this.#pause = FIRST_PAUSE;
        this.#listener.up(version);
      },
      request: (request) => this.#listener.request(request),
      closed: (why) => this.#closed(why),
      observe: (way, text, flow) => observe?.(way, utf8(text), flow),
      fault: onFault,
    });
    this.#connection = connection;
    this.#alarm = timers.schedule(clock.now() + PATIENCE, () => connection.close('no answer in time'));
  }

  /** Sends it, or tells `listener` at once that there is no connection. */
  send(request: OwnRequest, listener: OwnRequestListener): void {
    if (this.#up && this.#connection !== undefined) this.#connection.send(request, listener);
    else listener.failed('not-sent', 'no connection to drachtio');
  }

  /** Closes the connection and makes no other; nothing is told any more. */
  stop(): void {
    this.#stopped = true;
    this.#up = false;
    this.#options.timers.cancel(this.#alarm);
    this.#connection?.close('stopped');
  }

  #closed(why: string): void {
    if (this.#stopped) return;
    const { clock, timers, random } = this.#options;
    timers.cancel(this.#alarm);
    this.#up = false;
    const pause = this.#pause - (random.u32() % (this.#pause / 2));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    this.#alarm = timers.schedule(clock.now() + pause, () => this.start());
    this.#listener.down(why, pause);
  }
}
