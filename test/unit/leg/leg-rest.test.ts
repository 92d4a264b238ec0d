import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { encodeG711 } from '../../../src/audio/g711.ts';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import type { DatagramSocket } from '../../../src/base/net.ts';
import { PhoneLeg } from '../../../src/leg/leg.ts';
import type { MixPhone } from '../../../src/media/listener.ts';
import { RoomMix } from '../../../src/media/room-mix.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { LossyNet, SeededRandom, type Weather } from '../../support/lossy-net.ts';
import { describePhone } from '../../support/media-phone.ts';
import { tone } from '../../support/tones.ts';

const ADDRESS = '192.0.2.1';

/** What the phone does for so many packets. */
type Part = { readonly does: 'talks' | 'is quiet' | 'says nothing' | 'presses 5'; readonly packets: number };

function deafSocket(): DatagramSocket {
  const local = { address: '10.0.0.1', port: 9 };
  return { local, queued: 0, onDatagram() {}, send() {}, close() {} };
}

/** A phone in a room with somebody who hears all, and sometimes says something. */
function room(weather: Partial<Weather>, may: 'rest' | 'not rest', packetMs: 10 | 20 = 20) {
  const net = new LossyNet(5);
  net.weather = { ...net.weather, ...weather };
  const rtp = net.open();
  const handset = net.open(ADDRESS);
  const rests = { times: 0, now: false };
  const levels: number[] = [];
  const digits: string[] = [];
  const dropped: string[] = [];
  const leg = new PhoneLeg(
    {
      rtp,
      rtcp: deafSocket(),
      // The network draws from its own: reports are sent at other times by those who rest.
      random: new SeededRandom(77),
      codecs: builtInCodecs,
      clock: net,
      cname: 'test',
      mediaTimeoutMs: 3000,
      unixOffsetMs: 0,
      events: {
        onVoice: ({ level }) => levels.push(level),
        isForwarded: () => may === 'not rest',
        onHeard() {},
        onSpoke() {},
        onDigit: ({ digit }) => digits.push(digit),
        onSilent() {},
        onDropped: ({ reason }) => dropped.push(reason),
      },
    },
    0,
  );
  leg.apply(describePhone(ADDRESS, handset.local.port), 0);
  const watched: MixPhone = {
    get format() {
      return leg.format;
    },
    get frame() {
      return leg.frame;
    },
    pull: (now) => leg.pull(now),
    sendFrame: (payload, content, now) => leg.sendFrame(payload, content, now),
    rest: (onAwake) => {
      const lane = leg.rest(() => {
        rests.now = false;
        onAwake();
      });
      if (lane !== undefined) Object.assign(rests, { times: rests.times + 1, now: true });
      return lane;
    },
    settle: (now) => leg.settle(now),
    wake: () => leg.wake(),
  };
  const heardInRoom: string[] = [];
  const other: MixPhone & { says: number } = {
    says: 0,
    format: voiceFormat('audio/pcma', ''),
    frame: new Int16Array(160),
    pull() {
      this.frame.fill(this.says);
      return this.says !== 0;
    },
    sendFrame: (payload) => heardInRoom.push(Buffer.from(payload).toString('base64')),
  };
  const mix = new RoomMix(builtInCodecs);
  mix.addPhone(watched);
  mix.addPhone(other);
  const heardByPhone: string[] = [];
  handset.onDatagram = (bytes) => heardByPhone.push(Buffer.from(bytes).toString('base64'));
  const sender = new RtpSender(new SeededRandom(3), 160);
  const samples = packetMs * 8;
  const voice = tone(450, 6000, 8000);
  const payload = new Uint8Array(samples);
  let at = 0;
  const send = (packet: Uint8Array) => handset.send(packet, rtp.local.port, rtp.local.address);
  const speak = (does: Part['does']) => {
    if (does === 'talks') encodeG711('pcma', voice, at % 7840, (at % 7840) + samples, payload, 0);
    else payload.fill(0xd5);
    at += samples;
    if (does === 'presses 5')
      send(sender.packet(Uint8Array.of(5, 0x8a, 3, 0x20), 0, 4, 101, 'no-marker', 4000));
    else if (does !== 'says nothing') send(sender.packet(payload, 0, samples, 8, 'no-marker').slice());
    sender.advance(samples);
  };
  const run = (parts: readonly Part[], othersSay = 0, tickMs = 20) => {
    other.says = othersSay;
    for (const { does, packets } of parts)
      net.every(packetMs, packets, (now) => {
        speak(does);
        if (now % tickMs === 0) mix.tick(now);
      });
  };
  return {
    net,
    leg,
    mix,
    watched,
    rests,
    run,
    levels,
    digits,
    dropped,
    heardInRoom,
    heardByPhone,
    handset,
    rtp,
  };
}

