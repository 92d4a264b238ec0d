import { describe, expect, test } from 'vitest';
import { type Delivery, WebhookQueue } from '../../../src/api/webhook/queue.ts';
import { VirtualTime } from '../../support/virtual-time.ts';

/** A queue in virtual time, whose posts are answered by hand. */
function rig(limits: ConstructorParameters<typeof WebhookQueue>[0]['limits'] = {}) {
  const time = new VirtualTime();
  const { clock, timers } = time;
  const posts: { body: Record<string, unknown>; at: number; answer(delivery: Delivery): Promise<void> }[] =
    [];
  const dropped: string[] = [];
  const queue = new WebhookQueue({
    clock,
    timers,
    random: { bytes: (length) => new Uint8Array(length), u32: () => 2 ** 31 },
    limits,
    deliver: (text) =>
      new Promise((resolve) => {
        const answer = async (delivery: Delivery) => {
          resolve(delivery);
          await Promise.resolve();
        };
        posts.push({ body: JSON.parse(text) as Record<string, unknown>, at: time.now, answer });
      }),
    onDropped: (reason) => dropped.push(reason),
  });
  return {
    queue,
    posts,
    dropped,
    timers,
    pass: (ms: number) => time.pass(ms),
  };
}

const names = (posts: readonly { body: Record<string, unknown> }[]) => posts.map(({ body }) => body['id']);

describe('a queue of webhooks', () => {
  test('tells the events of a room one after the other, and rooms beside each other', async () => {
    const { posts, queue } = rig();
    queue.push({ id: 'a1' }, 'a');
    queue.push({ id: 'a2' }, 'a');
    queue.push({ id: 'b1' }, 'b');
    expect(names(posts)).toEqual(['a1', 'b1']);
    await posts[0]?.answer('delivered');
    expect(names(posts)).toEqual(['a1', 'b1', 'a2']);
    await posts[1]?.answer('delivered');
    await posts[2]?.answer('delivered');
    expect(queue.size).toBe(0);
  });

  test('has a bounded number on the way, and nobody waits behind a busy room', async () => {
    const { posts, queue } = rig({ lanes: 1 });
    for (const id of ['a1', 'a2']) queue.push({ id }, 'a');
    queue.push({ id: 'b1' }, 'b');
    expect(names(posts)).toEqual(['a1']);
    await posts[0]?.answer('delivered');
    expect(names(posts)).toEqual(['a1', 'b1']);
    await posts[1]?.answer('delivered');
    expect(names(posts)).toEqual(['a1', 'b1', 'a2']);
  });

  test('asks again, ever later, the same body, and gives up', async () => {
    const { dropped, pass, posts, queue, timers } = rig({ attempts: 4, longestRetryMs: 1500 });
    queue.push({ id: 'a' }, 'a');
    queue.push({ id: 'b' }, 'a');
    for (let i = 0; i < 4; i++) {
      await posts.at(-1)?.answer('failed');
      pass(60_000);
    }
    const waits = posts.slice(1, 4).map(({ at }, i) => Math.round(at - (posts[i]?.at ?? 0)));
    expect(names(posts)).toEqual(['a', 'a', 'a', 'a', 'b']);
    expect(waits[0]).toBe(450);
    expect(dropped).toEqual(['webhook-undelivered']);
    await posts.at(-1)?.answer('delivered');
    expect([queue.size, timers.size]).toEqual([0, 0]);
    expect(posts.at(-1)?.body['numDropped']).toBe(1);
  });

  test('waits twice as long each time, up to a limit', async () => {
    const { pass, posts, queue } = rig({ longestRetryMs: 1500 });
    queue.push({ id: 'a' }, 'a');
    for (const wait of [450, 900, 1350, 1350]) {
      const asked = posts.length;
      await posts.at(-1)?.answer('failed');
      pass(wait - 1);
      expect(posts).toHaveLength(asked);
      pass(1);
      expect(posts).toHaveLength(asked + 1);
    }
  });

  test('does not ask again what is refused', async () => {
    const { dropped, posts, queue } = rig();
    queue.push({ id: 'a' }, 'a');
    await posts[0]?.answer('refused');
    expect([dropped, queue.size]).toEqual([['webhook-refused'], 0]);
  });

  test('drops what does not fit, and the next one says how many', async () => {
    const { dropped, posts, queue } = rig({ events: 2 });
    for (const id of ['1', '2', '3', '4']) queue.push({ id }, 'a');
    expect(dropped).toEqual(['webhook-queue-full', 'webhook-queue-full']);
    await posts[0]?.answer('delivered');
    expect(posts[1]?.body).toEqual({ id: '2', numDropped: 2 });
    await posts[1]?.answer('delivered');
    queue.push({ id: '5' }, 'a');
    expect(posts[2]?.body).toEqual({ id: '5' });
  });

  test('at the end sends what it has, at once, and then gives up', async () => {
    const { dropped, pass, posts, queue, timers } = rig();
    queue.push({ id: 'slow' }, 'a');
    queue.push({ id: 'later' }, 'b');
    await posts[1]?.answer('failed');
    let closed = 'no';
    const closing = queue.close(2000).then(() => {
      closed = 'yes';
    });
    expect(names(posts)).toEqual(['slow', 'later', 'later']);
    await posts[2]?.answer('failed');
    queue.push({ id: 'late' }, 'c');
    expect(dropped).toEqual(['webhook-undelivered', 'webhook-queue-full']);
    expect(closed).toBe('no');
    pass(2000);
    await closing;
    expect(dropped).toHaveLength(3);
    expect([queue.size, timers.size]).toEqual([0, 0]);
    // An answer that comes after all hurts nobody.
    await posts[0]?.answer('delivered');
    expect(queue.size).toBe(0);
  });

  test('closes at once when there is nothing to say', async () => {
    const { queue, timers } = rig();
    await queue.close(2000);
    expect(timers.size).toBe(0);
  });
});
