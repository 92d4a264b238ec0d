import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digit, DtmfReceiver, DtmfSender } from '../../../src/rtp/dtmf.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { packet } from './streams.ts';

const event = (key: number, end: boolean, duration: number, timestamp: number, sequence = 0) =>
  packet({
    sequence,
    timestamp,
    payloadType: 101,
    payload: Uint8Array.of(key, end ? 0x8a : 0x0a, duration >> 8, duration & 0xff),
  });

function sent(digits: string, durationMs = 100): RtpView[] {
  const sender = new RtpSender(new SeededRandom(5), 160);
  const keys = new DtmfSender();
  for (const digit of digits) expect(keys.press(digit, durationMs)).toBe(true);
  const packets: RtpView[] = [];
  for (let frame = 0; frame < 1000 && keys.pending > 0; frame++) {
    const bytes = keys.poll(sender, 101, 20, 8);
    sender.advance(160);
    if (bytes === undefined) continue;
    const copy = bytes.slice();
    const view = new RtpView();
    parseRtp(copy, copy.length, view);
    packets.push(view);
  }
  return packets;
}

function received(packets: readonly RtpView[]): Digit[] {
  const receiver = new DtmfReceiver(8000);
  const digits: Digit[] = [];
  const keep = (digit: Digit | undefined) => {
    if (digit !== undefined) digits.push(digit);
  };
  packets.forEach((view, i) => {
    keep(receiver.push(view, i * 20));
    keep(receiver.poll(i * 20));
  });
  keep(receiver.poll(packets.length * 20 + 1000));
  keep(receiver.poll(packets.length * 20 + 1001));
  return digits;
}

describe('keys out', () => {
  it('has one timestamp, rising durations, a marker first and three ends', () => {
    const packets = sent('5');
    expect(packets.map(({ marker }) => marker)).toEqual([true, ...new Array(packets.length - 1).fill(false)]);
    expect(new Set(packets.map(({ timestamp }) => timestamp)).size).toBe(1);
    expect(packets.map(({ payload }) => (payload[2]! << 8) | payload[3]!)).toEqual([
      160, 320, 480, 640, 800, 800, 800,
    ]);
    expect(packets.map(({ payload }) => payload[1]! >> 7)).toEqual([0, 0, 0, 0, 1, 1, 1]);
    packets.slice(1).forEach((view, i) => {
      expect((view.sequence - packets[i]!.sequence) & 0xffff).toBe(1);
    });
  });
  it('has 60 ms of sound between two keys, that slow exchanges count two of one', () => {
    const stamps = [...new Set(sent('55').map(({ timestamp }) => timestamp))];
    // 100 ms of key, 40 ms of its other two ends, 60 ms of pause.
    expect((stamps[1]! - stamps[0]!) >>> 0).toBe(8 * (100 + 40 + 60));
  });
  it('refuses what is no key and what is too much', () => {
    const keys = new DtmfSender();
    expect(['x', '', '12', '!'].map((digit) => keys.press(digit, 100))).toEqual([false, false, false, false]);
    for (let i = 0; i < 64; i++) expect(keys.press('1', 100)).toBe(true);
    expect(keys.press('1', 100)).toBe(false);
  });
});

