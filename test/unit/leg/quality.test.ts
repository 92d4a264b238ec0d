import { expect, test } from 'vitest';
import { parseRtcp } from '../../../src/rtp/rtcp/parse.ts';
import { RtcpWriter } from '../../../src/rtp/rtcp/write.ts';
import { extendedReport } from '../../support/extended-report.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { describePhone, Handset, LegUnderTest } from '../../support/media-phone.ts';

const ADDRESS = '192.0.2.1';

function call() {
  const net = new LossyNet(5);
  const under = new LegUnderTest(net);
  const handset = new Handset(net, { address: ADDRESS, frequency: 650 });
  under.leg.apply(describePhone(ADDRESS, handset.socket.local.port), net.now());
  const silence = new Uint8Array(160).fill(0xd5);
  const run = (ms: number) =>
    net.every(20, ms / 20, (now) => {
      handset.speak(under.rtp.local);
      under.leg.pull(now);
      under.leg.sendFrame(silence, 'sound', now);
    });
  const tell = (bytes: Uint8Array) =>
    handset.rtcpSocket.send(bytes, under.rtcp.local.port, under.rtcp.local.address);
  return { net, under, leg: under.leg, handset, run, tell };
}

test('of nothing there is nothing to say', () => {
  const { leg } = call();
  expect(leg.takeQuality()).toBeUndefined();
});

test('each word is of the time since the last one', () => {
  const { net, leg, run } = call();
  run(5000);
  expect(leg.takeQuality()).toEqual({
    heard: { loss: 0, discarded: 0, jitterMs: 0, mos: 4.41, concealedMs: 0 },
  });
  net.weather = { delayMs: 1, jitterMs: 30, loss: 0.1, duplicates: 0 };
  run(5000);
  const bad = leg.takeQuality()?.heard;
  expect(bad?.loss).toBeGreaterThan(0.05);
  expect(bad?.loss).toBeLessThan(0.16);
  expect(bad?.jitterMs).toBeGreaterThan(5);
  expect(bad?.mos).toBeLessThan(3.9);
  expect(bad?.concealedMs).toBeGreaterThan(100);
  net.weather = { delayMs: 31, jitterMs: 0, loss: 0, duplicates: 0 };
  run(5000);
  run(5000);
  leg.takeQuality();
  run(5000);
  expect(leg.takeQuality()?.heard).toMatchObject({ loss: 0, discarded: 0 });
});

test('sound that the phone got too late costs what lost sound does, where it tells no score of its own', () => {
  const { leg, run, tell } = call();
  const score = (lossRate: number, discardRate: number) => {
    const report = extendedReport(99, { ssrc: leg.ssrc, lossRate, discardRate, roundTripMs: 0, mos: 127 });
    // Nor one of listening.
    report[46] = 127;
    tell(report);
    run(1000);
    return leg.takeQuality()?.sent?.mos;
  };
  run(1000);
  const lost = score(26, 0);
  expect(lost).toBeLessThan(4);
  expect(score(0, 26)).toBe(lost);
});

test('what the phone reports of ours is the other way, its own score wins, and the end has it too', () => {
  const { leg, run, tell, net } = call();
  run(1000);
  const writer = new RtcpWriter(new Uint8Array(200));
  const block = { ssrc: leg.ssrc, lost: 25, highestSequence: 5, jitter: 160, lastSr: 0, delaySinceLastSr: 0 };
  for (const fractionLost of [64, 0]) {
    writer.length = 0;
    writer.receiverReport(99, [
      { ...block, fractionLost },
      { ...block, fractionLost: 255, ssrc: 4711 },
    ]);
    tell(writer.bytes.slice(0, writer.length));
  }
  run(1000);
  expect(leg.takeQuality()?.sent).toMatchObject({ loss: 0.125, discarded: 0, jitterMs: 20, mos: 3.13 });
  run(1000);
  expect(leg.takeQuality()?.sent).toBeUndefined();
  tell(extendedReport(99, { ssrc: leg.ssrc, lossRate: 0, discardRate: 64, roundTripMs: 90, mos: 22 }));
  tell(extendedReport(99, { ssrc: 4711, lossRate: 0, discardRate: 0, roundTripMs: 5, mos: 44 }));
  run(1000);
  const quality = leg.takeQuality();
  expect(quality?.sent).toEqual({ loss: 0, discarded: 0.25, jitterMs: 20, mos: 2.2 });
  expect(quality?.roundTripMs).toBe(90);
  tell(extendedReport(99, { ssrc: leg.ssrc, lossRate: 0, discardRate: 64, roundTripMs: 400, mos: 22 }));
  run(1000);
  expect(leg.takeQuality()?.roundTripMs).toBe(400);
  tell(extendedReport(99, { ssrc: leg.ssrc, lossRate: 0, discardRate: 64, roundTripMs: 90, mos: 22 }));
  run(1000);
  expect(leg.close(net.now())).toMatchObject({ farLost: 25, farJitterMs: 20, farMos: 2.2, roundTripMs: 90 });
});

test('our own reports are compounds that a phone can read', () => {
  const { handset, run } = call();
  const types: string[] = [];
  handset.rtcpSocket.onDatagram = (bytes) => {
    const parsed = parseRtcp(bytes, bytes.length);
    types.push(...(parsed.ok ? parsed.value.map(({ type }) => type) : ['fault']));
  };
  run(10_000);
  expect(new Set(types)).toEqual(new Set(['sr', 'rr', 'sdes']));
});
