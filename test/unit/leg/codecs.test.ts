import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpusCodecs } from '../../../src/adapters/opus/opus-codecs.ts';
import { exactLevel } from '../../../src/audio/level.ts';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import { DtmfSender } from '../../../src/rtp/dtmf.ts';
import { parseRtcp } from '../../../src/rtp/rtcp/parse.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { encoderOf, PHONE_CODECS, type PhoneCodecName } from '../../support/codec-phone.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { describePhone, Handset, LegUnderTest } from '../../support/media-phone.ts';
import { tone } from '../../support/tones.ts';

const ADDRESS = '192.0.2.1';

let codecs: OpusCodecs;

beforeAll(async () => {
  codecs = await OpusCodecs.load(2);
});
afterAll(() => codecs.close());

function call(name: PhoneCodecName, changes: Parameters<typeof describePhone>[2] = {}) {
  const net = new LossyNet(11);
  const under = new LegUnderTest(net, 30_000, codecs);
  const handset = new Handset(net, { address: ADDRESS, frequency: 650 });
  const apply = (codec: PhoneCodecName, more: typeof changes = {}) =>
    under.leg.apply(
      describePhone(ADDRESS, handset.socket.local.port, {
        codec: PHONE_CODECS[codec],
        accept: Object.values(PHONE_CODECS),
        ...changes,
        ...more,
      }),
      net.now(),
    );
  expect(apply(name)).toBe(true);
  const send = (packet: Uint8Array) =>
    handset.socket.send(packet, under.rtp.local.port, under.rtp.local.address);
  return { net, under, handset, apply, send };
}

describe('what a leg hears', () => {
  it.each(['G722', 'OPUS'] as const)('%s: forwarded with the level of what is heard', async (name) => {
    const { net, under, send } = call(name);
    const { mime, payloadType, clockRate } = PHONE_CODECS[name];
    const encoder = await encoderOf(codecs, voiceFormat(mime, '')!);
    const sender = new RtpSender(net.random, 960);
    const sine = tone(650, 6000, 2000, 16_000);
    const payload = new Uint8Array(960);
    let at = 0;
    net.every(20, 100, (now) => {
      const size = encoder.encode(sine.subarray(at, at + 320), payload, 0);
      at += 320;
      send(sender.packet(payload, 0, size, payloadType, 'no-marker'));
      sender.advance(clockRate / 50);
      under.leg.pull(now);
    });
    encoder.free();
    expect(under.leg.frame).toHaveLength(320);
    // The level is that of what was played last: one playout delay after the first packet it is there.
    const levels = under.voices.slice(8).map(({ level }) => level);
    for (const level of levels) expect(Math.abs(level - 18)).toBeLessThanOrEqual(1);
    expect(under.voices.findIndex(({ level }) => level < 30)).toBeLessThanOrEqual(4);
  });

  it('keys and comfort noise take no number of the voice that browsers get', () => {
    const { net, under, handset, send } = call('PCMA');
    const keys = new DtmfSender();
    net.every(20, 100, (now) => {
      if (now === 400) keys.press('5', 160);
      const key = keys.poll(handset.sender, 101, 20, 8);
      if (key !== undefined) {
        send(key);
        handset.sender.advance(160);
      } else if (now > 1200 && now < 1600) {
        if (now % 200 === 0) send(handset.sender.packet(Uint8Array.of(50), 0, 1, 13, 'no-marker'));
        handset.sender.advance(160);
      } else handset.speak(under.rtp.local);
      under.leg.pull(now);
    });
    net.run(net.now() + 10);
    expect(under.digits).toEqual([{ digit: '5', durationMs: 160 }]);
    under.voices.slice(1).forEach(({ sequence }, i) => {
      expect((sequence - under.voices[i]!.sequence) & 0xffff).toBe(1);
    });
    expect(new Set(under.voices.map(({ payloadType }) => payloadType))).toEqual(new Set([8]));
  });

  it('comfort noise sounds as it was described until voice comes back', () => {
    const { net, under, handset, send } = call('PCMA');
    const levels: number[] = [];
    net.every(20, 150, (now) => {
      if (now <= 1000 || now > 2500) handset.speak(under.rtp.local);
      else {
        if (now === 1020) send(handset.sender.packet(Uint8Array.of(50), 0, 1, 13, 'no-marker'));
        handset.sender.advance(160);
      }
      under.leg.pull(now);
      levels.push(exactLevel(under.leg.frame));
    });
    for (const level of levels.slice(58, 126)) expect(Math.abs(level + 50)).toBeLessThan(2);
    for (const level of levels.slice(132)) expect(level).toBeGreaterThan(-19);
    // A pause is no loss.
    expect(under.leg.close(net.now()).concealed).toBeLessThan(3);
  });

  it('keys at the clock of Opus', () => {
    const { net, under, handset, send } = call('OPUS');
    const keys = new DtmfSender();
    keys.press('9', 200);
    net.every(20, 30, (now) => {
      const key = keys.poll(handset.sender, 101, 20, 48);
      if (key !== undefined) send(key);
      handset.sender.advance(960);
      under.leg.pull(now);
    });
    expect(under.digits).toEqual([{ digit: '9', durationMs: 200 }]);
  });
});

