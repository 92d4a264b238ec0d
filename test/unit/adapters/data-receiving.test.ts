import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataChannels } from '../../../src/adapters/dtls-werift/data-channels.ts';
import type { ApplicationLayer, DtlsEvent } from '../../../src/media/dtls-port.ts';
import { type Sack, sackOf, sctpPacket } from '../../support/sctp-packets.ts';
import { VirtualTime } from '../../support/virtual-time.ts';

/** The peer's end of an association, by hand. */
const [TAG, DCEP, BINARY] = [7, 50, 53];

let time: VirtualTime;
let layer: ApplicationLayer;
let sent: Uint8Array[];
let events: DtlsEvent[];
let tag: number;

beforeEach(() => {
  time = new VirtualTime();
  sent = [];
  events = [];
  layer = dataChannels(time)(
    (bytes) => sent.push(bytes.slice()),
    (event) => events.push(event),
  );
});
afterEach(() => layer.close());

/** Lets werift's promises run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function associate(initialTsn: number): Promise<void> {
  const init = new Uint8Array(20);
  const view = new DataView(init.buffer);
  init.set([1, 0, 0, 20]);
  view.setUint32(4, TAG);
  view.setUint32(8, 100_000);
  view.setUint16(12, 8);
  view.setUint16(14, 8);
  view.setUint32(16, initialTsn);
  layer.receive(sctpPacket(0, init));
  await settle();
  const answer = Buffer.from(sent.findLast((packet) => packet[12] === 2) ?? []);
  tag = answer.readUInt32BE(16);
  const at = answer.indexOf(Buffer.from([0, 7, 0, 28]));
  layer.receive(sctpPacket(tag, Uint8Array.of(10, 0, 0, 28, ...answer.subarray(at + 4, at + 28))));
  await settle();
}

/** A DATA chunk on stream 0. */
function data(tsn: number, sequence: number, protocol: number, body: Uint8Array, flags = 3): Uint8Array {
  const chunk = new Uint8Array((16 + body.length + 3) & ~3);
  const view = new DataView(chunk.buffer);
  chunk.set([0, flags]);
  view.setUint16(2, 16 + body.length);
  view.setUint32(4, tsn);
  view.setUint16(10, sequence);
  view.setUint32(12, protocol);
  chunk.set(body, 16);
  return chunk;
}

const open = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, ...Buffer.from('_reliable'));
const received = (): number[] =>
  events.flatMap((event) => (event.type === 'data.received' ? [event.bytes[0] ?? -1] : []));
function lastSack(): Sack {
  return sackOf(sent.findLast((packet) => packet[12] === 3) ?? new Uint8Array());
}

describe('data of a peer whose TSNs', () => {
  test.each([
    ['wrap', 0xffff_fffc],
    ['get another digit', 7],
    ['do neither', 1000],
  ])('%s comes whole and in order, however the packets come', async (_, first) => {
    await associate(first);
    layer.receive(sctpPacket(tag, data(first, 0, DCEP, open)));
    await settle();
    expect(events).toContainEqual({ type: 'data.opened', channel: '_reliable' });
    const message = (number: number): Uint8Array =>
      sctpPacket(tag, data((first + number) >>> 0, number, BINARY, Uint8Array.of(number)));
    for (const number of [8, 2, 3, 7, 5, 6, 2]) layer.receive(message(number));
    await settle();
    expect(received()).toEqual([]);
    expect(lastSack()).toMatchObject({
      ...{ cumulative: first, duplicates: [(first + 2) >>> 0] },
      gaps: [
        [2, 3],
        [5, 8],
      ],
    });
    layer.receive(message(1));
    await settle();
    expect(received()).toEqual([1, 2, 3]);
    layer.receive(message(4));
    await settle();
    expect(received()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(lastSack()).toMatchObject({ cumulative: (first + 8) >>> 0, gaps: [] });
  });

  test('an INIT that comes once more, late, forgets nothing', async () => {
    await associate(0xffff_ffff);
    layer.receive(sctpPacket(tag, data(0xffff_ffff, 0, DCEP, open)));
    layer.receive(sctpPacket(tag, data(0, 1, BINARY, Uint8Array.of(1))));
    await settle();
    await associate(0xffff_ffff);
    layer.receive(sctpPacket(tag, data(1, 2, BINARY, Uint8Array.of(2))));
    await settle();
    expect(received()).toEqual([1, 2]);
    expect(lastSack()).toMatchObject({ cumulative: 1, gaps: [] });
  });

  test('what is given up beyond the wrap is waited for no more', async () => {
    await associate(0xffff_fffe);
    layer.receive(sctpPacket(tag, data(0xffff_fffe, 0, DCEP, open)));
    layer.receive(sctpPacket(tag, data(1, 3, BINARY, Uint8Array.of(3))));
    await settle();
    // Messages 1 and 2, TSNs 0xffffffff and 0.
    layer.receive(sctpPacket(tag, Uint8Array.of(192, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 2)));
    await settle();
    expect(received()).toEqual([3]);
    expect(lastSack()).toMatchObject({ cumulative: 1, gaps: [] });
  });
});
