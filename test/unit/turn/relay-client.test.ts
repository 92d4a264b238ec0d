import { expect, test } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { hex } from '../../../src/base/bytes.ts';
import type { HostPort } from '../../../src/base/net.ts';
import { mintTurnCredentials } from '../../../src/turn/credentials.ts';
import { type AllocationOutcome, RelayClient } from '../../../src/turn/relay-client.ts';
import { EPOCH, FakeClient, PEER, SECRET, seededRandom, TurnHarness } from './turn-harness.ts';

/** A client of our own server, which answers at once. */
function connect(harness: TurnHarness, from = 4000) {
  const outcomes: AllocationOutcome[] = [];
  const data: [string, HostPort][] = [];
  const wire = new FakeClient({ address: '192.0.2.50', port: from });
  const { username, password } = mintTurnCredentials({
    ...{ digests, secret: SECRET, identity: 'test', unixMs: EPOCH, ttlSeconds: 600 },
  });
  const client = new RelayClient({
    ...{ clock: { now: () => harness.now }, timers: harness.timers, random: seededRandom(3), digests },
    ...{ username, password, transport: 'datagrams' as const, within: 5000 },
    send: (bytes) => harness.server.receive(bytes, wire),
    allocated: (outcome) => outcomes.push(outcome),
    onData: (bytes, peer) => data.push([hex(bytes), peer]),
  });
  const deliver = () => {
    for (let bytes = wire.received.shift(); bytes !== undefined; bytes = wire.received.shift())
      client.receive(bytes);
  };
  deliver();
  return { client, outcomes, data, deliver };
}

test('a permitted peer is talked to and answers; what is given back is gone', () => {
  const harness = new TurnHarness();
  const { client, data, deliver, outcomes } = connect(harness);
  expect(outcomes).toMatchObject([{ kind: 'allocated' }]);
  const permits: boolean[] = [];
  client.permit(PEER, (permitted) => permits.push(permitted));
  deliver();
  expect(permits).toEqual([true]);
  client.send(Uint8Array.of(1, 2, 3, 4, 5), PEER);
  const [socket] = harness.sockets;
  expect(socket?.sent).toEqual([{ data: '0102030405', ...PEER }]);
  socket?.onDatagram(Uint8Array.of(9, 8, 7), PEER.address, PEER.port);
  deliver();
  expect(data).toEqual([['090807', PEER]]);
  client.release();
  deliver();
  expect(harness.server.gauges().allocations).toBe(0);
  expect(harness.timers.size).toBe(0);
});

test('a peer that the server forbids is not permitted, and the allocation stands', () => {
  const harness = new TurnHarness();
  const { client, deliver } = connect(harness);
  const permits: boolean[] = [];
  client.permit({ ...PEER, port: 22 }, (permitted) => permits.push(permitted));
  deliver();
  client.permit(PEER, (permitted) => permits.push(permitted));
  deliver();
  expect(permits).toEqual([false, true]);
});

test('a nonce that went stale is asked for anew', () => {
  const harness = new TurnHarness();
  const { client, deliver } = connect(harness);
  // No alarm has rung, so the allocation is still there.
  harness.now += 7_200_000;
  const permits: boolean[] = [];
  client.permit(PEER, (permitted) => permits.push(permitted));
  expect(permits).toEqual([]);
  deliver();
  expect(permits).toEqual([true]);
});

test('a server that is silent at a permission is no permission', () => {
  const harness = new TurnHarness();
  const { client } = connect(harness);
  const permits: boolean[] = [];
  client.permit(PEER, (permitted) => permits.push(permitted));
  harness.pass(5000);
  expect(permits).toEqual([false]);
});