describe('keys in', () => {
  it('round trip of every key', () => {
    expect(
      received(sent('0123456789*#ABCD'))
        .map(({ digit }) => digit)
        .join(''),
    ).toBe('0123456789*#ABCD');
    expect(received(sent('7', 240))).toEqual([{ digit: '7', durationMs: 240 }]);
  });
  it('tells each key once, in order, whatever is lost, doubled or out of order', () => {
    const packets = sent('1234');
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (dice) => {
        const stream: RtpView[] = [];
        const rolls = dice[Symbol.iterator]();
        // One packet of each key is sure to come.
        const seen = new Set<number>();
        for (const view of packets) {
          const roll = rolls.next().value ?? 0;
          if (roll === 0 && seen.has(view.timestamp)) continue;
          seen.add(view.timestamp);
          stream.push(view);
          if (roll === 1) stream.push(view);
        }
        expect(
          received(stream)
            .map(({ digit }) => digit)
            .join(''),
        ).toBe('1234');
      }),
    );
  });
  it('the same key twice is two keys; a late double of the first is none', () => {
    const twice = [
      event(5, true, 800, 1000),
      event(5, true, 800, 3000),
      event(5, true, 800, 1000),
      event(5, true, 800, 3000),
    ];
    expect(received(twice)).toHaveLength(2);
  });
  it('the same moment of another source is another key', () => {
    const again = event(5, true, 800, 1000);
    again.ssrc = 2;
    expect(received([event(5, true, 800, 1000), again, again])).toHaveLength(2);
  });
  it('without any marker, and with only one of the three ends, every key is told', () => {
    const packets = sent('19#');
    const ends = new Set<number>();
    const stream = packets.filter((view) => {
      view.marker = false;
      const isEnd = (view.payload[1]! & 0x80) !== 0;
      if (!isEnd || !ends.has(view.timestamp))
        return isEnd && ends.add(view.timestamp) !== undefined ? true : !isEnd;
      return false;
    });
    expect(stream.length).toBe(packets.length - 6);
    expect(received(stream).map(({ digit }) => digit)).toEqual(['1', '9', '#']);
  });
  it('a key longer than its field can say goes on in segments, and is one key', () => {
    const sender = new RtpSender(new SeededRandom(5), 160);
    const keys = new DtmfSender();
    expect(keys.press('6', 5000)).toBe(true);
    const views: RtpView[] = [];
    // At 48 kHz the field is full after 1.37 s.
    for (let frame = 0; frame < 400 && keys.pending > 0; frame++) {
      const copy = keys.poll(sender, 101, 20, 48)?.slice();
      sender.advance(960);
      if (copy === undefined) continue;
      const view = new RtpView();
      parseRtp(copy, copy.length, view);
      views.push(view);
    }
    const timestamps = [...new Set(views.map(({ timestamp }) => timestamp))];
    expect(timestamps.map((timestamp) => (timestamp - timestamps[0]!) >>> 0)).toEqual([
      0,
      0xffff,
      2 * 0xffff,
      3 * 0xffff,
    ]);
    const told = (which: (at: number) => boolean) => {
      const receiver = new DtmfReceiver(48_000);
      const digits: Digit[] = [];
      views.forEach((view, at) => {
        const digit = which(at) ? receiver.push(view, at * 20) : undefined;
        if (digit !== undefined) digits.push(digit);
      });
      return digits;
    };
    expect(told(() => true)).toEqual([{ digit: '6', durationMs: 5000 }]);
    expect(told((at) => at % 3 !== 1)).toEqual([{ digit: '6', durationMs: 5000 }]);
  });
  it('the same key anew is no segment of the one before, though its marker and the ends of that one are lost', () => {
    expect(received([event(5, false, 800, 1000), event(5, true, 800, 3000)])).toHaveLength(2);
  });
  it('a key whose ends were all lost is told after a while', () => {
    expect(received([event(9, false, 400, 1000)])).toEqual([{ digit: '9', durationMs: 50 }]);
  });
  it('passes over flash, tones and scraps', () => {
    expect(
      received([
        event(16, true, 400, 1000),
        event(255, true, 1, 5),
        packet({ sequence: 1, timestamp: 1, payload: Uint8Array.of(5, 0x80) }),
      ]),
    ).toEqual([]);
  });
  it('never throws', () => {
    const receiver = new DtmfReceiver(8000);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(), fc.nat(), (payload, timestamp, now) => {
        receiver.push(packet({ sequence: 0, timestamp, payload }), now);
        receiver.poll(now);
      }),
    );
  });
});
