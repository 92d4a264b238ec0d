import { describe, expect, it, vi } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { decodeG711, type G711Law } from '../../../src/audio/g711.ts';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import type { MixPhone } from '../../../src/media/listener.ts';
import { MixBus } from '../../../src/media/mix-bus.ts';
import { type MixVoice, RoomMix } from '../../../src/media/room-mix.ts';

/** A phone that says one constant, or nothing, and keeps what it is sent. */
function phone(
  law: G711Law | undefined,
  says: number,
): MixPhone & { hears: number | undefined; payload: Uint8Array | undefined } {
  return {
    format: law === undefined ? undefined : voiceFormat(`audio/${law}`, ''),
    frame: new Int16Array(160),
    hears: undefined,
    payload: undefined,
    pull() {
      this.frame.fill(says);
      return says !== 0;
    },
    sendFrame(payload) {
      const out = new Int16Array(160);
      decodeG711(law ?? 'pcma', payload, 0, 160, out, 0);
      this.hears = out[80]!;
      this.payload = payload;
    },
  };
}

function voice(says: number): MixVoice & { pulls: number; listeners: string } {
  return {
    frame: new Int16Array(160),
    pulls: 0,
    listeners: '',
    pull() {
      this.pulls++;
      this.frame.fill(says);
      return says !== 0;
    },
    listen(listeners) {
      this.listeners = listeners;
    },
  };
}

const near = (value: number | undefined, wanted: number) =>
  expect(Math.abs(value! - wanted)).toBeLessThanOrEqual(Math.max(8, Math.abs(wanted) / 30));

describe('room mix', () => {
  it('gives talkers the others, and all who are silent one and the same frame', () => {
    const mix = new RoomMix(builtInCodecs);
    const phones = [
      phone('pcma', 1000),
      phone('pcmu', 2000),
      phone('pcma', 0),
      phone('pcma', 0),
      phone('pcmu', 0),
    ] as const;
    const browser = voice(400);
    for (const each of phones) mix.addPhone(each);
    mix.addVoice(browser);
    mix.tick(0);
    near(phones[0].hears, 2400);
    near(phones[1].hears, 1400);
    for (const silent of phones.slice(2)) near(silent.hears, 3400);
    expect(phones[2].payload).toBe(phones[3].payload);
    expect(phones[4].payload).not.toBe(phones[2].payload);
    expect(browser.pulls).toBe(1);
  });

  it('is silence for a phone alone, talking or not', () => {
    const mix = new RoomMix(builtInCodecs);
    const alone = phone('pcma', 9000);
    mix.addPhone(alone);
    mix.tick(0);
    near(alone.hears, 0);
  });

  it('works at 16 kHz only while a wide phone listens', () => {
    const finish = vi.spyOn(MixBus.prototype, 'finish');
    const rates = () => [...new Set(finish.mock.calls.splice(0).map(([rate]) => rate))].sort();
    const mix = new RoomMix(builtInCodecs);
    const narrow = phone('pcma', 1000);
    const wide: MixPhone = { ...phone('pcma', 0), format: voiceFormat('audio/g722', ''), sendFrame() {} };
    mix.addPhone(narrow);
    mix.tick(0);
    expect(rates()).toEqual([8000]);
    mix.addPhone(wide);
    mix.tick(20);
    expect(rates()).toEqual([16_000, 8000]);
    mix.removePhone(wide);
    mix.tick(40);
    expect(rates()).toEqual([8000]);
    finish.mockRestore();
  });

  it('costs nothing without phones, and wakes the voices when one comes', () => {
    const mix = new RoomMix(builtInCodecs);
    const browser = voice(400);
    mix.addVoice(browser);
    mix.tick(0);
    expect([browser.pulls, browser.listeners]).toEqual([0, 'none']);
    const first = phone('pcmu', 0);
    mix.addPhone(first);
    expect(browser.listeners).toBe('some');
    mix.tick(20);
    near(first.hears, 400);
    mix.removePhone(first);
    mix.removePhone(first);
    expect(browser.listeners).toBe('none');
    expect(mix.phones).toBe(0);
  });

  it('sends nothing to a phone whose media have not begun, yet pulls it', () => {
    const mix = new RoomMix(builtInCodecs);
    const early = phone(undefined, 0);
    mix.addPhone(early);
    mix.tick(0);
    expect(early.hears).toBeUndefined();
  });

  it('rounds off what is too loud instead of cracking', () => {
    const mix = new RoomMix(builtInCodecs);
    const listener = phone('pcmu', 0);
    mix.addPhone(listener);
    for (let i = 0; i < 4; i++) mix.addVoice(voice(20_000));
    mix.tick(0);
    // From a standing start the first samples are bent; soon all is turned down together.
    expect(listener.hears).toBeGreaterThan(22_000);
    expect(listener.hears).toBeLessThan(32_767);
  });
});
