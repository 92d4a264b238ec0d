import type { AccessTokens } from '../adapters/jwt/tokens.ts';
import { post } from '../adapters/webhook/post.ts';
import { WebhookEvents, type WebhookEventsOptions } from '../api/webhook/events.ts';
import { type Delivery, WebhookQueue } from '../api/webhook/queue.ts';
import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import type { RoomAdministration } from '../room/administration.ts';

/** How long an endpoint may take to answer, ms. */
const TIMEOUT_MS = 5000;
/** Worth another attempt although the endpoint answered: too early, too much (RFC 6585), or its own fault. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

export interface WebhooksOptions {
  readonly urls: readonly string[];
  /** The API key that signs; one of the gateway's. */
  readonly key: string;
  readonly tokens: Pick<AccessTokens, 'signBody'>;
  readonly digests: Digests;
  readonly rooms: RoomAdministration;
  readonly job?: WebhookEventsOptions['job'];
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/** Tells the customer's endpoints what happens. */
export interface Webhooks {
  readonly sink: EventSink;
  /** Sends what is left, for at most `graceMs`. */
  close(graceMs: Millis): Promise<void>;
}

/** Starts telling `urls`; each has a queue of its own, so that one that is down delays no other. */
export function openWebhooks(options: WebhooksOptions): Webhooks {
  const { clock, emit, job, random, rooms, timers, urls, wall } = options;
  const abort = new AbortController();
  const queues = urls.map((url) => {
    const deliver = endpoint(url, options, abort.signal);
    const onDropped = (reason: string) => emit({ type: 'dropped', where: 'http', reason, count: 1 });
    return new WebhookQueue({ clock, timers, random, deliver, onDropped });
  });
  const events = new WebhookEvents({
    ...{ rooms, wall, random, job },
    send: (body, room) => {
      for (const queue of queues) queue.push(body, room);
    },
  });
  return {
    sink: events.sink,
    close: async (graceMs) => {
      await Promise.all(queues.map((queue) => queue.close(graceMs)));
      abort.abort();
    },
  };
}

/** One endpoint; says once in the log when it begins to fail, and once when it is well again. */
function endpoint(
  url: string,
  { digests, key, log, tokens }: WebhooksOptions,
  abort: AbortSignal,
): (body: string) => Promise<Delivery> {
  // A password may stand in it.
  const { host } = new URL(url);
  let failing = false;
  return async (body) => {
    const digest = Buffer.from(digests.sha256(new TextEncoder().encode(body))).toString('base64');
    const authorization = await tokens.signBody(key, digest);
    const { status, why } = await post(url, body, authorization, { timeoutMs: TIMEOUT_MS, abort });
    const delivery = deliveryOf(status);
    if ((delivery !== 'delivered') !== failing && !abort.aborted) {
      failing = !failing;
      if (failing) log.warn({ host, status, why }, 'webhook endpoint does not take events');
      else log.info({ host }, 'webhook endpoint takes events again');
    }
    return delivery;
  };
}

function deliveryOf(status: number): Delivery {
  if (status >= 200 && status < 300) return 'delivered';
  return status === 0 || status >= 500 || LATER.has(status) ? 'failed' : 'refused';
}
