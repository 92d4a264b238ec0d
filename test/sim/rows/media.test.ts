/** Rows 3, 9, 10, 20, 21, 22, 24 and 26: RTP as carriers really send it. */
import { expect, test } from 'vitest';
import { longestGap, rmsLevel, toneLevel } from '../../support/tones.ts';
import { FAR_TONE, rowWorld } from './raw-carrier.ts';

test('row 3: packets of 30, 40, 60 and 10 ms, changing in the call, are heard without a gap', () => {
  const { carrier, establish, pass, record, finish } = rowWorld();
  establish();
  for (const frameMs of [30, 40, 60, 10, 20]) {
    carrier.talk = { frameMs, law: 'pcma' };
    // The jitter buffer gets used to longer packets.
    pass(1200);
    const sound = record(1200);
    expect(toneLevel(sound, 8000, FAR_TONE), `${frameMs} ms`).toBeGreaterThan(-18);
    expect(longestGap(sound, 8000).lengthMs, `${frameMs} ms`).toBeLessThan(10);
  }
  finish();
});

test.each([
  [['a=ptime:40'], 40],
  [['a=ptime:10'], 10],
  [['a=ptime:25'], 20],
  [['a=ptime:100'], 60],
  [['a=ptime:60', 'a=maxptime:30'], 30],
  [['a=maxptime:10'], 10],
  [[], 20],
])('row 3: to who asks by %j we send %i ms', (asked, ms) => {
  const { carrier, establish, pass, finish } = rowWorld();
  establish(carrier.sdp(['m=audio 4000 RTP/AVP 8', ...asked]));
  pass(1000);
  const sizes = new Set(carrier.rtp.map(({ bytes }) => bytes));
  expect([...sizes]).toEqual([ms * 8]);
  expect(carrier.last('SIP/2.0 200')).toContain(`a=ptime:${ms}\r`);
  finish();
});

test('rows 9 and 10: keys come by the number that the last offer gave, at the clock of the codec', () => {
  const { carrier, gateway, establish, pass, finish } = rowWorld();
  const lines = (number: number, other: number) => [
    `m=audio 4000 RTP/AVP 8 ${other} ${number}`,
    `a=rtpmap:${other} telephone-event/48000`,
    `a=rtpmap:${number} telephone-event/8000`,
  ];
  establish(carrier.sdp(lines(101, 97)));
  expect(carrier.last('SIP/2.0 200')).toContain('a=rtpmap:101 telephone-event/8000');
  expect(carrier.last('SIP/2.0 200')).not.toContain('48000');
  const press = (payloadType: number, event: number) => {
    carrier.stream.timestamp += 8000;
    for (let i = 0; i < 3; i++) carrier.packet(payloadType, Uint8Array.of(event, 0x8a, 0x03, 0x20));
    pass(100);
  };
  press(101, 5);
  carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(lines(96, 97)) });
  pass(100);
  carrier.send('ACK', { cseq: 2 });
  pass(100);
  press(96, 7);
  press(101, 9);
  const digits = gateway.events.flatMap((event) => (event.type === 'call.dtmf' ? [event.digit] : []));
  expect(digits).toEqual(['5', '7']);
  finish();
});

test('row 9: keys of the room go out by the number that the last description gave', () => {
  const { carrier, gateway, establish, pass, finish } = rowWorld();
  const lines = (number: number) => [
    `m=audio 4000 RTP/AVP 8 ${number}`,
    `a=rtpmap:${number} telephone-event/8000`,
  ];
  establish(carrier.sdp(lines(101)));
  const room = gateway.rooms.find('lobby')!;
  const listener = [...room.participants.values()][0]!;
  const keyed = (): number[] => {
    const from = carrier.rtp.length;
    room.pressKey(listener, '5', []);
    pass(1000);
    return [...new Set(carrier.rtp.slice(from).flatMap((one) => (one.bytes === 4 ? [one.payloadType] : [])))];
  };
  expect(keyed()).toEqual([101]);
  carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(lines(96)) });
  pass(100);
  carrier.send('ACK', { cseq: 2 });
  pass(100);
  expect(keyed()).toEqual([96]);
  carrier.send('INVITE', { cseq: 3, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8']) });
  pass(100);
  carrier.send('ACK', { cseq: 3 });
  pass(100);
  // Nothing was agreed on for keys any more.
  expect(keyed()).toEqual([]);
  finish();
});

