import { expect, test } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import type { MixPhone } from '../../../src/media/listener.ts';
import { RoomMix } from '../../../src/media/room-mix.ts';
import { tone } from '../../support/tones.ts';

const G722 = voiceFormat('audio/g722', '')!;

test('an encoder of one’s own goes on where the shared one stands', () => {
  const [shared, own] = [builtInCodecs.encoder(G722)!, builtInCodecs.encoder(G722)!];
  const samples = tone(650, 6000, 400, 16_000);
  const encode = (encoder: typeof shared, at: number) => {
    const bytes = new Uint8Array(160);
    encoder.encode(samples.subarray(at, at + 320), bytes, 0);
    return bytes;
  };
  for (let at = 0; at < 3200; at += 320) encode(shared, at);
  own.adopt?.(shared);
  expect(encode(own, 3200)).toEqual(encode(shared, 3200));
});

test('a phone of a codec with memory keeps its own for half a second after it has talked, and gives it back', () => {
  const mix = new RoomMix(builtInCodecs);
  const phone = (): MixPhone & { says: number; payload: ArrayBufferLike | undefined } => ({
    ...{ format: G722, frame: new Int16Array(320), says: 0, payload: undefined },
    pull() {
      this.frame.fill(this.says);
      return this.says !== 0;
    },
    sendFrame(payload) {
      this.payload = payload.buffer;
    },
  });
  const [talks, listens, other] = [phone(), phone(), phone()];
  for (const each of [talks, listens, other]) mix.addPhone(each);
  other.says = 2000;
  let now = 0;
  const areAlike = () => {
    now += 20;
    mix.tick(now);
    return talks.payload === listens.payload;
  };
  expect(areAlike()).toBe(true);
  talks.says = 1000;
  expect([areAlike(), areAlike()]).toEqual([false, false]);
  talks.says = 0;
  const apart = Array.from({ length: 40 }, areAlike).indexOf(true);
  expect(apart).toBe(25);
  expect(areAlike()).toBe(true);
});
