import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeG711 } from '../../../src/audio/g711.ts';
import { DtmfSender } from '../../../src/rtp/dtmf.ts';
import { parseRtcp } from '../../../src/rtp/rtcp/parse.ts';
import { RtcpWriter } from '../../../src/rtp/rtcp/write.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { describePhone, Handset, LegUnderTest } from '../../support/media-phone.ts';
import { tone, toneLevel } from '../../support/tones.ts';

const ADDRESS = '192.0.2.1';

function call(changes: Parameters<typeof describePhone>[2] = {}, mediaTimeoutMs = 30_000) {
  const net = new LossyNet(11);
  const under = new LegUnderTest(net, mediaTimeoutMs);
  const handset = new Handset(net, { address: ADDRESS, frequency: 650 });
  const describe = (more: typeof changes = {}) =>
    under.leg.apply(describePhone(ADDRESS, handset.socket.local.port, { ...changes, ...more }), net.now());
  describe();
  const silence = new Uint8Array(160).fill(0xd5);
  const run = (milliseconds: number, each: () => void = () => handset.speak(under.rtp.local)) => {
    const talks: boolean[] = [];
    net.every(20, milliseconds / 20, (now) => {
      each();
      talks.push(under.leg.pull(now));
      under.leg.sendFrame(silence, 'sound', now);
    });
    return talks;
  };
  return { net, under, leg: under.leg, handset, run, describe };
}