test('row 20: another SSRC, sequence and timestamp in the call cost less than 100 ms, and ours go on in one line', () => {
  const { carrier, establish, pass, record, finish } = rowWorld();
  establish();
  pass(1000);
  carrier.stream = { ssrc: 0xdeadbeef, sequence: 60_000, timestamp: 3_000_000_000 };
  expect(longestGap(record(1000), 8000).lengthMs).toBeLessThan(100);
  carrier.stream.sequence += 3000;
  carrier.stream.timestamp += 1_000_000;
  expect(longestGap(record(1000), 8000).lengthMs).toBeLessThan(100);
  const ssrcs = new Set(carrier.rtp.map(({ ssrc }) => ssrc));
  expect(ssrcs.size).toBe(1);
  carrier.rtp.forEach((packet, i) => {
    const before = carrier.rtp[i - 1];
    if (before === undefined) return;
    expect(packet.sequence).toBe((before.sequence + 1) & 0xffff);
    expect((packet.timestamp - before.timestamp) >>> 0).toBe(160);
  });
  finish();
});

test('row 21: without rtcp-mux RTCP goes to the port beside', () => {
  const { carrier, establish, pass, finish } = rowWorld();
  establish();
  pass(12_000);
  expect(carrier.rtcp).toBeGreaterThanOrEqual(2);
  expect(carrier.rtp.every(({ payloadType }) => payloadType === 8)).toBe(true);
  expect(carrier.last('SIP/2.0 200')).not.toContain('rtcp-mux');
  finish();
});

test('row 21: with rtcp-mux RTCP goes where RTP goes, and comes there; a re-INVITE keeps or ends it', () => {
  const { carrier, gateway, establish, pass, finish } = rowWorld();
  establish(carrier.sdp(['m=audio 4000 RTP/AVP 8', 'a=rtcp:4000', 'a=rtcp-mux']));
  expect(carrier.last('SIP/2.0 200')).toMatch(/^a=rtcp-mux\r$/m);
  pass(12_000);
  const isRtcp = ({ payloadType }: { payloadType: number }) => payloadType >= 64 && payloadType <= 95;
  expect(carrier.rtcp).toBe(0);
  expect(carrier.rtp.filter(isRtcp).length).toBeGreaterThanOrEqual(2);
  const ssrc = carrier.rtp.at(-1)!.ssrc;
  const report = Uint8Array.from([0x81, 201, 0, 7, 0, 0, 0, 1, ...new Array<number>(24).fill(0)]);
  new DataView(report.buffer).setUint32(8, ssrc);
  report[12] = 64;
  carrier.media.send(report, carrier.port, '10.0.0.1');
  pass(6000);
  const told = gateway.events.flatMap((event) => (event.type === 'call.quality' ? [event.quality] : []));
  expect(told.some(({ sent }) => sent?.loss === 0.25)).toBe(true);
  carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8']) });
  pass(100);
  carrier.send('ACK', { cseq: 2 });
  const muxed = carrier.rtp.filter(isRtcp).length;
  pass(12_000);
  expect(carrier.rtp.filter(isRtcp).length).toBe(muxed);
  expect(carrier.rtcp).toBeGreaterThanOrEqual(1);
  finish();
});

test('row 21: payload types that RTCP could be taken for are not multiplexed', () => {
  const { carrier, establish, finish } = rowWorld();
  establish(carrier.sdp(['m=audio 4000 RTP/AVP 8 72', 'a=rtpmap:72 telephone-event/8000', 'a=rtcp-mux']));
  expect(carrier.last('SIP/2.0 200')).not.toContain('rtcp-mux');
  finish();
});

