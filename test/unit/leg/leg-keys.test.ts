/** Keys of a phone in every form, and ours to it as tones. */
import { describe, expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { DtmfDetector } from '../../../src/audio/dtmf-detector.ts';
import { DtmfTones } from '../../../src/audio/dtmf-tones.ts';
import { encodeG711 } from '../../../src/audio/g711.ts';
import { RoomMix } from '../../../src/media/room-mix.ts';
import { DtmfSender } from '../../../src/rtp/dtmf.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { describePhone, Handset, LegUnderTest } from '../../support/media-phone.ts';

const ADDRESS = '192.0.2.1';

function call(changes: Parameters<typeof describePhone>[2] = {}) {
  const net = new LossyNet(11);
  const under = new LegUnderTest(net);
  const handset = new Handset(net, { address: ADDRESS, frequency: 650 });
  const describe = (more: typeof changes = {}) =>
    under.leg.apply(describePhone(ADDRESS, handset.socket.local.port, { ...changes, ...more }), net.now());
  describe();
  const mix = new RoomMix(builtInCodecs);
  mix.addPhone(under.leg);
  const tones = new DtmfTones(8000);
  const payload = new Uint8Array(160);
  /** Speaks its tone, but for the keys that it plays. */
  const run = (milliseconds: number, each: () => void = () => {}) => {
    net.every(20, milliseconds / 20, (now) => {
      const { local } = under.rtp;
      if (tones.pull()) {
        encodeG711('pcma', tones.frame, 0, 160, payload, 0);
        const packet = handset.sender.packet(payload, 0, 160, 8, 'no-marker');
        handset.socket.send(packet, local.port, local.address);
        handset.sender.advance(160);
      } else handset.speak(local);
      mix.tick(now);
      handset.listen();
      each();
    });
  };
  const play = (digits: string) => {
    for (const digit of digits) tones.press(digit, 100);
  };
  return { net, under, leg: under.leg, handset, describe, run, play };
}

const digitsOf = ({ digits }: LegUnderTest) => digits.map(({ digit }) => digit).join('');

describe('keys of a phone that plays them', () => {
  it('are told where its trunk wants it', () => {
    const { under, run, play } = call({ keyTones: 'heard' });
    run(500);
    play('12#A5');
    run(1500);
    expect(digitsOf(under)).toBe('12#A5');
    expect(under.digits.every(({ durationMs }) => Math.abs(durationMs - 100) <= 26)).toBe(true);
  });
  it('are sound like any other where it does not', () => {
    const { under, run, play } = call();
    play('12#');
    run(1500);
    expect(digitsOf(under)).toBe('');
    expect(under.voices.length).toBeGreaterThan(70);
  });
  it('are kept out of the room but for their first moments', () => {
    const { under, leg, run, play, net } = call({ keyTones: 'heard' });
    run(500);
    play('5');
    const before = under.voices.length;
    // Heard at one frame, gone from the next; 180 ms of key and pause, 100 ms of them tones.
    const detector = new DtmfDetector(8000);
    run(300, () => void detector.push(leg.frame));
    expect(detector.sounding).toBe(false);
    expect(under.voices.length - before).toBeLessThanOrEqual(11);
    expect(under.voices.length - before).toBeGreaterThanOrEqual(8);
    run(300);
    expect(under.voices.length - before).toBeGreaterThan(22);
    expect(net.now()).toBeGreaterThan(1000);
  });
  it('are found through 3 % of loss', () => {
    const { under, run, play, net } = call({ keyTones: 'heard' });
    net.weather = { ...net.weather, loss: 0.03 };
    run(500);
    play('1234567890');
    run(2500);
    expect(digitsOf(under)).toBe('1234567890');
  });
  it('count for nothing while it holds', () => {
    const { under, run, play, describe } = call({ keyTones: 'heard' });
    run(300);
    describe({ direction: 'inactive' });
    play('99');
    run(800);
    expect(digitsOf(under)).toBe('');
  });
});

describe('telephone-events', () => {
  it('another payload type after a re-INVITE, in the midst of the keys', () => {
    const { under, run, handset, describe, net } = call();
    const keys = new DtmfSender();
    const press = (digits: string, payloadType: number) => {
      for (const digit of digits) keys.press(digit, 80);
      net.every(20, 40, () => {
        const event = keys.poll(handset.sender, payloadType, 20, 8);
        if (event !== undefined) handset.socket.send(event, under.rtp.local.port, under.rtp.local.address);
        handset.sender.advance(160);
      });
    };
    run(200);
    press('12', 101);
    describe({ dtmfIn: 96, dtmfOut: 96 });
    press('34', 96);
    expect(digitsOf(under)).toBe('1234');
    // What was agreed on before is nothing any more.
    press('5', 101);
    expect(digitsOf(under)).toBe('1234');
    expect(under.drops).toContain('rtp payload-type');
  });

  it('a change of the clock between the packets that end a key makes no second one', () => {
    const { under, run, handset, describe, net } = call();
    const opus = { mime: 'audio/opus', payloadType: 111, clockRate: 48_000 };
    const keys = new DtmfSender();
    run(200);
    keys.press('7', 80);
    for (let frame = 0; keys.pending > 0; frame++) {
      if (frame === 5) describe({ codec: opus, accept: [opus] });
      const event = keys.poll(handset.sender, 101, 20, 8);
      if (event !== undefined) handset.socket.send(event, under.rtp.local.port, under.rtp.local.address);
      handset.sender.advance(160);
      net.run(net.now() + 20);
    }
    expect(digitsOf(under)).toBe('7');
  });
});

describe('keys to a phone', () => {
  it('as tones, without the room meanwhile', () => {
    const { leg, run, handset } = call({ dtmfOut: undefined });
    run(200);
    expect(leg.dtmf('5', 100)).toBe(false);
    for (const digit of '159D') expect(leg.dtmf(digit, 100, 'tone')).toBe(true);
    expect(leg.dtmf('x', 100, 'tone')).toBe(false);
    run(1500);
    const detector = new DtmfDetector(8000);
    const recording = handset.recording();
    let heard = '';
    for (let at = 0; at < recording.length; at += 160)
      heard += detector.push(recording.subarray(at, at + 160))?.digit ?? '';
    expect(heard).toBe('159D');
    expect(new Set(handset.received.map(({ payloadType }) => payloadType))).toEqual(new Set([8]));
    expect(leg.sound).toBeUndefined();
  });
  it('take their turn before what is played, which goes on behind them', () => {
    const { leg, run } = call();
    let pulls = 0;
    leg.played = { frame: new Int16Array(160), room: 'heard', pull: () => ++pulls > 0 };
    run(200);
    const before = pulls;
    leg.dtmf('1', 100, 'tone');
    run(180);
    expect(pulls).toBe(before);
    run(200);
    expect(pulls).toBe(before + 10);
  });
});
