import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamConnection } from '../../../src/base/net.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { StreamDoor } from '../../../src/turn/stream-door.ts';
import { StreamFramer } from '../../../src/turn/stream-framer.ts';
import { UdpDoor } from '../../../src/turn/udp-door.ts';
import { channelData, FakeClient, FakeSocket, PEER, TurnHarness, withUdp } from './turn-harness.ts';

const FROM = { address: '198.51.100.7', port: 50_000 };
const BINDING = new StunBuilder(Method.binding, 'request', new Uint8Array(12)).finish();

/** A stream that remembers what was written. */
class FakeConnection implements StreamConnection {
  readonly local = { address: '192.0.2.10', port: 3478 };
  readonly remote = FROM;
  queued = 0;
  closed = false;
  readonly written: Uint8Array[] = [];
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};

  write(bytes: Uint8Array): void {
    this.written.push(bytes.slice());
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose();
  }
}

describe('StreamFramer', () => {
  const stun = new StunBuilder(Method.binding, 'request', new Uint8Array(12)).text(0x8022, 'abcd').finish();
  const padded = Uint8Array.from([...channelData(0x4000, Uint8Array.of(1, 2, 3, 4, 5)), 0, 0, 0]);

  it('finds the same messages however the stream is cut', () => {
    const message = fc.constantFrom(stun, padded, BINDING, channelData(0x4fff, new Uint8Array()));
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 })),
        (messages, cuts) => {
          const stream = Uint8Array.from(messages.flatMap((m) => [...m]));
          const frames: Uint8Array[] = [];
          const framer = new StreamFramer((frame) => frames.push(frame.slice()));
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            expect(framer.push(stream.slice(at, at + cut))).toBe(true);
            at = Math.min(stream.length, at + cut);
          }
          expect(frames).toEqual(messages);
        },
      ),
    );
  });

  it('ends at what is no TURN, too large or crooked, and never throws', () => {
    for (const bytes of [
      [0x47, 0x45, 0xff, 0xff],
      [0x16, 3, 1, 0],
      [0, 1, 0, 3],
      [0, 1, 0xff, 0xfc],
      [0x80, 0, 0, 0],
    ]) {
      const framer = new StreamFramer(() => {});
      expect(framer.push(Uint8Array.from(bytes))).toBe(false);
      expect(framer.push(BINDING)).toBe(false);
    }
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const framer = new StreamFramer(() => {});
        for (const chunk of chunks) framer.push(chunk);
      }),
    );
  });

  it('stops when told to in the middle of a chunk', () => {
    let count = 0;
    const framer: StreamFramer = new StreamFramer(() => {
      count++;
      framer.stop();
    });
    expect(framer.push(Uint8Array.from([...BINDING, ...BINDING]))).toBe(false);
    expect(count).toBe(1);
  });
});

/** An Allocate request as `client` would send it, with a nonce that fits its 5-tuple. */
function allocateBytes(turn: TurnHarness, protocol: 'udp' | 'tcp'): Uint8Array {
  return turn.request(new FakeClient(FROM, protocol), Method.allocate, withUdp);
}

/** The same for a CreatePermission. */
function permitBytes(turn: TurnHarness, protocol: 'udp' | 'tcp'): Uint8Array {
  return turn.request(new FakeClient(FROM, protocol), Method.createPermission, (builder) =>
    builder.xorAddress(Attribute.xorPeerAddress, PEER.address, PEER.port),
  );
}

describe('UdpDoor', () => {
  it('remembers a source only while it holds an allocation', () => {
    const turn = new TurnHarness();
    const socket = new FakeSocket({ address: '192.0.2.10', port: 3478 });
    const door = new UdpDoor(turn.server, socket);
    socket.onDatagram(BINDING, FROM.address, FROM.port);
    expect([socket.sent.length, door.size]).toEqual([1, 0]);
    expect(socket.sent[0]).toMatchObject(FROM);
    const bytes = allocateBytes(turn, 'udp');
    socket.onDatagram(bytes, FROM.address, FROM.port);
    socket.onDatagram(bytes, FROM.address, FROM.port);
    expect([socket.sent.length, door.size]).toEqual([3, 1]);
    expect(turn.sockets).toHaveLength(1);
    turn.pass(600_000);
    expect(door.size).toBe(0);
    expect(turn.timers.size).toBe(0);
  });
});

