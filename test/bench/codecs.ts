/**
 * What each codec costs and keeps: `node test/bench/codecs.ts`. CPU of this thread for 20 ms, and the signal-to-noise
 * ratio of tones of 1021 and 3011 Hz at -15 dBov, at the codec's own rate, delay taken out.
 */
import { OpusCodecs } from '../../src/adapters/opus/opus-codecs.ts';
import { SineSource } from '../../src/audio/tones.ts';
import { frameLength, voiceFormat } from '../../src/audio/voice-format.ts';
import { encoderOf } from '../support/codec-phone.ts';

const codecs = await OpusCodecs.load(2);
const FRAMES = 500;

function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** Power of the tone against all that is not the tone, dB: whatever the codec's delay. */
function signalToNoise(samples: Int16Array, hz: number, rate: number): number {
  let [real, imaginary, power] = [0, 0, 0];
  samples.forEach((sample, i) => {
    real += sample * Math.cos((2 * Math.PI * hz * i) / rate);
    imaginary += sample * Math.sin((2 * Math.PI * hz * i) / rate);
    power += sample * sample;
  });
  const tone = (2 * (real ** 2 + imaginary ** 2)) / samples.length;
  return 10 * Math.log10(tone / Math.max(1, power - tone));
}

console.log('codec        encode µs   decode µs   SNR 1021 Hz SNR 3011 Hz');
for (const mime of ['audio/pcma', 'audio/pcmu', 'audio/g722', 'audio/opus']) {
  const format = voiceFormat(mime, 'useinbandfec=1')!;
  const rate = format.sampleRate;
  const length = frameLength(rate);
  let [encoding, decoding] = [0, 0];
  const ratios = [];
  for (const hz of [1021, 3011]) {
    const encoder = await encoderOf(codecs, format);
    const decoder = codecs.decoder(mime, rate)!;
    const sine = new SineSource(hz, 8192, rate);
    const frames = Array.from({ length: FRAMES }, () => {
      const frame = new Int16Array(length);
      sine.fill(frame);
      return frame;
    });
    let at = cpu();
    const payloads = frames.map((frame) => {
      const payload = new Uint8Array(400);
      return payload.subarray(0, encoder.encode(frame, payload, 0));
    });
    encoding += cpu() - at;
    const heard = new Int16Array(FRAMES * length);
    at = cpu();
    payloads.forEach((payload, i) => {
      decoder.decode(payload, heard, i * length);
    });
    decoding += cpu() - at;
    ratios.push(signalToNoise(heard.subarray(rate), hz, rate).toFixed(1));
    encoder.free();
    decoder.free();
  }
  const each = (total: number): string => (total / 2 / FRAMES).toFixed(1);
  console.log(
    [
      mime.padEnd(12),
      each(encoding).padStart(9),
      each(decoding).padStart(11),
      ...ratios.map((r) => r.padStart(11)),
    ].join(' '),
  );
}
codecs.close();
