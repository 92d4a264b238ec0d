import type { Clock, Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { StunBuilder } from './builder.ts';
import { xorAddress } from './fields.ts';
import { StunMessage } from './message.ts';
import { Attribute, Method } from './registry.ts';

/** RFC 8489 section 6.2.1: first after 500 ms, each time twice as long. */
const FIRST_RETRY: Millis = 500;

export interface BindingProbeOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** How long the answer may take, ms. */
  readonly within: Millis;
  send(bytes: Uint8Array): void;
  /** Called once: as what the server sees us, or undefined when it said nothing of use in time. */
  done(mapped: HostPort | undefined): void;
}

/** Asks a STUN server, over datagrams, from which address and port we reach it (RFC 8489 section 2). */
export class BindingProbe {
  readonly #options: BindingProbeOptions;
  readonly #request: Uint8Array;
  #retry: Alarm | undefined;
  readonly #deadline: Alarm;
  #over = false;

  /** Sends the first request. */
  constructor(options: BindingProbeOptions) {
    this.#options = options;
    const { clock, timers, random, within } = options;
    this.#request = new StunBuilder(Method.binding, 'request', random.bytes(12)).fingerprint().finish();
    this.#deadline = timers.schedule(clock.now() + within, () => this.#end(undefined));
    this.#ask(FIRST_RETRY);
  }

  /** The request, by which whoever receives it knows it. */
  get request(): Uint8Array {
    return this.#request;
  }

  /** A datagram from the server; never throws. What is no answer to the request is waited over. */
  receive(bytes: Uint8Array): void {
    const parsed = StunMessage.parse(bytes);
    if (!parsed.ok || parsed.value.method !== Method.binding) return;
    const { kind, transactionId } = parsed.value;
    if (kind !== 'success' && kind !== 'error') return;
    if (!transactionId.every((byte, i) => byte === this.#request[8 + i])) return;
    this.#end(kind === 'success' ? xorAddress(parsed.value, Attribute.xorMappedAddress) : undefined);
  }

  /** Asks no more, and tells nothing. */
  stop(): void {
    this.#over = true;
    this.#options.timers.cancel(this.#retry);
    this.#options.timers.cancel(this.#deadline);
  }

  #ask(wait: Millis): void {
    const { clock, timers, send } = this.#options;
    send(this.#request);
    this.#retry = timers.schedule(clock.now() + wait, () => this.#ask(2 * wait));
  }

  #end(mapped: HostPort | undefined): void {
    if (this.#over) return;
    this.stop();
    this.#options.done(mapped);
  }
}
