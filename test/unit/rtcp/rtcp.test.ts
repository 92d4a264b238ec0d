import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRtcp } from '../../../src/rtp/rtcp/parse.ts';
import { Reception } from '../../../src/rtp/rtcp/reception.ts';
import { RtcpWriter } from '../../../src/rtp/rtcp/write.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });

test('what is written is read back', () => {
  fc.assert(
    fc.property(
      u32,
      u32,
      u32,
      fc.string({ maxLength: 60 }),
      fc.integer({ min: -5, max: 5000 }),
      (ssrc, media, word, cname, lost) => {
        const writer = new RtcpWriter(new Uint8Array(1500));
        const report = {
          ssrc: media,
          fractionLost: word & 255,
          lost,
          highestSequence: word,
          jitter: 7,
          lastSr: word,
          delaySinceLastSr: 9,
        };
        const sr = { ssrc, ntpHigh: word, ntpLow: media, rtpTimestamp: word, packets: 3, octets: 480 };
        writer.senderReport(sr);
        writer.receiverReport(ssrc, [report, report]);
        writer.cname(ssrc, cname);
        writer.pictureLoss(ssrc, media);
        writer.nack(ssrc, media, [65534, 65535, 3, 40]);
        writer.bye(ssrc);
        const parsed = parseRtcp(writer.bytes, writer.length);
        expect(parsed).toEqual({
          ok: true,
          value: [
            { type: 'sr', ...sr, reports: [] },
            { type: 'rr', ssrc, reports: [report, report] },
            { type: 'sdes', cnames: [{ ssrc, cname }] },
            { type: 'pli', ssrc, media },
            { type: 'nack', ssrc, media, sequences: [65534, 65535, 3, 40] },
            { type: 'bye', ssrcs: [ssrc] },
          ],
        });
      },
    ),
  );
});

test('REMB passes as ignored', () => {
  const remb = [0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0x52, 0x45, 0x4d, 0x42, 1, 0, 0, 1, 0, 0, 0, 2];
  const bytes = Uint8Array.from(remb);
  expect(parseRtcp(bytes, bytes.length)).toEqual({
    ok: true,
    value: [{ type: 'ignored', payloadType: 206, format: 15 }],
  });
});

test('no bytes make it throw', () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    fc
      .tuple(
        fc.integer({ min: 200, max: 206 }),
        fc.integer({ min: 0, max: 63 }),
        fc.uint8Array({ minLength: 4, maxLength: 60 }),
      )
      .map(([type, head, body]) => {
        const bytes = new Uint8Array(4 + (body.length & ~3));
        bytes.set(body.subarray(0, body.length & ~3), 4);
        bytes.set([0x80 | head, type, 0, body.length >> 2]);
        return bytes;
      }),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      parseRtcp(bytes, bytes.length);
    }),
    { numRuns: 500 },
  );
});

test('loss and gaps are told as RFC 3550 appendix A.3 has it', () => {
  const reception = new Reception(1, 8000);
  for (let i = 0; i < 10; i++) if (i !== 4 && i !== 5) reception.push((65530 + i) & 0xffff, i * 160, i * 20);
  expect(reception.wanted(200)).toEqual([65534, 65535]);
  expect(reception.wanted(210)).toEqual([]);
  reception.push(65534, 640, 220);
  expect(reception.wanted(270)).toEqual([65535]);
  reception.senderReport(0x12345678, 0x9abcdef0, 300);
  expect(reception.report(1300)).toMatchObject({
    lost: 1,
    fractionLost: 25,
    highestSequence: 65539,
    lastSr: 0x56789abc,
    delaySinceLastSr: 65536,
  });
});

test('a source that starts anew is not counted as 60,000 lost', () => {
  const reception = new Reception(1, 8000);
  for (let i = 0; i < 5; i++) reception.push(i, i * 160, i * 20);
  for (let i = 0; i < 5; i++) reception.push(40000 + i, i * 160, 100 + i * 20);
  expect(reception.report(300)).toMatchObject({ lost: 0, fractionLost: 0, highestSequence: 40004 });
  expect(reception.wanted(300)).toEqual([]);
});
