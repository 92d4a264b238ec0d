import { expect, it } from 'vitest';
import { voiceFormat } from '../../../src/audio/voice-format.ts';

it.each([
  ['', 'none', 'sent', 32_000],
  ['minptime=10; useinbandfec=1', 'in-band', 'sent', 32_000],
  ['usedtx=1;USEINBANDFEC=1', 'in-band', 'dropped', 32_000],
  ['maxaveragebitrate=30000;useinbandfec=1', 'in-band', 'sent', 24_000],
  ['useinbandfec=0; maxaveragebitrate = 16000', 'none', 'sent', 16_000],
  ['maxaveragebitrate=510000', 'none', 'sent', 32_000],
  ['maxaveragebitrate=1', 'none', 'sent', 6000],
  ['maxaveragebitrate=much', 'none', 'sent', 32_000],
])('Opus as `%s` asks for it', (fmtp, redundancy, silence, bitrate) => {
  const format = voiceFormat('audio/opus', fmtp);
  expect(format).toMatchObject({ redundancy, silence, bitrate, sampleRate: 16_000 });
  // Phones that ask for the same share an encoder: one object.
  expect(voiceFormat('audio/opus', ` ${fmtp}`)).toBe(format);
});
it('knows no others', () => {
  expect(voiceFormat('audio/l16', '')).toBeUndefined();
});
