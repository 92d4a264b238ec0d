import { describe, expect, test } from 'vitest';
import { garbage } from '../../support/garbage.ts';
import { faultsHeard } from '../../support/hearing.ts';
import { Metrics } from '../../support/metrics.ts';
import { NetstringReader, netstring } from '../../support/netstring.ts';
import { tone } from '../../support/tones.ts';

/** The judges of the interop tests must be able to say no. */
const RATE = 8000;
const expected = { tones: [{ hz: 1000, amplitude: 8192 }], absent: [440], fromSecond: 1, seconds: 4 };

function hear(samples: Int16Array): string[] {
  return faultsHeard({ sampleRate: RATE, samples }, expected);
}

function mixed(...parts: readonly Int16Array[]): Int16Array {
  return parts[0]!.map((_, i) => parts.reduce((sum, part) => sum + part[i]!, 0));
}

describe('what is heard', () => {
  const right = tone(1000, 8192, 5000, RATE);

  test('the tone alone is right, and 5 dB softer still', () => {
    expect(hear(right)).toEqual([]);
    expect(hear(tone(1000, 4600, 5000, RATE))).toEqual([]);
  });

  test('7 dB softer or louder is wrong', () => {
    expect(hear(tone(1000, 3600, 5000, RATE))[0]).toMatch(/1000 Hz is at -19/);
    expect(hear(tone(1000, 18_500, 5000, RATE))[0]).toMatch(/1000 Hz is at -5/);
  });

  test('a tone whose phase jumps is the tone still', () => {
    const jumping = Int16Array.from(right, (sample, i) =>
      Math.floor(i / 2000) % 2 === 0 ? sample : -sample,
    );
    expect(hear(jumping).filter((fault) => fault.includes(' is at '))).toEqual([]);
  });

  test('an echo of its own tone 34 dB down is wrong', () => {
    expect(hear(mixed(right, tone(440, 164, 5000, RATE)))[0]).toMatch(/440 Hz is there/);
  });

  test.each([
    [40, 0],
    [80, 1],
    [200, 1],
  ])('a gap of %d ms gives %d faults', (ms, faults) => {
    const cut = right.slice();
    cut.fill(0, 3 * RATE, 3 * RATE + (ms * RATE) / 1000);
    expect(hear(cut).filter((fault) => fault.includes('gap'))).toHaveLength(faults);
  });

  test('a gap of one tone is found under another', () => {
    const other = tone(450, 8192, 5000, RATE);
    const cut = right.slice();
    cut.fill(0, 3 * RATE, 3 * RATE + 800);
    expect(hear(mixed(cut, other)).some((fault) => fault.includes('gap of'))).toBe(true);
    expect(hear(mixed(right, other)).some((fault) => fault.includes('gap of'))).toBe(false);
  });

  test('a recording that is too short is wrong', () => {
    expect(hear(right.subarray(0, 4 * RATE))[0]).toMatch(/only 3\.00 s of 4 s/);
  });
});

test('metrics are summed over labels, and what is not there is undefined', () => {
  const metrics = new Metrics(
    '# HELP a x\na{where="sip",reason="say \\"x\\""} 2\na{where="rtp",reason="y"} 3\nb 1.5e3\n',
  );
  expect(metrics.value('a')).toBe(5);
  expect(metrics.value('a', { where: 'sip' })).toBe(2);
  expect(metrics.value('b')).toBe(1500);
  expect(metrics.value('c')).toBeUndefined();
});

test('netstrings come out whole, however they are cut', () => {
  const reader = new NetstringReader();
  const bytes = Buffer.from(netstring('ab,c') + netstring('') + netstring('ü'));
  const found = [...bytes].flatMap((byte) => reader.push(Uint8Array.of(byte)));
  expect(found).toEqual(['ab,c', '', 'ü']);
});

test('garbage is never empty and the same each time', () => {
  for (let i = 0; i < 200; i++) {
    expect(garbage(i).length).toBeGreaterThan(0);
    expect(Buffer.from(garbage(i)).equals(garbage(i))).toBe(true);
  }
});
