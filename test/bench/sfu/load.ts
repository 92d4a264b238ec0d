/** All publishers and all subscribers, each at an address of its own. A child process of `../sfu.ts`. */
import type { DatagramSocket } from '../../../src/base/net.ts';
import type { SfuQuestion } from './messages.ts';
import { media, publisherAddress, publisherPort, subscriberAddress, subscriberPort } from './packets.ts';
import { Publisher } from './publisher.ts';
import { benchSocket } from './sockets.ts';
import { Subscriber } from './subscriber.ts';

const publishers: DatagramSocket[] = [];
const subscribers: DatagramSocket[] = [];

async function listen(question: Extract<SfuQuestion, { ask: 'listen' }>): Promise<void> {
  for (let room = 0; room < question.rooms; room++)
    publishers.push(await benchSocket(publisherAddress(room), publisherPort(room)));
  for (let number = 0; number < question.rooms * question.subscribers; number++)
    subscribers.push(await benchSocket(subscriberAddress(number), subscriberPort(number)));
  process.send?.({});
}

async function run({ medium, port, seconds }: Extract<SfuQuestion, { ask: 'run' }>): Promise<void> {
  const startedAt = performance.now();
  const speak = publishers.map((socket, room) => new Publisher(socket, medium, room, port, startedAt));
  const hear = subscribers.map((socket, i) => new Subscriber(socket, medium, i, port, startedAt));
  const total = seconds * media[medium].perSecond;
  for (let now = startedAt; now < startedAt + 1000 * seconds; now = performance.now()) {
    for (const publisher of speak) publisher.work(now, total);
    for (const subscriber of hear) subscriber.work(now);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.send?.({ received: hear.reduce((sum, { received }) => sum + received, 0) });
}

process.on('message', (question: SfuQuestion) => {
  if (question.ask === 'listen') void listen(question);
  else if (question.ask === 'run') {
    process.send?.({});
    void run(question);
  } else if (question.ask === 'stop') process.exit(0);
});
