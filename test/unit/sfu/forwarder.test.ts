import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findExtension, NO_LEVEL, parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import { HeaderExtensions } from '../../../src/sfu/header-extensions.ts';
import type { PacketOutput } from '../../../src/sfu/packet-output.ts';
import { PacketRing } from '../../../src/sfu/packet-ring.ts';
import { NO_LAYER, type SenderOptions, TrackSender } from '../../../src/sfu/track-sender.ts';

const random = { bytes: (length: number) => new Uint8Array(length), u32: () => 1000 };
const pcma = { mime: 'audio/pcma', clockRate: 8000, payloadType: 8 };
const opus = { mime: 'audio/opus', clockRate: 48000, payloadType: 111 };

class Output implements PacketOutput {
  readonly passage = () => undefined;
  readonly used = () => {};
  readonly sent: Uint8Array[] = [];
  readonly resent: Uint8Array[] = [];
  busy = false;
  isMeasured = true;
  sendRtp(bytes: Uint8Array, _headerEnd: number, length: number): number {
    if (this.busy) return 0;
    this.sent.push(bytes.slice(0, length));
    return length;
  }
  resend(bytes: Uint8Array): void {
    this.resent.push(bytes.slice());
  }
  lend(): Uint8Array | undefined {
    return this.busy ? undefined : new Uint8Array(2048);
  }
  readonly nextTransportSequence = 7;
}

function sender(output: PacketOutput, options: Partial<SenderOptions> = {}): TrackSender {
  return new TrackSender({
    kind: 'audio',
    ssrc: 0xfeedbeef,
    cname: 'c',
    mid: '3',
    codecs: [opus, pcma],
    extensions: { mid: 2, audioLevel: 1, absSendTime: 0, transportCc: 0 },
    output,
    random,
    ...options,
  });
}

function view(sequence: number, level = 20): RtpView {
  const bytes = new Uint8Array(172).fill(0xd5);
  writeRtpHeader(bytes, 0, {
    payloadType: 8,
    marker: false,
    sequence,
    timestamp: sequence * 160,
    ssrc: 7,
    extension: 'none',
  });
  const parsed = new RtpView();
  parseRtp(bytes, 172, parsed);
  parsed.level = level;
  return parsed;
}

function read(bytes: Uint8Array): RtpView {
  const parsed = new RtpView();
  expect(parseRtp(bytes, bytes.length, parsed)).toBeUndefined();
  return parsed;
}

test('each sender gets the packet in its own numbers, the codec decides the payload type', () => {
  const outputs = [new Output(), new Output()];
  const refused: string[] = [];
  const forwarder = new Forwarder({ keyframeNeeded: () => {}, refused: (reason) => refused.push(reason) });
  forwarder.add(sender(outputs[0]!), 0);
  forwarder.add(sender(outputs[1]!, { ssrc: 1, codecs: [opus] }), 0);
  expect(forwarder.push(view(1), 'audio/pcma', 0)).toBe(1);
  expect(refused).toEqual(['codec']);
  const packet = read(outputs[0]!.sent[0]!);
  expect(packet).toMatchObject({ payloadType: 8, ssrc: 0xfeedbeef, marker: true, sequence: 1001 });
  expect(packet.payload).toEqual(view(1).payload);
  expect(forwarder.push(view(1), 'audio/opus', 20)).toBe(2);
  expect(read(outputs[1]!.sent[0]!).payloadType).toBe(111);
});

test('a NACK is answered from the ring, not beyond it, and within the rate', () => {
  const output = new Output();
  const track = sender(output, { kind: 'video' });
  for (let i = 0; i < 300; i++) track.push(view(i), 'audio/pcma', i * 20);
  expect(track.resend([1300, 1299, 1001, 1044, 5], [], 6000)).toBe(2);
  expect(output.resent).toEqual([output.sent[299], output.sent[298]]);
  expect(track.resend(new Array<number>(1000).fill(1300), [], 6000)).toBe(198);
});

