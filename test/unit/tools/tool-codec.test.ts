import { expect, it } from 'vitest';
import { openToolCodecs, TOOL_CODECS, ToolCodec, toolCodec } from '../../../src/app/tools/tool-codec.ts';
import { SineSource } from '../../../src/audio/tones.ts';
import { offeredFormat } from '../../../src/sdp/phone-codec.ts';
import { toneLevel } from '../../support/tones.ts';

it('is chosen by name in any case', () => {
  expect([toolCodec('g722'), toolCodec('Opus'), toolCodec('GSM')]).toEqual(['G722', 'OPUS', undefined]);
});

it.each(TOOL_CODECS)('%s carries what a phone of 8 kHz says, 20 ms a packet', async (name) => {
  const codecs = await openToolCodecs([name]);
  const format = offeredFormat(name);
  const codec = ToolCodec.of(codecs, format)!;
  const sine = new SineSource(1000, 8192, 8000);
  const frame = new Int16Array(160);
  const payload = new Uint8Array(400);
  const heard: number[] = [];
  while (heard.length < 8000) {
    // An encoder of Opus is opened in the background.
    await new Promise((resolve) => setImmediate(resolve));
    sine.fill(frame);
    const size = codec.encode(frame, payload);
    if (size > 0) heard.push(...codec.decode(format.mime, payload.subarray(0, size)));
  }
  expect(codec.ticks).toBe(name === 'OPUS' ? 960 : 160);
  expect(toneLevel(Int16Array.from(heard).subarray(1600, 8000), 8000, 1000)).toBeCloseTo(-12, -0.5);
  expect(codec.decode(format.mime, new Uint8Array(0))).toHaveLength(0);
  codec.close();
});

it('knows when there is no such codec', async () => {
  expect(
    ToolCodec.of(await openToolCodecs([]), { ...offeredFormat('PCMA'), mime: 'audio/gsm' }),
  ).toBeUndefined();
});