test('row 21: a trunk may offer rtcp-mux by itself, and takes no for an answer', () => {
  for (const answer of [['a=rtcp-mux'], []]) {
    const { carrier, pass, finish } = rowWorld({ trunk: { rtcpMux: true } });
    carrier.send('INVITE');
    pass(200);
    expect(carrier.last('SIP/2.0 200')).toMatch(/^a=rtcp-mux\r$/m);
    carrier.send('ACK', { cseq: 1, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8', ...answer]) });
    pass(12_000);
    expect(carrier.rtcp > 0).toBe(answer.length === 0);
    finish();
  }
});

test('row 22: comfort noise alone keeps a silent caller in the call', () => {
  const { carrier, gateway, listener, establish, pass, finish } = rowWorld();
  establish(carrier.sdp(['m=audio 4000 RTP/AVP 8 13']));
  pass(1000);
  carrier.talk = undefined;
  for (let i = 0; i < 12; i++) {
    carrier.stream.timestamp += 40_000;
    carrier.packet(13, Uint8Array.of(60));
    pass(5000);
  }
  expect(carrier.requests).toEqual([]);
  expect(listener.ended).toBeUndefined();
  const ended = gateway.events.some(({ type }) => type === 'call.ended');
  expect(ended).toBe(false);
  finish();
});

test('row 22: comfort noise sounds as loud as it was described', () => {
  const { carrier, establish, pass, record, finish } = rowWorld();
  establish(carrier.sdp(['m=audio 4000 RTP/AVP 8 13']));
  pass(1000);
  carrier.talk = undefined;
  const loudness = (level: number): number => {
    carrier.stream.timestamp += 1600;
    carrier.packet(13, Uint8Array.of(level));
    pass(300);
    return rmsLevel(record(600));
  };
  const loud = loudness(35);
  const quiet = loudness(60);
  expect(loud).toBeGreaterThan(-45);
  expect(loud).toBeLessThan(-25);
  expect(quiet).toBeLessThan(loud - 15);
  finish();
});

test.each([
  ['a far end that offers it, of a trunk that has it', ['PCMA', 'CN'], '8 13', true],
  ['a far end that does not offer it', ['PCMA', 'CN'], '8', false],
  ['a far end of a trunk that has it not', ['PCMA'], '8 13', false],
] as const)('row 22: silence is described to %s', (_who, codecs, types, isDescribed) => {
  const { carrier, establish, pass, finish } = rowWorld({ listener: 'none', trunk: { codecs } });
  establish(carrier.sdp([`m=audio 4000 RTP/AVP ${types}`]));
  pass(5000);
  expect(new Set(carrier.rtp.map(({ payloadType }) => payloadType)).has(13)).toBe(isDescribed);
  finish();
});

test('row 24: whatever happens to a call that goes both ways, RTP to the carrier does not pause', () => {
  const { carrier, gateway, listener, establish, pass, finish } = rowWorld();
  establish();
  const room = gateway.rooms.find('lobby')!;
  const far = [...room.participants.values()].at(-1)!;
  const track = [...far.tracks.keys()][0]!;
  const stages: Readonly<Record<string, () => void>> = {
    'somebody talks': () => {},
    'the phone mutes itself': () => room.setMuted(far, track, true),
    'the room presses a key': () => room.pressKey([...room.participants.values()][0]!, '5', []),
    'the phone is silent': () => {
      carrier.talk = undefined;
    },
    'the phone talks in another codec': () => {
      carrier.talk = { frameMs: 20, law: 'pcmu' };
    },
    'the others leave': () => listener.hangUp(),
    'a refresh': () => carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp() }),
    'its ACK': () => carrier.send('ACK', { cseq: 2 }),
    'alone for long': () => pass(60_000),
  };
  const from = carrier.rtp.length;
  for (const begin of Object.values(stages)) {
    begin();
    pass(2000);
  }
  const times = carrier.rtp.slice(from).map(({ at }) => at);
  const gaps = times.slice(1).map((at, i) => at - times[i]!);
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(77_000);
  // 20 ms, and what the mix's tick and the test's own steps make of them.
  expect(Math.max(...gaps)).toBeLessThanOrEqual(40);
  finish();
});

test('row 24: in an empty room silence goes to the carrier every 20 ms', () => {
  const { carrier, establish, pass, finish } = rowWorld({ listener: 'none' });
  establish();
  const before = carrier.rtp.length;
  pass(10_000);
  expect(Math.abs(carrier.rtp.length - before - 500)).toBeLessThanOrEqual(1);
  const times = carrier.rtp.map(({ at }) => at);
  expect(Math.max(...times.slice(1).map((at, i) => at - times[i]!))).toBeLessThan(30);
  finish();
});

test('row 26: each packet is decoded by its own payload type', () => {
  const { carrier, establish, pass, record, finish } = rowWorld();
  establish();
  for (const law of ['pcmu', 'pcma'] as const) {
    carrier.talk = { frameMs: 20, law };
    pass(500);
    const sound = record(1000);
    // Heard by the wrong law a sine of this size is 10 dB off and full of overtones.
    expect(Math.abs(toneLevel(sound, 8000, FAR_TONE) + 14.75), law).toBeLessThan(1.5);
    expect(toneLevel(sound, 8000, 3 * FAR_TONE), law).toBeLessThan(-45);
  }
  finish();
});
