/** The parts of vitest's JSON report that are read here. */
export interface Report {
  readonly testResults: readonly FileReport[];
}

/** One file of tests. */
export interface FileReport {
  /** Its absolute path. */
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

/** Tests by what became of them. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** So many files of a tier may have failed by accident; where more did, something is broken. */
const ACCIDENTS = 4;

/** The files that are worth a second run: those that failed, if they are so few that it may have been the machine. */
export function worthASecondRun(report: Report): string[] {
  const failed = report.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  return failed.length <= ACCIDENTS ? failed : [];
}

/** `first`, with what became of a file in its `second` run in place of what became of it in the first. */
export function withSecondRun(first: Report, second: Report): Report {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  return { testResults: first.testResults.map((file) => again.get(file.name) ?? file) };
}

/** A file that failed without a failed test, since it could not be loaded or its hooks failed, counts as one failure. */
export function counted(report: Report): Counts {
  const all = report.testResults.map(({ assertionResults, status }) => {
    const of = (wanted: readonly string[]) =>
      assertionResults.filter((test) => wanted.includes(test.status)).length;
    const failed = of(['failed']);
    return {
      passed: of(['passed']),
      failed: failed === 0 && status === 'failed' ? 1 : failed,
      skipped: of(['skipped', 'pending', 'todo', 'disabled']),
    };
  });
  const sum = (which: keyof Counts) => all.reduce((total, file) => total + file[which], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
