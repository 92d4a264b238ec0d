import { expect, test } from 'vitest';
import { Receiver, Receivers } from '../../../src/media/receivers.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import { HeaderExtensions } from '../../../src/sfu/header-extensions.ts';

const opus = { mime: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 111, fmtp: '' };
const vp8 = { mime: 'video/vp8', clockRate: 90000, channels: 1, payloadType: 96, fmtp: '' };

function receiver(mid: string, codecs = [opus], ssrcs: number[] = []): Receiver {
  const forwarder = new Forwarder({ keyframeNeeded: () => {}, refused: () => {} });
  const extensions = { mid: 4, audioLevel: 1, absSendTime: 0, transportCc: 0 };
  return new Receiver({ track: `TR_${mid}`, kind: 'audio', mid, ssrcs, codecs, extensions, forwarder });
}

function packet(ssrc: number, payloadType: number, mid?: string): RtpView {
  const bytes = new Uint8Array(60);
  const end = new HeaderExtensions(
    { mid: 4, audioLevel: 0, absSendTime: 0, transportCc: 0 },
    mid ?? '',
  ).write(bytes, 12, 0, 0, 0);
  bytes.set([end > 12 ? 0x90 : 0x80, payloadType, 0, 1, 0, 0, 0, 1, 0, 0, ssrc >> 8, ssrc]);
  const view = new RtpView();
  expect(parseRtp(bytes, end + 1, view)).toBeUndefined();
  return view;
}

test('by SSRC first, then by MID, which is remembered, then by a payload type that one alone has', () => {
  const receivers = new Receivers();
  const signalled = receiver('0', [opus], [1000]);
  const named = receiver('10');
  const video = receiver('2', [vp8]);
  for (const each of [signalled, named, video]) receivers.add(each);
  expect(receivers.find(packet(1000, 111, '10'))).toBe(signalled);
  expect(receivers.find(packet(1, 111, '10'))).toBe(named);
  expect(receivers.find(packet(1, 111))).toBe(named);
  expect(receivers.find(packet(2, 96))).toBe(video);
  expect(receivers.find(packet(3, 111))).toBeUndefined();
  expect(receivers.find(packet(3, 111, '1'))).toBeUndefined();
  receivers.remove(named);
  expect(receivers.find(packet(1, 96, '2'))).toBe(video);
});

test('what packets teach is bounded', () => {
  const receivers = new Receivers();
  receivers.add(receiver('0'));
  receivers.add(receiver('1'));
  for (let ssrc = 1; ssrc <= 64; ssrc++) receivers.find(packet(ssrc, 111, '0'));
  expect(receivers.find(packet(64, 111))).toBeDefined();
  expect(receivers.find(packet(65, 111, '0'))).toBeDefined();
  expect(receivers.find(packet(65, 111))).toBeUndefined();
});

test('of several sources one is forwarded, until it falls silent', () => {
  const one = receiver('0');
  expect([
    one.isActive(1, 0),
    one.isActive(2, 10),
    one.isActive(1, 400),
    one.isActive(2, 800),
    one.isActive(2, 901),
  ]).toEqual([true, false, true, false, true]);
  expect(one.isActive(1, 950)).toBe(false);
});

test('sources of one m-line are bounded', () => {
  const one = receiver('0');
  for (let ssrc = 0; ssrc < 8; ssrc++) expect(one.reception(ssrc, 48000)).toBeDefined();
  expect(one.reception(9, 48000)).toBeUndefined();
});

test('the layers of simulcast are told apart by RID, and remembered by SSRC', () => {
  const forwarder = new Forwarder({ keyframeNeeded: () => {}, refused: () => {} });
  const extensions = { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 };
  const simulcast = { ridExtension: 4, rids: ['q', 'h'] };
  const one = new Receiver({
    track: 'TR_1',
    kind: 'video',
    mid: '0',
    ssrcs: [],
    codecs: [vp8],
    extensions,
    simulcast,
    forwarder,
  });
  expect(one.simulcast).toBe(true);
  expect(one.layer(packet(7, 96))).toBe(-1);
  // The writer of test packets has MID under the same id.
  expect(one.layer(packet(7, 96, 'h'))).toBe(1);
  expect(one.layer(packet(8, 96, 'q'))).toBe(0);
  expect(one.layer(packet(9, 96, 'x'))).toBe(-1);
  expect([one.layer(packet(7, 96)), one.layerOf(8), one.layerOf(9)]).toEqual([1, 0, -1]);
});
