import { TurnBatch, type Urgency } from '../../base/turn-batch.ts';
import type { MediaCommand, MediaEvent } from '../../media/protocol.ts';

/**
 * What crosses between threads is an array: all of one turn of the event loop. Each crossing wakes the other thread, which costs
 * some five times what the message does.
 */
export type Crossing<T> = readonly T[];

/** How long that waits which nobody waits for, ms: a packet's time. */
const MOMENT_MS = 20;

/** One direction of the seam. */
export type Outbox<T> = Pick<TurnBatch<T>, 'flush'> & { send(message: T): void };

/** Gathers messages and posts them together. `post` is a port's `postMessage`. */
export function outbox<T extends MediaCommand | MediaEvent>(post: (batch: Crossing<T>) => void): Outbox<T> {
  const batch = new TurnBatch<T>(post, {
    atEnd: setImmediate,
    later: (run) => setTimeout(run, MOMENT_MS),
  });
  return {
    send: (message) => batch.push(message, urgencyOf(message)),
    flush: () => batch.flush(),
  };
}

/** A call that is over has nobody waiting for its leg: of five crossings of a call on a busy gateway two are spared. */
function urgencyOf({ type }: MediaCommand | MediaEvent): Urgency {
  switch (type) {
    case 'leg.close':
    case 'leg.closed':
    case 'room.close':
      return 'with-the-next';
    default:
      return 'this-turn';
  }
}
