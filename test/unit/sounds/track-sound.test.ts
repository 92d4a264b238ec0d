/** Sounds in a phone's track: what browsers hear of them, packet by packet. */
import { beforeEach, describe, expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import type { VoiceCodecs } from '../../../src/audio/codec.ts';
import { convertRate } from '../../../src/audio/convert-rate.ts';
import { PhoneLegs } from '../../../src/media/phone-legs.ts';
import type { MediaCommand, MediaEvent } from '../../../src/media/protocol.ts';
import { RoomMedia } from '../../../src/media/room-media.ts';
import { SoundBook } from '../../../src/media/sound-book.ts';
import type { RtpView } from '../../../src/rtp/packet.ts';
import { LossyNet, type VirtualSocket } from '../../support/lossy-net.ts';
import { describePhone, Handset } from '../../support/media-phone.ts';
import { rmsLevel, tone, toneLevel } from '../../support/tones.ts';

const prompt = tone(1250, 6000, 1000);
const book = new SoundBook([
  { language: 'en', name: 'prompt', samples: [prompt, convertRate(prompt, 8000, 16_000)] },
]);

type TrackPlay = Extract<MediaCommand, { type: 'track.play' }>;
interface Packet {
  readonly track: string;
  readonly mime: string;
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly level: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
  readonly at: number;
}

let net: LossyNet;
let room: RoomMedia;
let legs: PhoneLegs;
let told: MediaEvent[];
let sent: Packet[];
let port: VirtualSocket;

function forward(track: string, view: RtpView, mime: string, at: number): void {
  const { ssrc, sequence, timestamp, level, marker } = view;
  sent.push({ track, mime, ssrc, sequence, timestamp, level, marker, payload: view.payload.slice(), at });
}

beforeEach(() => {
  net = new LossyNet(7);
  told = [];
  sent = [];
  room = new RoomMedia('RM_1', builtInCodecs, undefined, (event) => told.push(event));
  legs = new PhoneLegs({
    dtls: {} as never,
    ports: {
      inUse: 0,
      open: (give) => {
        port = net.open();
        give({ rtp: port, rtcp: net.open() });
      },
      release() {},
    },
    ...{ clock: net, random: net.random, drops: { count() {} } as never, sounds: book, forward },
    ...{ mediaTimeoutMs: 0, unixOffsetMs: 0, cname: 'test', isForwarded: () => false },
    emit: (event) => told.push(event),
    behindIce: () => {
      throw new Error('no web phones here');
    },
  });
});

function phone(): Handset {
  const handset = new Handset(net, { address: '192.0.2.1', frequency: 450 });
  legs.open('A', room, 'TR_A');
  const { address, port: at } = handset.socket.local;
  legs.apply('A', describePhone(address, at) as never);
  return handset;
}

function play(changes: Partial<TrackPlay> = {}, codecs: VoiceCodecs = builtInCodecs): void {
  room.trackSounds.play(
    {
      ...{ type: 'track.play', room: 'RM_1', leg: 'A', track: 'TR_A', play: 'P1', repeat: 'once' },
      codec: { mime: 'audio/pcma', fmtp: '' },
      sounds: [{ from: 'file', name: 'prompt', language: 'en' }],
      ...changes,
    },
    { codecs, book, ssrc: 77, forward },
  );
}

function run(ms: number, handset?: Handset): void {
  net.every(20, ms / 20, () => {
    handset?.speak(port.local);
    room.tick(net.now());
  });
}

function heard(packets: readonly Packet[], mime = 'audio/pcma', rate = 8000): Int16Array {
  const decoder = builtInCodecs.decoder(mime, rate)!;
  const frames = packets.map(({ payload }) => {
    const frame = new Int16Array(rate / 50);
    decoder.decode(payload, frame, 0);
    return frame;
  });
  return Int16Array.from(frames.flatMap((frame) => [...frame]));
}

describe('a sound in a track', () => {
  it('is there before the phone has any media, 20 ms a packet, and told when it is over', () => {
    play();
    expect(room.idle).toBe(false);
    run(1400);
    // And 300 ms of silence, in which browsers play what they have.
    expect(sent).toHaveLength(65);
    expect(rmsLevel(heard(sent.slice(50)))).toBeLessThan(-60);
    expect(toneLevel(heard(sent.slice(0, 50)), 8000, 1250)).toBeCloseTo(-14.7, 0);
    expect(sent.map(({ marker }) => marker)).toEqual(sent.map((_, i) => i === 0));
    for (const [i, packet] of sent.entries())
      expect(packet).toMatchObject({ track: 'TR_A', ssrc: 77, sequence: i, timestamp: 160 * i });
    expect(sent[5]!.level).toBeCloseTo(18, -0.5);
    expect(told).toEqual([{ type: 'track.played', track: 'TR_A', play: 'P1', why: 'finished' }]);
    expect(room.idle).toBe(true);
  });
  it('has the phone’s voice beneath it, which goes on by itself before and after', () => {
    const handset = phone();
    run(2000, handset);
    play();
    run(2000, handset);
    const during = sent.filter(({ ssrc }) => ssrc === 77);
    expect(during).toHaveLength(65);
    for (const hz of [450, 1250])
      expect(toneLevel(heard(during.slice(5, 50)), 8000, hz)).toBeGreaterThan(-18);
    const own = sent.filter(({ ssrc }) => ssrc !== 77);
    expect(toneLevel(heard(own.slice(-40)), 8000, 450)).toBeGreaterThan(-18);
    // One source at a time: nobody hears both, and between them is no hole.
    const sources = sent.map(({ ssrc }) => ssrc === 77);
    expect(sources.filter((each, i) => i > 0 && each !== sources[i - 1])).toHaveLength(2);
    for (let i = 5; i < sent.length; i++) expect(sent[i]!.at - sent[i - 1]!.at).toBeLessThanOrEqual(40);
  });
  it('outlives its phone, for a last word', () => {
    const handset = phone();
    run(500, handset);
    legs.close('A');
    sent.length = 0;
    play();
    run(1500);
    expect(sent).toHaveLength(65);
    expect(toneLevel(heard(sent.slice(0, 50)), 8000, 1250)).toBeGreaterThan(-16);
    expect(toneLevel(heard(sent), 8000, 450)).toBeLessThan(-55);
  });
  it('goes on until it is stopped, gives way to the next, and says when there is none', () => {
    play({ sounds: [{ from: 'tone', tone: 'ringback', country: 'MY' }], repeat: 'all' });
    run(6000);
    expect(sent).toHaveLength(300);
    expect(rmsLevel(heard(sent.slice(0, 20)))).toBeGreaterThan(-22);
    play({ play: 'P2', sounds: [{ from: 'tone', tone: 'busy' }], repeat: 'all' });
    room.trackSounds.stop('TR_A', 'P1');
    run(100);
    room.trackSounds.stop('TR_A', 'P2');
    play({ play: 'P3', sounds: [{ from: 'file', name: 'nowhere', language: 'en' }] });
    play({ play: 'P4', codec: { mime: 'audio/l16', fmtp: '' } });
    expect(told.flatMap((event) => (event.type === 'track.played' ? [event.play, event.why] : []))).toEqual([
      ...['P1', 'replaced', 'P2', 'stopped', 'P3', 'missing', 'P4', 'missing'],
    ]);
    expect(room.idle).toBe(true);
  });
  it('speaks the phone’s codec', () => {
    play({ codec: { mime: 'audio/g722', fmtp: '' } });
    run(1100);
    expect(sent[0]!.mime).toBe('audio/g722');
    expect(sent[1]!.timestamp).toBe(160);
    expect(toneLevel(heard(sent, 'audio/g722', 16_000).subarray(1600, 14_400), 16_000, 1250)).toBeGreaterThan(
      -17,
    );
  });
  it('ends in time where no encoder is at hand, and with its room', () => {
    play({}, { ...builtInCodecs, encoder: () => undefined });
    run(1400);
    expect(sent).toEqual([]);
    expect(told).toMatchObject([{ why: 'finished' }]);
    play({ play: 'P2', repeat: 'all' });
    room.close();
    expect(told.at(-1)).toMatchObject({ play: 'P2', why: 'stopped' });
  });
});
