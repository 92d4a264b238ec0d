import { beforeEach, describe, expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { convertRate } from '../../../src/audio/convert-rate.ts';
import { PhoneLegs } from '../../../src/media/phone-legs.ts';
import type { MediaCommand, MediaEvent } from '../../../src/media/protocol.ts';
import { RoomMedia } from '../../../src/media/room-media.ts';
import { SoundBook } from '../../../src/media/sound-book.ts';
import { LossyNet, type VirtualSocket } from '../../support/lossy-net.ts';
import { describePhone, Handset } from '../../support/media-phone.ts';
import { rmsLevel, tone, toneLevel } from '../../support/tones.ts';

const codec = { mime: 'audio/pcma', payloadType: 8, clockRate: 8000, channels: 1, fmtp: '' };
const prompt = tone(1250, 6000, 1000);
const music = tone(850, 6000, 500);
const book = new SoundBook([
  { language: 'en', name: 'prompt', samples: [prompt, convertRate(prompt, 8000, 16_000)] },
  { language: 'en', name: 'music', samples: [music, convertRate(music, 8000, 16_000)] },
]);

let net: LossyNet;
let room: RoomMedia;
let rooms: RoomMedia[];
let legs: PhoneLegs;
let told: MediaEvent[];
let ports: VirtualSocket[];

function phone(id: string, frequency: number, into = room): Handset {
  const handset = new Handset(net, { address: `192.0.2.${ports.length + 1}`, frequency });
  legs.open(id, into, `TR_${id}`);
  const { address, port } = handset.socket.local;
  legs.apply(id, { ...describePhone(address, port), codec, accept: [codec] });
  return handset;
}

function run(ms: number, ...handsets: Handset[]): void {
  net.every(20, ms / 20, () => {
    handsets.forEach((handset, i) => {
      handset.speak(ports[i]!.local);
      handset.listen();
    });
    for (const each of rooms) each.tick(net.now());
  });
}

function play(changes: Partial<Extract<MediaCommand, { type: 'leg.play' }>> = {}): void {
  legs.play({
    ...{ type: 'leg.play', leg: 'A', play: 'P1', repeat: 'once', room: 'silenced' },
    sounds: [{ from: 'file', name: 'prompt', language: 'en' }],
    ...changes,
  });
}

beforeEach(() => {
  net = new LossyNet(5);
  room = new RoomMedia('RM_1', builtInCodecs);
  rooms = [room];
  told = [];
  ports = [];
  legs = new PhoneLegs({
    dtls: {} as never,
    ports: {
      inUse: 0,
      open: (give) => {
        const rtp = net.open();
        ports.push(rtp);
        give({ rtp, rtcp: net.open() });
      },
      release() {},
    },
    ...{ clock: net, random: net.random, drops: { count() {} } as never, sounds: book },
    ...{ mediaTimeoutMs: 0, unixOffsetMs: 0, cname: 'test', forward() {}, isForwarded: () => false },
    emit: (event) => told.push(event),
    behindIce: () => {
      throw new Error('no web phones here');
    },
  });
});

/** dB of full scale of a tone in what was heard from `fromMs` to `toMs`; a tone of 6000 reads -14.7. */
function level(handset: Handset, hz: number, fromMs: number, toMs: number): number {
  return toneLevel(handset.recording(fromMs).subarray(0, (toMs - fromMs) * 8), 8000, hz);
}

const isHeard = (db: number) => db > -18;

describe('a sound for one leg', () => {
  it('is heard by that leg alone, in the place of the room, and told when it is over', () => {
    const a = phone('A', 450);
    const b = phone('B', 650);
    run(500, a, b);
    play();
    run(2000, a, b);
    expect(level(a, 1250, 600, 1400)).toBeCloseTo(-14.7, 0);
    expect(level(a, 650, 600, 1400)).toBeLessThan(-55);
    // The other one hears the first all the while, and nothing of the prompt.
    expect(isHeard(level(b, 450, 600, 1400))).toBe(true);
    expect(level(b, 1250, 600, 1400)).toBeLessThan(-55);
    expect(told.filter(({ type }) => type === 'leg.played')).toEqual([
      { type: 'leg.played', leg: 'A', play: 'P1', why: 'finished' },
    ]);
    expect(isHeard(level(a, 650, 1800, 2400))).toBe(true);
  });
  it('may sound over the room', () => {
    const a = phone('A', 450);
    const b = phone('B', 650);
    // Playouts find their delay first: what they take out moves a tone's phase.
    run(5500, a, b);
    play({ room: 'heard' });
    run(800, a, b);
    for (const hz of [1250, 650]) expect(isHeard(level(a, hz, 5600, 6200))).toBe(true);
    expect(level(a, 450, 5600, 6200)).toBeLessThan(-50);
  });
  it('goes on with its last part until it is stopped', () => {
    const a = phone('A', 450);
    a.talking = false;
    const sounds = ['prompt', 'music'].map((name) => ({ from: 'file' as const, name, language: 'ms' }));
    play({ sounds, repeat: 'last' });
    run(4000, a);
    expect(isHeard(level(a, 850, 2000, 4000))).toBe(true);
    legs.stop('A', 'another');
    expect(told.some(({ type }) => type === 'leg.played')).toBe(false);
    legs.stop('A', 'P1');
    expect(told.at(-1)).toMatchObject({ play: 'P1', why: 'stopped' });
    run(1000, a);
    expect(rmsLevel(a.recording(4500))).toBeLessThan(-60);
  });
  it('gives way to the next, and says when there is no such recording', () => {
    phone('A', 450);
    play();
    play({ play: 'P2', sounds: [{ from: 'tone', tone: 'busy', country: 'MY' }], repeat: 'all' });
    play({ play: 'P3', sounds: [{ from: 'file', name: 'nowhere', language: 'en' }] });
    const played = told.flatMap((event) =>
      event.type === 'leg.played' ? [`${event.play} ${event.why}`] : [],
    );
    expect(played).toEqual(['P1 replaced', 'P2 replaced', 'P3 missing']);
  });
});

it('a leg moves to another room with its port and its sound', () => {
  const hall = new RoomMedia('RM_2', builtInCodecs);
  rooms.push(hall);
  const a = phone('A', 450);
  const b = phone('B', 650, hall);
  run(500, a, b);
  expect(level(b, 450, 100, 500)).toBeLessThan(-60);
  play();
  legs.move('A', hall, 'TR_new');
  expect(room.idle).toBe(true);
  run(2000, a, b);
  expect(isHeard(level(b, 450, 700, 2400))).toBe(true);
  expect(isHeard(level(a, 1250, 600, 1400))).toBe(true);
  expect(isHeard(level(a, 650, 1800, 2400))).toBe(true);
});

it('a room\u2019s sound is heard by all of its phones, and a few at once are enough', () => {
  const a = phone('A', 450);
  const b = phone('B', 650);
  for (const handset of [a, b]) handset.talking = false;
  const sounds = [{ from: 'file', name: 'prompt', language: 'en' }] as const;
  const join = { type: 'room.play', room: 'RM_1', repeat: 'once', sounds } as const;
  for (let i = 0; i < 9; i++) room.play({ ...join, play: `P${i}` }, book);
  run(2000, a, b);
  for (const handset of [a, b]) {
    // Four of them in step: 12 dB over one, less what the limiter takes.
    expect(level(handset, 1250, 200, 900)).toBeGreaterThan(-4);
    expect(level(handset, 1250, 200, 900)).toBeLessThan(0);
    expect(level(handset, 1250, 1400, 2000)).toBeLessThan(-55);
  }
  expect(room.idle).toBe(false);
});

it('what plays once is not kept for a phone that comes later, and what goes on is heard by it', () => {
  const sounds = (name: string) => [{ from: 'file', name, language: 'en' }] as const;
  room.play(
    { type: 'room.play', room: 'RM_1', play: 'once', repeat: 'once', sounds: sounds('prompt') },
    book,
  );
  room.play({ type: 'room.play', room: 'RM_1', play: 'on', repeat: 'all', sounds: sounds('music') }, book);
  const a = phone('A', 450);
  a.talking = false;
  run(1500, a);
  expect(level(a, 1250, 200, 1400)).toBeLessThan(-55);
  expect(level(a, 850, 200, 1400)).toBeGreaterThan(-17);
});
