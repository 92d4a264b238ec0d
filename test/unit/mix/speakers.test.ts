import { describe, expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { RoomMedia } from '../../../src/media/room-media.ts';
import { Speakers } from '../../../src/media/speakers.ts';
import { packet } from '../rtp/streams.ts';

/** Feeds 20 ms packets of each track's level for a while; answers all that was told. */
function talk(
  speakers: Speakers,
  levels: Record<string, number | ((i: number) => number)>,
  fromMs: number,
  forMs: number,
) {
  const told: (readonly { track: string; level: number }[])[] = [];
  for (let now = fromMs, i = 0; now < fromMs + forMs; now += 20, i++) {
    for (const [track, level] of Object.entries(levels)) {
      speakers.observe(track, typeof level === 'number' ? level : level(i), 20, now);
    }
    const list = speakers.poll(now);
    if (list !== undefined) told.push(list);
  }
  return told;
}

describe('speakers', () => {
  it('loudest first, in eighths, told when they change', () => {
    const speakers = new Speakers();
    const told = talk(speakers, { quiet: 25, loud: 10, hum: 50 }, 0, 4000);
    expect(told.at(-1)!.map(({ track }) => track)).toEqual(['loud', 'quiet']);
    expect(told.at(-1)).toEqual([
      { track: 'loud', level: 3 / 8 },
      { track: 'quiet', level: 1 / 8 },
    ]);
    expect(told.length).toBeLessThanOrEqual(4);
    expect(talk(speakers, { quiet: 25, loud: 10, hum: 50 }, 4000, 4000)).toEqual([]);
  });

  it('needs 40 % of a window', () => {
    expect(talk(new Speakers(), { a: (i) => (i % 10 < 3 ? 15 : 127) }, 0, 2000)).toEqual([]);
    expect(talk(new Speakers(), { a: (i) => (i % 10 < 5 ? 15 : 127) }, 0, 2000).length).toBeGreaterThan(0);
  });

  it('tells an empty list when the last falls silent, by level or by sending nothing', () => {
    const speakers = new Speakers();
    talk(speakers, { a: 15 }, 0, 2000);
    expect(talk(speakers, { a: 127 }, 2000, 1200)).toEqual([[]]);
    talk(speakers, { a: 15 }, 4000, 2000);
    expect(talk(speakers, {}, 6000, 2000)).toEqual([[]]);
  });

  it('hears the silence between the packets of DTX', () => {
    const speakers = new Speakers();
    talk(speakers, { a: 15 }, 0, 2000);
    const told: unknown[] = [];
    for (let now = 2000; now < 4000; now += 20) {
      if (now % 400 === 0) speakers.observe('a', 127, 20, now);
      const list = speakers.poll(now);
      if (list !== undefined) told.push({ now, list });
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ list: [] });
    expect((told[0] as { now: number }).now).toBeLessThanOrEqual(3200);
  });

  it('forgets a track that is gone, and believes no level out of range', () => {
    const speakers = new Speakers();
    talk(speakers, { a: 15 }, 0, 2000);
    speakers.remove('a');
    expect(talk(speakers, {}, 2000, 400)).toEqual([[]]);
    expect(talk(speakers, { b: -1, c: 128 }, 3000, 2000)).toEqual([]);
  });
});

it.each([
  ['audio/pcma', 10, 80],
  ['audio/pcmu', 20, 160],
  ['audio/g722', 60, 480],
])('%s in packets of %i ms shows as speech as soon as any other', (mime, ms, size) => {
  const room = new RoomMedia('RM_1', builtInCodecs);
  const view = packet({ sequence: 1, timestamp: 1, payload: new Uint8Array(size) });
  view.level = 10;
  const told: number[] = [];
  for (let now = 0; now < 1600; now += 10) {
    if (now % ms === 0) room.phonePacket('TR_1', view, mime, now);
    if (now % 20 === 0 && room.tick(now) !== undefined) told.push(now);
  }
  // A window of 400 ms is full, and the next look at it; later ones only make it louder.
  expect(told[0]).toBeGreaterThanOrEqual(400);
  expect(told[0]).toBeLessThanOrEqual(800);
});
