import { describe, expect, it } from 'vitest';
import { PlayoutPace } from '../../../src/leg/playout-pace.ts';

/** A window of pulls that needed a packet with `spareMs` each. */
function look(pace: PlayoutPace, spareMs: number | undefined, leftMs = 0): number {
  for (let i = 0; i < 8; i++) {
    if (spareMs !== undefined) pace.needed(spareMs + i);
    pace.pulled(leftMs + i);
  }
  return pace.owedMs;
}

describe('pace of a playout', () => {
  it('leaves all as it is while packets lie there a frame longer than aimed at, or a little less', () => {
    for (const spareMs of [-5, 0, 10, 25]) expect(look(new PlayoutPace(), spareMs)).toBe(0);
  });
  it('takes whole frames out that are not needed, and what is left over', () => {
    expect(look(new PlayoutPace(), 26)).toBe(20);
    expect(look(new PlayoutPace(), 90, 7)).toBe(87);
    expect(look(new PlayoutPace(), 3, 12)).toBe(12);
    expect(look(new PlayoutPace(), undefined, 20)).toBe(20);
  });
  it('puts a frame in when packets come too close, less what is left over', () => {
    expect(look(new PlayoutPace(), -6)).toBe(-20);
    expect(look(new PlayoutPace(), -30, 8)).toBe(-32);
  });
  it('ends what it has begun to put in, and looks again after each change', () => {
    const pace = new PlayoutPace();
    expect(look(pace, -6)).toBe(-20);
    pace.changed(-8);
    expect(look(pace, -3, 8)).toBe(-12);
    pace.changed(-12);
    expect(look(pace, 14)).toBe(0);
  });
  it('forgets with the stream', () => {
    const pace = new PlayoutPace();
    look(pace, 50);
    pace.reset();
    expect(pace.owedMs).toBe(0);
  });
});