describe('what a leg sends', () => {
  const play = (rig: ReturnType<typeof call>, frames: number, payload: Uint8Array, silent = false) =>
    rig.net.every(20, frames, (now) => rig.under.leg.sendFrame(payload, silent ? 'silence' : 'sound', now));

  it.each([
    ['G722', 10, 160, 80, 80],
    ['G722', 30, 160, 240, 240],
    ['PCMA', 60, 160, 480, 480],
    ['OPUS', 20, 61, 61, 960],
    ['OPUS', 40, 61, 123, 1920],
    ['OPUS', 60, 61, 184, 2880],
    ['OPUS', 10, 61, 61, 960],
  ] as const)('%s in packets of %i ms', (name, ptimeMs, frameBytes, size, ticks) => {
    const rig = call(name, { ptimeMs });
    play(rig, 60, new Uint8Array(frameBytes).fill(9 << 3));
    rig.net.run(rig.net.now() + 10);
    const { received } = rig.handset;
    expect(received.length).toBeGreaterThan(15);
    received.slice(1).forEach((packet, i) => {
      expect(packet.size).toBe(size);
      expect((packet.timestamp - received[i]!.timestamp) >>> 0).toBe(ticks);
      expect(packet.marker).toBe(false);
    });
  });

  it('comfort noise in silence: at once, and then five times a second', () => {
    const rig = call('PCMA', { comfortNoiseOut: 13 });
    const sound = new Uint8Array(160).fill(0xd5);
    play(rig, 10, sound);
    play(rig, 50, sound, true);
    play(rig, 10, sound);
    rig.net.run(rig.net.now() + 10);
    const { received } = rig.handset;
    expect(received.map(({ payloadType }) => payloadType)).toEqual([
      ...Array(10).fill(8),
      ...Array(5).fill(13),
      ...Array(10).fill(8),
    ]);
    expect(received[10]!.at - received[9]!.at).toBe(20);
    expect(received[15]).toMatchObject({ marker: true });
    expect((received[15]!.timestamp - received[9]!.timestamp) >>> 0).toBe(51 * 160);
  });

  it('Opus that says nothing is not sent where the phone asked for that, and the next word is marked', () => {
    const codec = { ...PHONE_CODECS.OPUS, fmtp: 'usedtx=1' };
    const rig = call('OPUS', { codec });
    play(rig, 5, new Uint8Array(40));
    play(rig, 10, new Uint8Array(1));
    play(rig, 5, new Uint8Array(40));
    rig.net.run(rig.net.now() + 10);
    const { received } = rig.handset;
    expect(received).toHaveLength(10);
    expect(received[5]).toMatchObject({ marker: true });
    expect((received[5]!.timestamp - received[4]!.timestamp) >>> 0).toBe(11 * 960);
  });

  it('another clock is another stream: a BYE, then an SSRC of its own (RFC 7160 section 4.1)', () => {
    const rig = call('PCMA');
    const byes: number[] = [];
    rig.handset.rtcpSocket.onDatagram = (bytes) => {
      const parsed = parseRtcp(bytes, bytes.length);
      if (!parsed.ok) throw new Error(parsed.error);
      for (const packet of parsed.value) if (packet.type === 'bye') byes.push(...packet.ssrcs);
    };
    play(rig, 10, new Uint8Array(160));
    const before = rig.under.leg.ssrc;
    rig.apply('G722');
    expect(rig.under.leg.ssrc).toBe(before);
    play(rig, 10, new Uint8Array(160));
    rig.apply('OPUS');
    expect(rig.under.leg.ssrc).not.toBe(before);
    play(rig, 10, new Uint8Array(40));
    rig.net.run(rig.net.now() + 10);
    expect(byes).toEqual([before]);
    expect(rig.under.leg.packetsOut).toBe(30);
    expect(rig.handset.received[20]).toMatchObject({ marker: true, payloadType: 111 });
  });
});
