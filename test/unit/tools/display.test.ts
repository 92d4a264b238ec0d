import { describe, expect, test } from 'vitest';
import { describeEnd } from '../../../src/app/tools/failure.ts';
import { LiveLine } from '../../../src/app/tools/live-line.ts';
import { clockTime, levelBar, percentile } from '../../../src/app/tools/meter.ts';
import { type CallOutcome, callFaults, summaryTable } from '../../../src/app/tools/summary.ts';

const good: CallOutcome = {
  number: '60300000001',
  room: 'lobby-1',
  setupMs: 12,
  status: 'answered',
  sent: 500,
  received: 500,
  lost: 0,
  jitterMs: 1.25,
  longestGapMs: 31,
  audio: { expected: 3, heard: 3, hearsItself: false },
};

test('a level bar is empty when silent, full at full scale, and always as wide', () => {
  expect(levelBar(-127, 10)).toBe(' '.repeat(10));
  expect(levelBar(0, 10)).toBe('█'.repeat(10));
  for (let db = -60; db <= 0; db++) expect([...levelBar(db, 12)]).toHaveLength(12);
});

test('times and percentiles', () => {
  expect([0, 61_000, 600_500].map(clockTime)).toEqual(['0:00', '1:01', '10:00']);
  expect(percentile([], 0.5)).toBe(0);
  expect([0.5, 0.95].map((share) => percentile([5, 1, 4, 2, 3], share))).toEqual([3, 5]);
});

describe('the live line', () => {
  test('writes over itself on a terminal and never wraps', () => {
    const written: string[] = [];
    const line = new LiveLine({ isTTY: true, columns: 6, write: (text) => written.push(text) }, () => 0);
    line.update('abcdefgh');
    line.print('done');
    expect(written).toEqual(['\r\x1b[2Kabcde', '\r\x1b[2K', 'done\n']);
  });

  test('prints one line in five seconds on a pipe', () => {
    const written: string[] = [];
    let now = 0;
    const line = new LiveLine({ write: (text) => written.push(text) }, () => now);
    for (; now < 11_000; now += 1000) line.update(String(now));
    expect(written).toEqual(['0\n', '5000\n', '10000\n']);
  });
});

describe('the summary', () => {
  test('finds each fault by name', () => {
    expect(callFaults(good, 100)).toEqual([]);
    expect(callFaults({ ...good, status: '486' }, 100)).toEqual(['486']);
    expect(
      callFaults(
        {
          ...good,
          lost: 2,
          longestGapMs: 140,
          audio: { expected: 3, heard: 1, hearsItself: true },
        },
        100,
      ),
    ).toEqual(['2 packets lost', 'a gap of 140 ms', 'heard 1 of 3 others', 'heard itself']);
    expect(callFaults({ ...good, received: 0, audio: undefined }, 100)).toEqual(['no RTP']);
  });

  test('counts, and names the faulty calls', () => {
    const lines = summaryTable(
      [good, { ...good, number: '60300000002', status: '486', setupMs: undefined }],
      100,
    );
    expect(lines.join('\n')).toContain('2: 1 answered, 1 486');
    expect(lines.join('\n')).toContain('1 of 2');
    expect(lines.at(-1)).toBe('  60300000002 in lobby-1: 486');
  });
});

test('an end is said in words', () => {
  expect(describeEnd({ by: 'rejected', status: 486, phrase: 'Busy Here', reason: undefined })).toBe(
    '486 Busy Here (busy)',
  );
  expect(describeEnd({ by: 'bye', reason: 'Q.850;cause=16' })).toContain('Q.850;cause=16');
  expect(describeEnd({ by: 'timeout' })).toContain('no answer at all');
});
