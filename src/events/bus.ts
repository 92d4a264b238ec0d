import type { EventSink, GatewayEvent } from './index.ts';

/** Hands each event to every sink, in order of subscription. A sink that throws hurts nobody else. */
export class EventBus {
  readonly #sinks: EventSink[] = [];
  readonly #onFault: (error: unknown, event: GatewayEvent) => void;

  constructor(onFault: (error: unknown, event: GatewayEvent) => void) {
    this.#onFault = onFault;
  }

  subscribe(sink: EventSink): void {
    this.#sinks.push(sink);
  }

  readonly emit: EventSink = (event) => {
    for (const sink of this.#sinks) {
      try {
        sink(event);
      } catch (error) {
        this.#onFault(error, event);
      }
    }
  };
}
