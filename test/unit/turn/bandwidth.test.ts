import { expect, it } from 'vitest';
import { channelData, FakeClient, PEER, TurnHarness } from './turn-harness.ts';

const FROM = { address: '198.51.100.7', port: 50_000 };

function setup(bytesPerSecond: number) {
  const turn = new TurnHarness({ limits: { bytesPerSecond } });
  const clientOf = (port: number, identity: string) => {
    const client = new FakeClient({ ...FROM, port });
    const credentials = turn.credentials(identity);
    turn.allocate(client, { credentials });
    turn.bind(client, 0x4000, PEER, { credentials });
    return client;
  };
  return { turn, clientOf };
}

it('a user carries so much a second with all allocations together, and another one as much', () => {
  const { turn, clientOf } = setup(10_000);
  const clients = [clientOf(1, 'alice'), clientOf(2, 'alice'), clientOf(3, 'bob')];
  for (let i = 0; i < 20; i++)
    for (const client of clients) turn.server.receive(channelData(0x4000, new Uint8Array(500)), client);
  // Half a second's worth at once: ten packets of 500 bytes of each user.
  const sent = turn.sockets.map((socket) => socket.sent.length);
  expect([sent[0]! + sent[1]!, sent[2]]).toEqual([10, 10]);
  turn.pass(100);
  turn.server.receive(channelData(0x4000, new Uint8Array(500)), clients[0]!);
  expect(turn.sockets[0]!.sent).toHaveLength(sent[0]! + 1);
  expect(turn.drops()['bandwidth']).toBe(40);
});

it('each direction has its own', () => {
  const { turn, clientOf } = setup(10_000);
  const client = clientOf(1, 'alice');
  const before = client.received.length;
  for (let i = 0; i < 20; i++) turn.server.receive(channelData(0x4000, new Uint8Array(500)), client);
  for (let i = 0; i < 20; i++) turn.sockets[0]!.onDatagram(new Uint8Array(500), PEER.address, PEER.port);
  expect([turn.sockets[0]!.sent.length, client.received.length - before]).toEqual([10, 10]);
});
