import { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { monotonicClock } from '../../../src/adapters/clock/clock.ts';
import { readConfig } from '../../../src/app/config/read.ts';
import { OwnAddresses } from '../../../src/app/own-addresses.ts';
import { openTurn, type TurnService } from '../../../src/app/turn-service.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { freePortBlock } from '../../support/free-ports.ts';

let turn: TurnService | undefined;
afterEach(() => turn?.close());

/** A connection to the port of HTTPS that has turned out to speak TURN. */
function socketFrom(address: string): Socket {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  return socket;
}

test('a source has 200 connections by the port of HTTPS, as by any other', async () => {
  const env = { TRUNKROOM_TURN_PORT: `${await freePortBlock(1)}`, TRUNKROOM_TURN_ADDRESS: '127.0.0.1' };
  const startup = readConfig(['--dev'], env);
  if (!startup.ok) throw new Error(JSON.stringify(startup.error));
  const timers = new WakeQueue();
  const onFault = (error: unknown) => {
    throw error;
  };
  const own = new OwnAddresses({ timers, clock: monotonicClock, onFault });
  const events: GatewayEvent[] = [];
  turn = await openTurn({
    ...{ startup: startup.value, timers, own, media: [], certificates: undefined, onFault },
    emit: (event) => events.push(event),
  });
  own.stop();
  const sockets = Array.from({ length: 201 }, () => socketFrom('198.51.100.7'));
  for (const socket of sockets) turn.accept(socket);
  expect(sockets.map(({ destroyed }) => destroyed).lastIndexOf(false)).toBe(199);
  expect(sockets[200]!.destroyed).toBe(true);
  expect(events).toEqual([
    { type: 'dropped', where: 'turn', reason: 'connections-source', count: 1, source: '198.51.100.7' },
  ]);
  const other = socketFrom('198.51.100.8');
  turn.accept(other);
  expect(other.destroyed).toBe(false);
});
