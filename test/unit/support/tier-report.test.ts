/** What `npm test` counts, and what it gives a second run. */
import { describe, expect, test } from 'vitest';
import {
  counted,
  type FileReport,
  type Report,
  withSecondRun,
  worthASecondRun,
} from '../../support/tier-report.ts';

function file(name: string, ...tests: string[]): FileReport {
  const status = tests.includes('failed') ? 'failed' : 'passed';
  return { name, status, assertionResults: tests.map((each) => ({ status: each })) };
}
/** Its hooks failed, or it could not be loaded. */
const broken = (name: string, ...tests: string[]): FileReport => ({
  ...file(name, ...tests),
  status: 'failed',
});
const report = (...testResults: FileReport[]): Report => ({ testResults });

describe('the count', () => {
  test('has each test by its end', () => {
    const all = report(file('a', 'passed', 'failed', 'skipped'), file('b', 'passed', 'todo', 'failed'));
    expect(counted(all)).toEqual({ passed: 2, failed: 2, skipped: 2 });
  });

  test('has a file that failed without a failed test as one failure', () => {
    expect(counted(report(broken('not loaded')))).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(counted(report(broken('afterAll threw', 'passed')))).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(counted(report(broken('a test and a hook', 'failed')))).toMatchObject({ failed: 1 });
  });
});

describe('a second run', () => {
  test('is for few files that failed, in whatever way', () => {
    const all = report(file('a', 'passed'), file('b', 'passed', 'failed'), broken('c', 'skipped'));
    expect(worthASecondRun(all)).toEqual(['b', 'c']);
    expect(worthASecondRun(report(file('a', 'passed')))).toEqual([]);
  });

  test('is for none where many failed: that is no accident', () => {
    const failed = (count: number) =>
      report(...Array.from({ length: count }, (_, i) => file(`${i}`, 'failed')));
    expect(worthASecondRun(failed(4))).toHaveLength(4);
    expect(worthASecondRun(failed(5))).toEqual([]);
  });

  test('counts in place of the first, whichever way it went', () => {
    const first = report(file('a', 'passed', 'passed'), file('b', 'passed', 'failed'), broken('c'));
    const once = withSecondRun(first, report(file('b', 'passed', 'passed')));
    expect(counted(once)).toEqual({ passed: 4, failed: 1, skipped: 0 });
    const twice = withSecondRun(once, report(file('c', 'failed', 'failed')));
    expect(counted(twice)).toEqual({ passed: 4, failed: 2, skipped: 0 });
  });
});