describe('back-pressure', () => {
  it('a listening socket with 256 datagrams waiting sends answers, and no packets of peers', () => {
    const turn = new TurnHarness();
    const socket = new FakeSocket({ address: '192.0.2.10', port: 3478 });
    new UdpDoor(turn.server, socket);
    socket.onDatagram(allocateBytes(turn, 'udp'), FROM.address, FROM.port);
    socket.queued = 256;
    socket.onDatagram(permitBytes(turn, 'udp'), FROM.address, FROM.port);
    const fromPeer = () => turn.sockets[0]!.onDatagram(Uint8Array.of(1), PEER.address, PEER.port);
    fromPeer();
    expect(socket.sent).toHaveLength(3);
    socket.queued = 257;
    fromPeer();
    expect(socket.sent).toHaveLength(3);
    socket.onDatagram(permitBytes(turn, 'udp'), FROM.address, FROM.port);
    expect(socket.sent).toHaveLength(4);
    expect(turn.drops()).toEqual({ congested: 1 });
  });

  it('a slow reader of a connection loses packets of peers from 256 kB on, and the connection above 1 MB', () => {
    const turn = new TurnHarness();
    const door = new StreamDoor({ server: turn.server, timers: turn.timers, clock: { now: () => turn.now } });
    const connection = new FakeConnection();
    door.accept(connection);
    connection.onData(allocateBytes(turn, 'tcp'));
    connection.onData(permitBytes(turn, 'tcp'));
    const fromPeer = () => turn.sockets[0]!.onDatagram(Uint8Array.of(1), PEER.address, PEER.port);
    connection.queued = 262_144;
    fromPeer();
    expect(connection.written).toHaveLength(3);
    connection.queued = 262_145;
    fromPeer();
    expect(connection.written).toHaveLength(3);
    connection.queued = 1_048_576;
    connection.onData(permitBytes(turn, 'tcp'));
    expect([connection.written.length, connection.closed]).toEqual([4, false]);
    connection.queued = 1_048_577;
    connection.onData(permitBytes(turn, 'tcp'));
    expect([connection.written.length, connection.closed]).toEqual([4, true]);
    expect(turn.drops()).toEqual({ congested: 1 });
  });
});

describe('StreamDoor', () => {
  function connected(): { turn: TurnHarness; door: StreamDoor; connection: FakeConnection } {
    const turn = new TurnHarness();
    const door = new StreamDoor({ server: turn.server, timers: turn.timers, clock: { now: () => turn.now } });
    const connection = new FakeConnection();
    door.accept(connection);
    return { turn, door, connection };
  }

  it('serves a client whose messages come in pieces, and ends with its connection', () => {
    const { turn, door, connection } = connected();
    const bytes = allocateBytes(turn, 'tcp');
    for (const byte of bytes) connection.onData(Uint8Array.of(byte));
    expect(connection.written).toHaveLength(1);
    expect(turn.server.gauges().allocations).toBe(1);
    turn.pass(60_000);
    expect(connection.closed).toBe(false);
    connection.close();
    expect(turn.server.gauges().allocations).toBe(0);
    expect(turn.sockets[0]!.closed).toBe(true);
    expect([door.size, turn.timers.size]).toEqual([0, 0]);
  });

  it('closes what is idle, what has lost its allocation, and what speaks no TURN', () => {
    const idle = connected();
    idle.connection.onData(BINDING);
    idle.turn.pass(30_000);
    expect(idle.connection.closed).toBe(true);
    const lapsed = connected();
    lapsed.connection.onData(allocateBytes(lapsed.turn, 'tcp'));
    lapsed.turn.pass(600_000);
    expect(lapsed.connection.closed).toBe(false);
    lapsed.turn.pass(31_000);
    expect(lapsed.connection.closed).toBe(true);
    const http = connected();
    http.connection.onData(Uint8Array.from([0x16, 0x03, 0x01, 0x02]));
    expect(http.connection.closed).toBe(true);
    expect(http.turn.drops()).toEqual({ 'bad-frame': 1 });
    for (const { turn, door } of [idle, lapsed, http]) {
      turn.pass(1_000);
      expect([door.size, turn.timers.size]).toEqual([0, 0]);
    }
  });

  it('gives up a reader that does not read', () => {
    const { connection, turn } = connected();
    connection.queued = 2_000_000;
    connection.onData(BINDING);
    expect(connection.closed).toBe(true);
    expect(connection.written).toEqual([]);
    expect(turn.server.gauges().allocations).toBe(0);
  });

  it('close ends every connection', () => {
    const { turn, door, connection } = connected();
    connection.onData(allocateBytes(turn, 'tcp'));
    door.close();
    expect(connection.closed).toBe(true);
    expect([door.size, turn.timers.size, turn.server.gauges().allocations]).toEqual([0, 0, 0]);
  });
});
