/** Keep-alives as they are on the wire: four bytes over UDP and TCP, and what answers them. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { monotonicClock } from '../../../src/adapters/clock/clock.ts';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { SipServer } from '../../../src/app/sip-server.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(events: GatewayEvent[] = []): Promise<SipServer> {
  const sip = await SipServer.open({
    ...{ clock: monotonicClock, timers: new WakeQueue(), random: systemRandom, userAgent: 'test' },
    emit: (event) => events.push(event),
    listen: { address: '127.0.0.1', port: 0 },
    announced: ['127.0.0.1'],
    admission: () => 'admit',
    contact: () => ({ address: '127.0.0.1', port: 5060 }),
    onFault: (error) => {
      throw error;
    },
  });
  closing.push(() => sip.close());
  return sip;
}

test('a double CRLF over UDP, from the port of our SIP', async () => {
  const far = createSocket('udp4');
  closing.push(() => far.close());
  far.bind(0, '127.0.0.1');
  await once(far, 'listening');
  const sip = await server();
  const heard = once(far, 'message');
  sip.ping({ transport: 'udp', remote: { address: '127.0.0.1', port: far.address().port } });
  const [bytes, from] = (await heard) as [Buffer, { port: number }];
  expect(bytes.toString()).toBe('\r\n\r\n');
  expect(from.port).toBe(sip.port);
});

test('over TCP by one connection; theirs is answered by a CRLF', async () => {
  const sockets: Socket[] = [];
  let heard = '';
  const far = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (bytes) => {
      heard += bytes.toString();
    });
  });
  far.listen(0, '127.0.0.1');
  await once(far, 'listening');
  closing.push(() => far.close());
  closing.push(() => sockets.forEach((socket) => void socket.destroy()));
  const sip = await server();
  const next = {
    transport: 'tcp' as const,
    remote: { address: '127.0.0.1', port: (far.address() as AddressInfo).port },
  };
  // The first one opens the way, which is as good as a ping.
  sip.ping(next);
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  await vi.waitFor(() => {
    if (heard === '') sip.ping(next);
    expect(heard).toMatch(/^(\r\n\r\n)+$/);
  });
  heard = '';
  sockets[0]!.write('\r\n\r\n');
  await vi.waitFor(() => expect(heard).toBe('\r\n'));
  expect(sockets).toHaveLength(1);
});