const LONG_QUIET: Part = { does: 'is quiet', packets: 150 };

describe('a leg that rests', () => {
  const part = fc.record({
    does: fc.constantFrom<Part['does']>('talks', 'is quiet', 'is quiet', 'says nothing', 'presses 5'),
    packets: fc.integer({ min: 1, max: 90 }),
  });

  it('hears, is heard, answers and counts as one that never does, whatever the network', () => {
    let rested = 0;
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.record({
          jitterMs: fc.constantFrom(0, 5, 30),
          loss: fc.constantFrom(0, 0.05),
          duplicates: fc.constantFrom(0, 0.02),
        }),
        fc.constantFrom<10 | 20>(10, 20),
        (parts, weather, packetMs) => {
          const [one, other] = (['rest', 'not rest'] as const).map((may) => {
            const under = room(weather, may, packetMs);
            under.run([{ does: 'talks', packets: 20 }, LONG_QUIET, ...parts, LONG_QUIET], 2000);
            under.run([...parts, { does: 'is quiet', packets: 70 }]);
            under.mix.removePhone(under.watched);
            rested += under.rests.times;
            const { heardInRoom, heardByPhone, levels, digits, dropped, leg, net } = under;
            const { concealed: _, late: __, ...quality } = leg.close(net.now());
            return {
              // A repeated packet that nobody is to hear is not worth a word.
              same: { heardByPhone, digits, dropped: dropped.filter((why) => why !== 'duplicate'), quality },
              loud: levels.filter((level) => level < 65).length,
              audible: heardInRoom.filter((payload) => payload !== heardInRoom[0]).length,
            };
          });
          expect(one?.same).toEqual(other?.same);
          expect(one?.loud).toBe(other?.loud);
          // Who begins to talk after a rest may be placed a frame earlier or later than one whose playout went on.
          expect(Math.abs(one!.audible - other!.audible)).toBeLessThanOrEqual(1 + parts.length);
        },
      ),
      { numRuns: 40, seed: 8 },
    );
    expect(rested).toBeGreaterThan(60);
  });

  it('rests while it is quiet, and is awake with the first packet that is not', () => {
    const { run, rests, leg, levels } = room({}, 'rest');
    run([{ does: 'talks', packets: 20 }, LONG_QUIET]);
    expect(rests).toEqual({ times: 1, now: true });
    const before = levels.length;
    run([{ does: 'is quiet', packets: 2 }]);
    expect(levels.length - before).toBeLessThanOrEqual(16);
    run([{ does: 'talks', packets: 1 }]);
    run([{ does: 'says nothing', packets: 1 }]);
    expect(rests.now).toBe(false);
    expect(leg.packetsIn).toBe(173);
  });

  it.each<[string, (leg: PhoneLeg) => unknown]>([
    ['it is sent a key', (leg) => leg.dtmf('5', 100)],
    ['its media change', (leg) => leg.apply(describePhone(ADDRESS, 9), 0)],
    ['it is played something', (leg) => Object.assign(leg, { played: undefined })],
    ['it ends', (leg) => leg.close(0)],
  ])('is awake when %s', (_, happens) => {
    const { run, rests, leg } = room({}, 'rest');
    run([LONG_QUIET]);
    expect(rests.now).toBe(true);
    happens(leg);
    expect(rests.now).toBe(false);
    expect(leg.packetsIn).toBe(149);
  });

  it('stays at rest, and counts each packet, while the machine is so busy that most ticks are lost', () => {
    const { run, rests, leg } = room({}, 'rest');
    run([LONG_QUIET]);
    run([{ does: 'is quiet', packets: 500 }], 0, 200);
    expect(rests).toEqual({ times: 1, now: true });
    leg.wake();
    expect(leg.packetsIn).toBe(649);
  });

  it('stays at rest when strangers send, and their packets are dropped as ever', () => {
    const { run, rests, net, rtp, dropped } = room({}, 'rest');
    run([LONG_QUIET]);
    const stranger = net.open('203.0.113.9');
    const forged = new RtpSender(new SeededRandom(4), 160).packet(
      new Uint8Array(160),
      0,
      160,
      8,
      'no-marker',
    );
    stranger.send(forged, rtp.local.port, rtp.local.address);
    run([{ does: 'is quiet', packets: 40 }]);
    expect(dropped).toEqual(['source-not-latched']);
    expect(rests).toEqual({ times: 1, now: true });
  });
});