test('audio is kept for who asks, from then on', () => {
  const output = new Output();
  const track = sender(output);
  const say = (from: number, to: number): void => {
    for (let i = from; i < to; i++) track.push(view(i), 'audio/pcma', i * 20);
  };
  say(0, 3);
  expect(track.resend([1001, 1002, 1003], [], 60)).toBe(0);
  say(3, 103);
  expect(track.resend([1002, 1039, 1040, 1103], [], 2060)).toBe(2);
  expect(output.resent).toEqual([output.sent[39], output.sent[102]]);
});

test('what was not sent is not repeated', () => {
  const output = new Output();
  const track = sender(output);
  track.push(view(1), 'audio/pcma', 0);
  output.busy = true;
  expect(track.push(view(2), 'audio/pcma', 20)).toBe('not-ready');
  expect(track.resend([1002], [], 30)).toBe(0);
});

test('the sender report counts what was sent and carries the clocks', () => {
  const track = sender(new Output());
  expect(track.report(0, 0)).toBeUndefined();
  for (let i = 0; i < 3; i++) track.push(view(i), 'audio/pcma', i * 20);
  expect(track.report(1040, 1_500)).toEqual({
    ssrc: 0xfeedbeef,
    ntpHigh: 2_208_988_801,
    ntpLow: 0x80000000,
    rtpTimestamp: 1000 + 320 + 8000,
    packets: 3,
    octets: 480,
  });
});

test('key frames are asked for at most twice a second', () => {
  let asked = 0;
  const forwarder = new Forwarder({ keyframeNeeded: () => asked++, refused: () => {} });
  forwarder.add(sender(new Output(), { kind: 'video' }), 0);
  for (let now = 0; now < 2000; now += 10) forwarder.requestKeyframe(NO_LAYER, now);
  expect(asked).toBe(4);
});

test('extensions are read back as they were written', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 20 }),
      fc.string({ minLength: 1, maxLength: 20, unit: 'binary-ascii' }),
      fc.integer({ min: NO_LEVEL, max: 127 }),
      (mid, audioLevel, absSendTime, name, level) => {
        fc.pre(
          new Set([mid, audioLevel, absSendTime].filter((id) => id !== 0)).size ===
            [mid, audioLevel, absSendTime].filter((id) => id !== 0).length,
        );
        fc.pre(![mid, audioLevel, absSendTime].includes(15));
        const extensions = new HeaderExtensions({ mid, audioLevel, absSendTime, transportCc: 0 }, name);
        const bytes = new Uint8Array(12 + extensions.maxBytes);
        const end = extensions.write(bytes, 12, level, 1500, 0);
        expect(end).toBeLessThanOrEqual(bytes.length);
        writeRtpHeader(bytes, 0, {
          payloadType: 0,
          marker: false,
          sequence: 1,
          timestamp: 1,
          ssrc: 1,
          extension: end > 12 ? 'follows' : 'none',
        });
        const parsed = read(bytes.slice(0, end));
        expect(parsed.payload.length).toBe(0);
        const foundMid = findExtension(parsed, mid);
        if (mid !== 0)
          expect(
            String.fromCharCode(...parsed.bytes.slice(foundMid >> 8, (foundMid >> 8) + (foundMid & 255))),
          ).toBe(name);
        const foundLevel = findExtension(parsed, audioLevel);
        expect(foundLevel !== 0).toBe(audioLevel !== 0 && level !== NO_LEVEL);
        if (foundLevel !== 0) expect(parsed.bytes[foundLevel >> 8]! & 0x7f).toBe(level);
        const foundTime = findExtension(parsed, absSendTime);
        // 1.5 s in 6.18 fixed point.
        if (absSendTime !== 0)
          expect([...parsed.bytes.slice(foundTime >> 8, (foundTime >> 8) + 3)]).toEqual([6, 0, 0]);
      },
    ),
  );
});

test('the ring keeps the last packets, and grows a slot for a big one', () => {
  const ring = new PacketRing(8);
  for (let i = 0; i < 20; i++) {
    ring.slot(i, i === 15 ? 1400 : 100)[0] = i;
    ring.keep(i, 50);
  }
  expect(ring.find(11)).toBeUndefined();
  for (let i = 12; i < 20; i++) expect(ring.find(i)?.[0]).toBe(i);
  expect(ring.slot(15, 1400).length).toBe(1400);
  expect(ring.find(15)).toBeUndefined();
});
