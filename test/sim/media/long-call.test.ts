import { describe, expect, it } from 'vitest';
import { G711Decoder } from '../../../src/audio/built-in-codecs.ts';
import { encodeG711 } from '../../../src/audio/g711.ts';
import { SineSource } from '../../../src/audio/tones.ts';
import { VoicePlayout } from '../../../src/leg/voice-playout.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { longestGap, rmsLevel } from '../../support/tones.ts';

interface Call {
  readonly minutes: number;
  readonly driftPpm?: number;
  readonly jitterMs?: number;
  readonly loss?: number;
  /** Speech of so many ms, then a pause as long; 0: speaks on. */
  readonly burstMs?: number;
  /** The network holds all back for so long, once a minute. */
  readonly stallMs?: number;
}

/** One voice over a bad network for minutes, played by the product's playout. */
function listen(call: Call) {
  const { minutes, driftPpm = 0, jitterMs = 0, loss = 0, burstMs = 0, stallMs = 0 } = call;
  const net = new LossyNet(31);
  const decoder = new G711Decoder('pcma');
  const playout = new VoicePlayout({ clockRate: 8000, sampleRate: 8000 }, () => decoder);
  const sender = new RtpSender(net.random, 160);
  const sine = new SineSource(450, 6000, 8000);
  const frame = new Int16Array(160);
  const payload = new Uint8Array(160);
  const view = new RtpView();
  const count = minutes * 3000;
  let lastArrival = 0;
  for (let i = 0; i < count; i++) {
    const sentAt = ((i + 1) * 20) / (1 + driftPpm / 1e6);
    if (burstMs > 0 && Math.floor((i * 20) / burstMs) % 2 === 1) frame.fill(0);
    else sine.fill(frame);
    encodeG711('pcma', frame, 0, 160, payload, 0);
    const bytes = sender.packet(payload, 0, 160, 8, 'no-marker').slice();
    sender.advance(160);
    if (net.random.fraction() < loss) continue;
    let at = sentAt + 10 + jitterMs * net.random.fraction();
    const stallStart = Math.floor(sentAt / 60_000) * 60_000 + 30_000;
    if (at >= stallStart && at < stallStart + stallMs) at = stallStart + stallMs + (i % 10) / 100;
    lastArrival = at;
    net.queue.schedule(at, (now) => {
      if (parseRtp(bytes, bytes.length, view) === undefined) playout.push(view, now);
    });
  }
  const heard = new Int16Array((Math.floor(lastArrival / 20) + 1) * 160);
  const kinds = { voice: 0, concealed: 0, silence: 0 };
  let at = 0;
  net.every(20, Math.floor(lastArrival / 20), (now) => {
    const kind = playout.pull(now, heard.subarray(at, at + 160));
    if (now > 1000) kinds[kind]++;
    at += 160;
  });
  return { heard: heard.subarray(8000, at), kinds, playout, frames: count };
}

describe('a long call', () => {
  it.each([
    { minutes: 10, driftPpm: 300 },
    { minutes: 10, driftPpm: -300 },
    { minutes: 60, driftPpm: 200, jitterMs: 10 },
    { minutes: 60, driftPpm: -200, jitterMs: 10 },
    { minutes: 10, driftPpm: 100, jitterMs: 40, loss: 0.02 },
    { minutes: 10, driftPpm: -100, jitterMs: 40, loss: 0.02 },
  ])('who speaks without a pause is heard without one: %j', (call) => {
    const { heard, kinds, playout, frames } = listen(call);
    expect(longestGap(heard, 8000, -40).lengthMs).toBeLessThanOrEqual(5);
    expect(kinds.silence).toBe(0);
    // Loss, and a frame for each 20 ms that a slow clock falls behind.
    const due = frames * (call.loss ?? 0) + frames * (Math.max(0, -call.driftPpm) / 1e6);
    expect(kinds.concealed).toBeLessThan(1.6 * due + 30);
    expect(playout.targetMs).toBeLessThan((call.jitterMs ?? 0) + 26);
  });

  it('in pauses time is taken and given so that speech is left alone', () => {
    const { heard, kinds } = listen({ minutes: 5, driftPpm: -300, jitterMs: 20, burstMs: 1000 });
    expect(kinds.concealed).toBeLessThan(30);
    const loud = Array.from(
      { length: heard.length / 160 },
      (_, i) => rmsLevel(heard.subarray(i * 160, i * 160 + 160)) > -30,
    ).filter(Boolean);
    expect(loud.length / (heard.length / 160)).toBeGreaterThan(0.48);
    expect(loud.length / (heard.length / 160)).toBeLessThan(0.52);
  });

  it.each([120, 500, 1500])('a stall of %i ms is over when the network is back', (stallMs) => {
    const { heard } = listen({ minutes: 3, jitterMs: 10, stallMs });
    expect(longestGap(heard, 8000, -40).lengthMs).toBeLessThanOrEqual(stallMs + 80);
    // Ten seconds after the last stall playout is steady again.
    expect(longestGap(heard.subarray(heard.length - 15 * 8000), 8000, -40).lengthMs).toBeLessThanOrEqual(5);
  });
});
