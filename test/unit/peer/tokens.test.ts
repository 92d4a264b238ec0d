import { DisconnectReason, LeaveRequest_Action } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { Client, Rig } from './rig.ts';

const NOW = 1_700_000_000_000;

/** Promises of tokens are kept at once. */
const signed = () => new Promise((resolve) => setImmediate(resolve));

describe('new tokens', () => {
  test('come every five minutes, as good as the first one', async () => {
    const rig = new Rig();
    const client = new Client(rig, { expiresAtUnixMs: NOW + 3_600_000 });
    client.connect();
    await signed();
    expect(client.count('refreshToken')).toBe(0);
    for (let minute = 0; minute < 5; minute++) {
      for (let ping = 0; ping < 4; ping++) {
        rig.pass(15_000);
        client.say({ case: 'ping', value: 1n });
      }
    }
    rig.pass(1);
    await signed();
    expect(client.last('refreshToken')).toBe('token of ada for lobby, 3300000 ms');
  });

  test('come at once when the first one ends soon, and then one at a time', async () => {
    const rig = new Rig();
    const client = new Client(rig, { expiresAtUnixMs: NOW + 60_000 });
    client.connect();
    await signed();
    expect(client.last('refreshToken')).toBe('token of ada for lobby, 600000 ms');
    for (let at = 0; at < 300_000; at += 15_000) {
      rig.pass(15_000);
      client.say({ case: 'ping', value: 1n });
    }
    await signed();
    expect(client.count('refreshToken')).toBe(2);
  });

  test('do not come after the end', async () => {
    const rig = new Rig();
    const client = new Client(rig, { expiresAtUnixMs: NOW + 60_000 });
    rig.rooms.delete('lobby');
    await signed();
    expect(client.count('refreshToken')).toBe(0);
    expect(rig.timers.size).toBe(0);
  });
});

test('who is moved gets a token for the other room, its news, and advice to connect anew', async () => {
  const rig = new Rig();
  const ada = new Client(rig, { expiresAtUnixMs: NOW + 3_600_000 });
  const bob = new Client(rig, { identity: 'bob' });
  ada.connect();
  const lobby = rig.rooms.find('lobby');
  const made = rig.rooms.create('hall', {});
  const participant = lobby?.participants.get('ada');
  if (lobby === undefined || participant === undefined || !made.ok) throw new Error('no ada, or no hall');
  expect(lobby.orders.move(participant, made.value)).toBe(true);
  await signed();
  expect(ada.last('refreshToken')).toBe('token of ada for hall, 3600000 ms');
  expect(ada.last('roomMoved')).toMatchObject({ room: { name: 'hall' }, participant: { identity: 'ada' } });
  expect(ada.last('leave')).toMatchObject({
    reason: DisconnectReason.MIGRATION,
    action: LeaveRequest_Action.RECONNECT,
  });
  expect(lobby.participants.has('ada')).toBe(false);
  expect(bob.last('update').participants).toMatchObject([{ identity: 'ada' }]);
  const { participant: phone } = rig.phone('1');
  expect(lobby.orders.move(phone, made.value)).toBe(false);
});
