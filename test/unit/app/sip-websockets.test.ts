import { beforeEach, expect, test } from 'vitest';
import { SipWebSockets } from '../../../src/app/sip-websockets.ts';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import type { MessageConnection } from '../../../src/base/net.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { Flow } from '../../../src/sip/ports.ts';

class Pipe implements MessageConnection {
  readonly local = { address: '192.0.2.1', port: 7880 };
  readonly remote = { address: '203.0.113.9', port: 40_000 };
  onMessage: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  readonly sent: string[] = [];
  cut = false;

  send(bytes: Uint8Array): void {
    this.sent.push(fromUtf8(bytes));
  }

  close(): void {
    this.cut = true;
  }
}

let now: number;
let events: GatewayEvent[];
let received: { text: string; flow: Flow }[];
let closed: Flow[];
let sockets: SipWebSockets;

beforeEach(() => {
  now = 0;
  events = [];
  received = [];
  closed = [];
  sockets = new SipWebSockets({
    clock: { now: () => now },
    emit: (event) => events.push(event),
    receive: (bytes, flow) => received.push({ text: fromUtf8(bytes), flow }),
    closed: (flow) => closed.push(flow),
  });
});

test('a frame is a message, and the way back is its connection alone', () => {
  const one = new Pipe();
  const two = new Pipe();
  sockets.accept(one);
  sockets.accept(two);
  one.onMessage(utf8('INVITE one'));
  two.onMessage(utf8('INVITE two'));
  expect(received.map(({ text }) => text)).toEqual(['INVITE one', 'INVITE two']);
  expect(received[0]!.flow).toMatchObject({ transport: 'ws', remote: one.remote, local: one.local });
  sockets.send(utf8('answer'), received[1]!.flow);
  expect([one.sent, two.sent]).toEqual([[], ['answer']]);
});

test('a double CRLF is answered by a single one, which itself is no question', () => {
  const pipe = new Pipe();
  sockets.accept(pipe);
  pipe.onMessage(utf8('\r\n\r\n'));
  expect(pipe.sent).toEqual(['\r\n']);
  pipe.onMessage(utf8('\r\n'));
  expect(pipe.sent).toEqual(['\r\n']);
  expect(received.map(({ text }) => text)).toEqual(['\r\n']);
});

test('a closed connection is told once, and what is sent to it is swallowed', () => {
  const pipe = new Pipe();
  sockets.accept(pipe);
  pipe.onMessage(utf8('x'));
  const { flow } = received[0]!;
  pipe.onClose();
  pipe.onClose();
  expect(closed).toEqual([flow]);
  sockets.send(utf8('late'), flow);
  pipe.onMessage(utf8('later'));
  expect(pipe.sent).toEqual([]);
  expect(received).toHaveLength(1);
});

test('who sends faster than a person could is cut off', () => {
  const pipe = new Pipe();
  sockets.accept(pipe);
  for (let at = 0; at < 100; at++) pipe.onMessage(utf8('x'));
  expect(pipe.cut).toBe(false);
  pipe.onMessage(utf8('x'));
  expect(pipe.cut).toBe(true);
  expect(received).toHaveLength(100);
  expect(events).toMatchObject([{ type: 'dropped', where: 'sip', reason: 'websocket-rate' }]);
  const slow = new Pipe();
  sockets.accept(slow);
  for (; now < 10_000; now += 25) slow.onMessage(utf8('x'));
  expect(slow.cut).toBe(false);
});
