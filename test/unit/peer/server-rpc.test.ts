import { DataPacket, RpcAck, RpcError, type RpcRequest, RpcResponse } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import type { RpcOutcome } from '../../../src/peer/server-rpc.ts';
import { Client, Rig } from './rig.ts';

/** What a client was sent over its data channel. */
function requests(rig: Rig): RpcRequest[] {
  return rig.told('data.send').flatMap(({ bytes }) => {
    const { value } = DataPacket.fromBinary(bytes);
    return value.case === 'rpcRequest' ? [value.value] : [];
  });
}

function called(change: { payload?: string; responseTimeoutMs?: number } = {}) {
  const rig = new Rig();
  const client = new Client(rig);
  client.connect();
  const room = rig.rooms.find('lobby');
  const to = room?.participants.get('ada');
  if (room === undefined || to === undefined) throw new Error('ada is not in the lobby');
  const outcomes: RpcOutcome[] = [];
  const call = { room, to, method: 'greet', payload: 'hi', responseTimeoutMs: 0, ...change };
  const done = rig.context.serverRpc.call(call).then((outcome) => outcomes.push(outcome));
  const transport = rig.told('transport.open')[0]?.transport ?? '';
  const say = (value: DataPacket['value']) =>
    rig.media({
      ...{ type: 'data.received', channel: '_reliable', transport },
      bytes: new DataPacket({ value }).toBinary(),
    });
  return { rig, done, outcomes, say, id: requests(rig)[0]?.id ?? '' };
}

const answer = (requestId: string, value: RpcResponse['value']): DataPacket['value'] => ({
  case: 'rpcResponse',
  value: new RpcResponse({ requestId, value }),
});

describe('RPC of the gateway to a client', () => {
  test('is answered, and nobody else hears of it', async () => {
    const { done, id, outcomes, rig, say } = called();
    const other = new Client(rig, { identity: 'bob' });
    other.connect(1);
    const before = rig.told('data.send').length;
    expect(requests(rig)).toMatchObject([{ method: 'greet', payload: 'hi', version: 1 }]);
    say({ case: 'rpcAck', value: new RpcAck({ requestId: id }) });
    say(answer(id, { case: 'payload', value: 'hello' }));
    await done;
    expect(outcomes).toEqual([{ ok: true, payload: 'hello' }]);
    expect(rig.told('data.send')).toHaveLength(before);
    expect(rig.context.serverRpc.size).toBe(0);
  });

  test('tells the error of the method', async () => {
    const { done, id, outcomes, say } = called();
    say(answer(id, { case: 'error', value: new RpcError({ code: 101, message: 'no', data: 'why' }) }));
    await done;
    expect(outcomes).toEqual([{ ok: false, error: { code: 101, message: 'no', data: 'why' } }]);
  });

  test.each([
    { what: 'no word at all', ack: false, change: {}, afterMs: 7_001, code: 1501 },
    { what: 'no answer', ack: true, change: {}, afterMs: 10_001, code: 1502 },
    {
      what: 'no answer in its own time',
      ack: true,
      change: { responseTimeoutMs: 500 },
      afterMs: 501,
      code: 1502,
    },
    {
      what: 'a payload that is too large',
      ack: false,
      change: { payload: 'x'.repeat(15_361) },
      afterMs: 0,
      code: 1402,
    },
  ])('fails by $what', async ({ ack, afterMs, change, code }) => {
    const { done, id, outcomes, rig, say } = called(change);
    if (ack) say({ case: 'rpcAck', value: new RpcAck({ requestId: id }) });
    rig.pass(afterMs);
    await done;
    expect(outcomes).toMatchObject([{ ok: false, error: { code } }]);
  });

  test('is not for phones', async () => {
    const { rig } = called();
    const { participant } = rig.phone('1');
    const room = rig.rooms.find('lobby');
    if (room === undefined) throw new Error('no lobby');
    const call = { room, to: participant, method: 'greet', payload: '', responseTimeoutMs: 0 };
    expect(await rig.context.serverRpc.call(call)).toMatchObject({ ok: false, error: { code: 1400 } });
  });

  test('is not answered by somebody else: their packets go their own way', () => {
    const { id, outcomes, rig } = called();
    const eve = new Client(rig, { identity: 'eve' });
    eve.connect(1);
    const transport = rig.told('transport.open')[1]?.transport ?? '';
    rig.media({
      ...{ type: 'data.received', channel: '_reliable', transport },
      bytes: new DataPacket({ value: answer(id, { case: 'payload', value: 'fooled' }) }).toBinary(),
    });
    expect(outcomes).toEqual([]);
    expect(rig.context.serverRpc.size).toBe(1);
  });
});