describe('what comes in', () => {
  it('is forwarded as it came, with the level that it has', () => {
    const { run, under } = call();
    run(1000);
    expect(under.voices.length).toBeGreaterThan(45);
    // Amplitude 6000 is 14.7 dB under full scale, a sine 3 dB more.
    expect(
      under.voices.every(
        ({ level, mime, payloadType }) => level === 18 && mime === 'audio/pcma' && payloadType === 8,
      ),
    ).toBe(true);
    expect(under.heard).toBe(1);
  });

  it('each packet is decoded by its own payload type', () => {
    const { net, under, handset, run } = call();
    const sender = new RtpSender(net.random, 160);
    const sine = tone(650, 6000, 2000);
    const payload = new Uint8Array(160);
    let at = 0;
    const samples: number[] = [];
    run(1500, () => {
      const law = (at / 160) % 2 === 0 ? 'pcma' : 'pcmu';
      encodeG711(law, sine, at, at + 160, payload, 0);
      at += 160;
      handset.socket.send(
        sender.packet(payload, 0, 160, law === 'pcma' ? 8 : 0, 'no-marker'),
        under.rtp.local.port,
        under.rtp.local.address,
      );
      sender.advance(160);
      samples.push(...under.leg.frame);
    });
    expect(toneLevel(Int16Array.from(samples).subarray(3200), 8000, 650)).toBeCloseTo(-14.7, 0);
    expect(new Set(under.voices.map(({ mime }) => mime))).toEqual(new Set(['audio/pcma', 'audio/pcmu']));
  });

  it('telephone-events and comfort noise go nowhere; keys are told once', () => {
    const { under, handset, net, run } = call();
    const keys = new DtmfSender();
    keys.press('4', 100);
    keys.press('#', 100);
    run(1000, () => {
      const event = keys.poll(handset.sender, 101, 20, 8);
      if (event !== undefined) handset.socket.send(event, under.rtp.local.port, under.rtp.local.address);
      else
        handset.socket.send(
          handset.sender.packet(Uint8Array.of(60), 0, 1, 13, 'no-marker'),
          under.rtp.local.port,
          under.rtp.local.address,
        );
      handset.sender.advance(160);
    });
    net.run(net.now() + 100);
    expect(under.voices).toEqual([]);
    expect(under.digits).toEqual([
      { digit: '4', durationMs: 100 },
      { digit: '#', durationMs: 100 },
    ]);
    expect(under.drops).toEqual([]);
  });

  it('mute keeps the voice out and statistics going', () => {
    const { leg, under, run } = call();
    run(500);
    const before = under.voices.length;
    leg.mute(true);
    expect(run(500).every((talks) => !talks)).toBe(true);
    expect(under.voices.length).toBe(before);
    leg.mute(false);
    expect(run(500).filter(Boolean).length).toBeGreaterThan(20);
    expect(leg.packetsIn).toBeGreaterThan(70);
  });

  it('bad, foreign and unagreed datagrams are counted by name and harm nothing', () => {
    const { net, under, handset, run } = call();
    run(500);
    const { port, address } = under.rtp.local;
    const attacker = net.open('203.0.113.66');
    const foreign = new RtpSender(net.random, 160);
    under.drops.length = 0;
    const talks = run(1000, () => {
      handset.speak(under.rtp.local);
      attacker.send(foreign.packet(new Uint8Array(160), 0, 160, 8, 'marker'), port, address);
      attacker.send(Uint8Array.of(1, 2, 3), port, address);
      handset.socket.send(foreign.packet(new Uint8Array(160), 0, 160, 96, 'marker'), port, address);
    });
    expect(talks.every(Boolean)).toBe(true);
    expect(new Set(under.drops)).toEqual(
      new Set(['rtp source-not-latched', 'rtp short', 'rtp payload-type']),
    );
    expect(handset.received.length).toBeGreaterThan(70);
    expect(attacker.local.port).not.toBe(handset.socket.local.port);
  });

  it('what nobody agreed on is not latched on to', () => {
    const { net, under, run } = call({ allowedSources: ['203.0.113.0/24'] });
    const [stranger, nat] = [net.open('203.0.113.66'), net.open('203.0.113.7')];
    const { port, address } = under.rtp.local;
    const sender = new RtpSender(net.random, 160);
    stranger.send(sender.packet(new Uint8Array(160), 0, 160, 96, 'marker'), port, address);
    run(100, () => {
      nat.send(sender.packet(new Uint8Array(160).fill(0x55), 0, 160, 8, 'no-marker'), port, address);
      sender.advance(160);
    });
    expect(under.drops).toEqual(['rtp payload-type']);
    expect(under.voices.length).toBeGreaterThan(3);
  });

  it('a flood from the phone itself is cut off', () => {
    const { under, handset, run } = call();
    run(2000, () => {
      for (let i = 0; i < 40; i++) handset.speak(under.rtp.local);
    });
    expect(under.voices.length).toBeLessThan(1000);
    expect(under.drops).toContain('rtp rate');
  });

  it('never throws on noise', () => {
    const { under } = call();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, looksLikeRtp) => {
        if (looksLikeRtp && bytes.length > 1) {
          bytes[0] = 0x80;
          bytes[1] = 8;
        }
        under.rtp.onDatagram(bytes, ADDRESS, 4000);
        under.rtcp.onDatagram(bytes, ADDRESS, 4001);
        under.leg.pull(0);
      }),
    );
  });

  it('a phone that falls silent is told once, and again after it came back; not while it is on hold', () => {
    const { net, under, handset, run, describe } = call({}, 2000);
    run(1000);
    run(5000, () => {});
    expect(under.silent).toBe(1);
    run(1000);
    run(3000, () => {});
    expect(under.silent).toBe(2);
    describe({ direction: 'inactive' });
    run(5000, () => {});
    expect(under.silent).toBe(2);
    expect(handset.received.length).toBeGreaterThan(0);
    expect(net.now()).toBe(15_000);
  });

  it('a phone that only reports lives; anybody else\u2019s RTCP, or what is none, keeps nothing alive', () => {
    const { net, under, run } = call({}, 2000);
    run(500);
    const writer = new RtcpWriter(new Uint8Array(64));
    writer.receiverReport(5, []);
    const report = writer.bytes.slice(0, writer.length);
    const every500 = (from: string, bytes: Uint8Array) => () => {
      if (net.now() % 500 === 0) under.rtcp.onDatagram(bytes, from, 4001);
    };
    run(10_000, every500(ADDRESS, report));
    expect(under.silent).toBe(0);
    run(3000, every500('192.0.2.66', report));
    expect(under.silent).toBe(1);
    run(500);
    run(3000, every500(ADDRESS, Uint8Array.of(0x80, 201, 0, 9)));
    expect(under.silent).toBe(2);
  });

  it('a description\u2019s own time-out counts, and 0 is none', () => {
    const { under, run, describe } = call({ mediaTimeoutMs: 500 }, 2000);
    run(400);
    run(1000, () => {});
    expect(under.silent).toBe(1);
    describe({ mediaTimeoutMs: 0 });
    run(20_000, () => {});
    expect(under.silent).toBe(1);
  });
});

