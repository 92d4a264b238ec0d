import { expect, test } from 'vitest';
import { Vp8Descriptor } from '../../../src/sfu/vp8.ts';
import { Vp8Continuity } from '../../../src/sfu/vp8-continuity.ts';
import { vp8Payload } from './video-packets.ts';

test.each([3, 20_000, 32_760])(
  'pictures go on being counted when the source changes, from %i on',
  (first) => {
    const continuity = new Vp8Continuity();
    const found = new Vp8Descriptor();
    const map = (picture: number, moment: 'switched' | 'going-on', tl0 = 200) => {
      const payload = vp8Payload({ picture: picture & 0x7fff, tl0 });
      found.read(payload, 0, payload.length);
      const counters = continuity.map(found, moment);
      return [counters.picture, counters.tl0];
    };
    expect(map(first, 'switched')).toEqual([first, 200]);
    expect(map(first + 1, 'going-on', 201)).toEqual([first + 1, 201]);
    expect(map(77, 'switched', 3)).toEqual([first + 2, 202]);
    expect(map(78, 'going-on', 4)).toEqual([first + 3, 203]);
  },
);
