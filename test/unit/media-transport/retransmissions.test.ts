import { expect, test } from 'vitest';
import { Receiver } from '../../../src/media/receivers.ts';
import { restore } from '../../../src/media/retransmissions.ts';
import { parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';

const codec = { mime: 'video/vp8', clockRate: 90_000, channels: 1, payloadType: 96, fmtp: '', rtx: 97 };
const RID = 10;
const REPAIRED = 11;

function receiver(rids: readonly string[]): Receiver {
  return new Receiver({
    track: 'TR_1',
    kind: 'video',
    mid: '0',
    ssrcs: [],
    codecs: [codec],
    extensions: { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 },
    ...(rids.length > 0 && { simulcast: { ridExtension: RID, repairedExtension: REPAIRED, rids } }),
    forwarder: new Forwarder({ keyframeNeeded: () => {}, refused: () => {} }),
  });
}

/** A packet of `ssrc`, whose extension `id` says `text`. */
function packet(ssrc: number, payload: readonly number[], id = 0, text = ''): RtpView {
  const extension =
    id === 0 ? [] : [0xbe, 0xde, 0, 1, (id << 4) | (text.length - 1), text.charCodeAt(0), 0, 0];
  const bytes = new Uint8Array(12 + extension.length + payload.length);
  const fields = { payloadType: 97, marker: true, sequence: 500, timestamp: 9, ssrc };
  writeRtpHeader(bytes, 0, { ...fields, extension: id === 0 ? 'none' : 'follows' });
  bytes.set([...extension, ...payload], 12);
  const view = new RtpView();
  expect(parseRtp(bytes, bytes.length, view)).toBeUndefined();
  return view;
}

test('of the only stream: the number goes back to its place', () => {
  const track = receiver([]);
  expect(track.repaired(97)).toBe(codec);
  expect(restore(packet(8, [0x12, 0x34, 1, 2]), track, codec)).toBe('unknown');
  track.isActive(7, 0);
  const view = packet(8, [0x12, 0x34, 1, 2]);
  expect(restore(view, track, codec)).toBe('restored');
  expect(view).toMatchObject({ ssrc: 7, sequence: 0x1234, payloadType: 96 });
  expect([...view.payload]).toEqual([1, 2]);
});

test('of one of several sizes: by the name of the stream that it repairs, which is said once', () => {
  const track = receiver(['q', 'h']);
  track.layer(packet(7, [1], RID, 'q'));
  track.layer(packet(9, [1], RID, 'h'));
  expect(restore(packet(20, [0, 1, 1]), track, codec)).toBe('unknown');
  for (const view of [packet(20, [0, 1, 1], REPAIRED, 'h'), packet(20, [0, 1, 1])]) {
    expect(restore(view, track, codec)).toBe('restored');
    expect(view.ssrc).toBe(9);
  }
});

test('padding repairs nothing', () => {
  expect(restore(packet(8, []), receiver([]), codec)).toBe('padding');
});
