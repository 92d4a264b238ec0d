import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { defaultTcpLimits, NodeStreamConnection } from '../../../src/adapters/tcp/connection.ts';
import { utf8 } from '../../../src/base/bytes.ts';

const open: (Socket | Server)[] = [];

afterEach(() => {
  for (const each of open.splice(0)) {
    if ('destroy' in each) each.destroy();
    else each.close();
  }
});

/** A connection of ours, and what its peer has read. */
async function pair() {
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    open.push(socket);
    socket.on('data', (bytes) => chunks.push(bytes));
    socket.on('error', () => {});
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  open.push(socket);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return { connection: new NodeStreamConnection(socket, defaultTcpLimits), socket, chunks };
}

test('what is written in one turn goes out together, in its order', async () => {
  const { connection, chunks } = await pair();
  for (const text of ['one ', 'two ', 'three']) connection.write(utf8(text));
  await vi.waitFor(() => expect(Buffer.concat(chunks).toString()).toBe('one two three'));
  expect(chunks).toHaveLength(1);
});

test('a burst of one turn is not taken for a peer that does not read', async () => {
  const { connection, socket, chunks } = await pair();
  const message = new Uint8Array(1000);
  let closed = false;
  connection.onClose = () => {
    closed = true;
  };
  for (let i = 0; i < 1200; i++) connection.write(message);
  expect(socket.destroyed).toBe(false);
  await vi.waitFor(() => expect(Buffer.concat(chunks).length).toBe(1_200_000));
  expect(closed).toBe(false);
});

test('last words go out before the end', async () => {
  const { connection, chunks } = await pair();
  connection.write(utf8('bye'));
  connection.close();
  await vi.waitFor(() => expect(Buffer.concat(chunks).toString()).toBe('bye'));
});