describe('what goes out', () => {
  it('goes to the learned port, 50 times a second, without a break', () => {
    const { net, under, handset, run } = call();
    // The SDP named another port than the phone sends from.
    under.leg.apply(describePhone(ADDRESS, 9), net.now());
    run(1000);
    expect(handset.received.length).toBeGreaterThanOrEqual(48);
  });

  it('stops on hold, and its clock runs on: marker and timestamp tell of the pause', () => {
    const { handset, run, describe } = call();
    run(1000);
    describe({ direction: 'recvonly' });
    const before = handset.received.length;
    run(1000);
    expect(handset.received.length).toBeLessThanOrEqual(before + 1);
    describe({ direction: 'sendrecv' });
    run(1000);
    const after = handset.received.slice(before + 1);
    const last = handset.received[before]!;
    const resumed = after.find(({ marker }) => marker)!;
    expect(resumed.timestamp - last.timestamp).toBeGreaterThanOrEqual(8000);
    expect((resumed.sequence - last.sequence) & 0xffff).toBeLessThanOrEqual(1);
  });

  it('sends nothing to an address of zeros, the old way to hold', () => {
    const { net, leg, handset, run } = call();
    const sockets: string[] = [];
    leg.apply(describePhone('0.0.0.0', 4000), net.now());
    net.carry = (_bytes, _from, to) => void sockets.push(to.address);
    run(200);
    expect(sockets.every((address) => address !== '0.0.0.0')).toBe(true);
    expect(handset.received).toEqual([]);
  });

  it.each([10, 20, 30, 40, 60])('packs %i ms when that was agreed on', (ptimeMs) => {
    const { handset, run } = call({ ptimeMs });
    run(1200);
    expect(new Set(handset.received.map(({ size }) => size))).toEqual(new Set([ptimeMs * 8]));
    handset.received.slice(1).forEach((packet, i) => {
      expect((packet.timestamp - handset.received[i]!.timestamp) >>> 0).toBe(ptimeMs * 8);
    });
    expect(handset.received.length).toBeGreaterThanOrEqual(1200 / ptimeMs - 8);
  });

  it('sends keys in place of sound, on one sequence', () => {
    const { leg, handset, run } = call();
    run(200);
    expect(leg.dtmf('5', 100)).toBe(true);
    run(400);
    const events = handset.received.filter(({ payloadType }) => payloadType === 101);
    expect(events).toHaveLength(7);
    expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(1);
    handset.received.slice(1).forEach((packet, i) => {
      expect((packet.sequence - handset.received[i]!.sequence) & 0xffff).toBe(1);
    });
    const { leg: without } = call({ dtmfOut: undefined });
    expect(without.dtmf('5', 100)).toBe(false);
  });

  it('drops sound that the kernel does not take, and counts it', () => {
    const { under, handset, run } = call();
    run(200);
    const before = handset.received.length;
    Object.defineProperty(under.rtp, 'queued', { value: 9 });
    run(200);
    expect(handset.received.length).toBeLessThanOrEqual(before + 1);
    expect(under.drops.filter((drop) => drop === 'rtp congested')).toHaveLength(10);
  });

  it('refuses a codec that it cannot send', () => {
    const { describe } = call();
    expect(describe({ codec: { mime: 'audio/g729', payloadType: 18, clockRate: 8000 } })).toBe(false);
  });
});

