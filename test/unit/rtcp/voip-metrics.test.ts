import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRtcp } from '../../../src/rtp/rtcp/parse.ts';
import { extendedReport } from '../../support/extended-report.ts';

test('the block of VoIP metrics is read among others', () => {
  const bytes = extendedReport(7, {
    ssrc: 0xdeadbeef,
    lossRate: 13,
    discardRate: 2,
    roundTripMs: 80,
    mos: 36,
  });
  expect(parseRtcp(bytes, bytes.length)).toEqual({
    ok: true,
    value: [
      {
        type: 'xr',
        ssrc: 7,
        voip: [
          {
            ssrc: 0xdeadbeef,
            lossRate: 13,
            discardRate: 2,
            burstDensity: 50,
            burstMs: 300,
            gapDensity: 5,
            gapMs: 2000,
            roundTripMs: 80,
            endSystemMs: 65,
            rFactor: 71,
            mosListening: 3.8,
            mosConversation: 3.6,
            jitterBufferMs: 60,
          },
        ],
      },
    ],
  });
});

test('what a phone does not know is left open', () => {
  const bytes = extendedReport(7, { ssrc: 1, lossRate: 0, discardRate: 0, roundTripMs: 0, mos: 127 });
  const parsed = parseRtcp(bytes, bytes.length);
  const [report] = parsed.ok ? parsed.value : [];
  expect(report?.type === 'xr' ? report.voip[0] : undefined).toMatchObject({
    roundTripMs: undefined,
    mosConversation: undefined,
  });
});

test('a block that does not fit in spoils the report; no bytes make it throw', () => {
  const bytes = extendedReport(7, { ssrc: 1, lossRate: 0, discardRate: 0, roundTripMs: 0, mos: 40 });
  bytes[8 + 12 + 3] = 60;
  expect(parseRtcp(bytes, bytes.length)).toEqual({ ok: false, error: 'content' });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 80 }), (body) => {
      const words = body.length >> 2;
      const report = Uint8Array.from([0x80, 207, 0, words, ...body.subarray(0, 4 * words)]);
      const parsed = parseRtcp(report, report.length);
      if (parsed.ok && parsed.value[0]?.type === 'xr') expect(parsed.value[0].voip.length).toBeLessThan(9);
    }),
  );
});
