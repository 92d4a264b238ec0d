import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Recorder } from '../../../src/app/tools/recorder.ts';
import { loopSource, melodySource, toneSource, toPhoneRate } from '../../../src/app/tools/sound-source.ts';
import { Timeline } from '../../../src/app/tools/timeline.ts';
import { ToneWatch } from '../../../src/app/tools/tone-watch.ts';
import { callTones, judgeAudio } from '../../../src/app/tools/verdict.ts';
import { RtpView } from '../../../src/rtp/packet.ts';
import { rmsLevel, tone, toneLevel } from '../../support/tones.ts';

function packet(ssrc: number, timestamp: number): RtpView {
  const view = new RtpView();
  view.ssrc = ssrc;
  view.timestamp = timestamp >>> 0;
  return view;
}

describe('a timeline', () => {
  test('leaves a gap for what is lost and puts late packets into their place', () => {
    const timeline = new Timeline();
    const start = 2 ** 32 - 160;
    expect([0, 160, 480, 320].map((at) => timeline.place(packet(1, start + at), 160))).toEqual([
      0, 160, 480, 320,
    ]);
  });

  test('of a clock that runs faster than the recording', () => {
    const timeline = new Timeline(6);
    expect([0, 960, 2880].map((at) => timeline.place(packet(1, at), 160))).toEqual([0, 160, 480]);
  });

  test('goes on behind the last sample after a new SSRC or a jump', () => {
    const timeline = new Timeline();
    expect(timeline.place(packet(1, 0), 160)).toBe(0);
    expect(timeline.place(packet(2, 999_999), 160)).toBe(160);
    expect(timeline.place(packet(2, 1_999_999), 160)).toBe(320);
    expect(timeline.place(packet(2, 1_999_999 + 160), 160)).toBe(480);
  });
});

describe('sources', () => {
  test('a loop repeats with its pause', () => {
    const frame = new Int16Array(24);
    loopSource(Int16Array.of(1, 2, 3, 4), 1).fill(frame);
    expect([...frame]).toEqual([1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('an empty loop is silence', () => {
    const frame = new Int16Array(4).fill(7);
    loopSource(new Int16Array(0), 0).fill(frame);
    expect([...frame]).toEqual([0, 0, 0, 0]);
  });

  test('the melody sounds', () => {
    const second = new Int16Array(8000);
    melodySource().fill(second);
    expect(rmsLevel(second)).toBeGreaterThan(-25);
  });

  test.each([8000, 16_000, 22_050, 44_100, 48_000])(
    'a tone at %d Hz keeps level and pitch at 8 kHz',
    (rate) => {
      const samples = toPhoneRate({ rate, samples: tone(1000, 8192, 500, rate) });
      expect(samples.length).toBeGreaterThan(3990);
      expect(toneLevel(samples, 8000, 1000)).toBeCloseTo(-12.04, 0);
    },
  );

  test('what is above the telephone channel does not come back as an alias', () => {
    const samples = toPhoneRate({ rate: 22_050, samples: tone(6000, 8192, 500, 22_050) });
    expect(rmsLevel(samples.subarray(200, -200))).toBeLessThan(-45);
  });
});

describe('a recorder', () => {
  test('keeps packets in their places, in any order', () => {
    const places = fc.uniqueArray(fc.nat({ max: 500 }), { minLength: 1 });
    fc.assert(
      fc.property(places, (order) => {
        const recorder = new Recorder();
        for (const at of order) recorder.put(2 * at, Int16Array.of(at + 1, -at - 1));
        const { samples } = recorder.sound;
        expect(samples.length).toBe(2 * Math.max(...order) + 2);
        for (const at of order) expect([samples[2 * at], samples[2 * at + 1]]).toEqual([at + 1, -at - 1]);
      }),
    );
  });

  test('grows, and passes over what lies outside an hour', () => {
    const recorder = new Recorder();
    recorder.put(-1, Int16Array.of(1));
    recorder.put(3600 * 8000, Int16Array.of(1));
    expect(recorder.sound.samples.length).toBe(0);
    recorder.put(1_000_000, Int16Array.of(5));
    expect(recorder.sound.samples[1_000_000]).toBe(5);
  });
});

/** Plays the sum of tones into a watch, in frames of 20 ms; `missing` frames are not put in. */
function listen(
  watch: ToneWatch,
  hz: readonly number[],
  seconds: number,
  missing = (_frame: number) => false,
): void {
  const sources = hz.map((each) => toneSource(each, 4000));
  const frame = new Int16Array(160);
  const sum = new Int16Array(160);
  for (let i = 0; i < 50 * seconds; i++) {
    sum.fill(0);
    for (const source of sources) {
      source.fill(frame);
      for (let k = 0; k < 160; k++) sum[k] = sum[k]! + frame[k]!;
    }
    if (!missing(i)) watch.put(160 * i, sum);
  }
}

describe('the verdict', () => {
  const talker = (hz: number, fromMs = 0, toMs = 10_000) => ({ hz, amplitude: 4000, fromMs, toMs });

  test('all others heard, itself not', () => {
    const watch = new ToneWatch([400, 408, 1000]);
    listen(watch, [408, 1000], 10);
    const verdict = judgeAudio(watch, {
      heardFromMs: 0,
      self: talker(400),
      others: [talker(408), talker(1000)],
    });
    expect(verdict).toEqual({ expected: 2, heard: 2, hearsItself: false });
  });

  test('one missing, and itself heard', () => {
    const watch = new ToneWatch([400, 700, 1000]);
    listen(watch, [400, 1000], 10);
    const verdict = judgeAudio(watch, {
      heardFromMs: 0,
      self: talker(400),
      others: [talker(700), talker(1000)],
    });
    expect(verdict).toEqual({ expected: 2, heard: 1, hearsItself: true });
  });

  test('a tone that is there half of the time is not heard', () => {
    const watch = new ToneWatch([400, 1000]);
    listen(watch, [1000], 10, (frame) => frame % 100 < 50);
    const verdict = judgeAudio(watch, { heardFromMs: 0, self: talker(400), others: [talker(1000)] });
    expect(verdict).toMatchObject({ expected: 1, heard: 0 });
  });

  test('who was there for too short a time is not expected', () => {
    const watch = new ToneWatch([400, 1000]);
    listen(watch, [], 10);
    const verdict = judgeAudio(watch, { heardFromMs: 0, self: talker(400), others: [talker(1000, 0, 1500)] });
    expect(verdict).toEqual({ expected: 0, heard: 0, hearsItself: false });
  });

  test('tones of a run are distinct up to 325 calls and inside the channel', () => {
    for (const count of [1, 2, 50, 325]) {
      const tones = callTones(count);
      expect(new Set(tones).size).toBe(count);
      expect(Math.max(...tones)).toBeLessThanOrEqual(3000);
    }
    expect(callTones(1000)).toHaveLength(1000);
  });
});