describe('RTCP', () => {
  it('goes where the SDP says, and beside the port that was learned once the phone is elsewhere', () => {
    const { net, under, handset, run, describe } = call();
    const [said, beside] = [net.open(ADDRESS), net.open(ADDRESS)];
    const reports = { said: 0, beside: 0 };
    said.onDatagram = () => void reports.said++;
    beside.onDatagram = () => void reports.beside++;
    const { port } = handset.socket.local;
    describe({ remote: { address: ADDRESS, port, rtcpPort: said.local.port } });
    run(10_000);
    expect(reports.said).toBeGreaterThan(0);
    const moved = net.open(ADDRESS, beside.local.port - 1);
    const before = { ...reports };
    describe({ remote: { address: ADDRESS, port: port + 2000, rtcpPort: said.local.port } });
    const sender = new RtpSender(net.random, 160);
    run(10_000, () => {
      const packet = sender.packet(new Uint8Array(160), 0, 160, 8, 'no-marker');
      sender.advance(160);
      moved.send(packet, under.rtp.local.port, under.rtp.local.address);
    });
    expect(reports.said).toBe(before.said);
    expect(reports.beside).toBeGreaterThan(0);
  });

  it('reports every five seconds or so, knows the round trip, and says BYE', () => {
    const { net, under, handset, run } = call();
    net.weather = { delayMs: 30, jitterMs: 0, loss: 0, duplicates: 0 };
    const compounds: { type: string }[][] = [];
    let answered = false;
    handset.rtcpSocket.onDatagram = (bytes) => {
      const parsed = parseRtcp(bytes, bytes.length);
      if (!parsed.ok) throw new Error(parsed.error);
      compounds.push([...parsed.value]);
      const [sr] = parsed.value;
      if (sr?.type !== 'sr' || answered) return;
      answered = true;
      const writer = new RtcpWriter(new Uint8Array(200));
      const lastSr = ((sr.ntpHigh << 16) | (sr.ntpLow >>> 16)) >>> 0;
      const block = {
        ssrc: sr.ssrc,
        fractionLost: 0,
        lost: 3,
        highestSequence: 5,
        jitter: 80,
        lastSr,
        delaySinceLastSr: 0,
      };
      writer.receiverReport(99, [block]);
      handset.rtcpSocket.send(
        writer.bytes.slice(0, writer.length),
        under.rtcp.local.port,
        under.rtcp.local.address,
      );
    };
    run(30_000);
    expect(compounds.length).toBeGreaterThanOrEqual(4);
    expect(compounds.length).toBeLessThanOrEqual(12);
    expect(compounds[1]!.map(({ type }) => type)).toEqual(['sr', 'rr', 'sdes']);
    expect(under.leg.roundTripMs).toBeCloseTo(60, 0);
    const quality = under.leg.close(net.now());
    net.run(net.now() + 100);
    expect(compounds.at(-1)!.map(({ type }) => type)).toContain('bye');
    expect(quality).toMatchObject({ packetsOut: 1500, lost: 0, late: 0, jitterMs: 0 });
    expect(quality.packetsIn).toBeGreaterThan(1490);
  });
});

it('a flood of RTCP costs no more than so many reports a second, and the leg none of its own', () => {
  const { under, net, leg } = call();
  const writer = new RtcpWriter(new Uint8Array(200));
  writer.receiverReport(77, []);
  const report = writer.bytes.slice(0, writer.length);
  net.every(10, 200, () => {
    for (let i = 0; i < 20; i++) under.rtcp.onDatagram(report.slice(), ADDRESS, 4001);
  });
  const refused = under.drops.filter((drop) => drop === 'rtcp rate').length;
  expect(under.drops).toHaveLength(refused);
  // Two seconds, and what a burst may have.
  expect(4000 - refused).toBeLessThanOrEqual(100);
  expect(4000 - refused).toBeGreaterThan(50);
  expect(leg.packetsIn).toBe(0);
});
