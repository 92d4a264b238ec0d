import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Entrance } from '../../../src/adapters/tcp/door.ts';

/** A socket that somebody else has accepted. */
function socketFrom(address: string): Socket {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  return socket;
}

test('a source has so many connections, all of them so many, and one that closes makes room', async () => {
  const limits = { total: 3, perSource: 2, idleMs: 1000, backlog: 1000 };
  const entered: Socket[] = [];
  const refused: string[] = [];
  const entrance = new Entrance(
    { limits, refused: (reason, source) => refused.push(`${reason} ${source}`) },
    (socket) => entered.push(socket),
  );
  // One host of IPv6 has as many addresses as it likes: its /64 is the source.
  const sources = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '::ffff:192.0.2.1', '192.0.2.2'];
  const sockets = sources.map(socketFrom);
  for (const socket of sockets) entrance.take(socket);
  expect(entered).toEqual([sockets[0], sockets[1], sockets[3]]);
  expect(refused).toEqual(['source 2001:db8::3', 'total 192.0.2.2']);
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, false, true, false, true]);
  const closed = new Promise((done) => sockets[0]!.once('close', done));
  sockets[0]!.destroy();
  await closed;
  const next = socketFrom('2001:db8::4');
  entrance.take(next);
  expect([entered.at(-1) === next, entrance.size]).toEqual([true, 3]);
  for (const socket of entered) socket.destroy();
});
