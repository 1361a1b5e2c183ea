/** How many of something passed, failed and were skipped. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What we read of vitest's json reporter. */
export interface VitestReport {
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

/** The counts of a run of tests, and why there are failures that no test reports of itself. */
export interface TestOutcome extends Counts {
  remarks: string[];
}

/** The files in which something failed, and the full names of the tests that did. */
export function failuresOf(report: VitestReport | undefined): Map<string, string[]> {
  const failed = (report?.testResults ?? []).filter(({ status }) => status === 'failed');
  return new Map(
    failed.map(({ name, assertionResults }) => [
      name,
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    ]),
  );
}

/** The outcome of files that were run once more takes the place of their first. */
export function afterSecondTry(first: VitestReport, second: VitestReport): VitestReport {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  return { testResults: first.testResults.map((file) => again.get(file.name) ?? file) };
}

/** Adds counts up. */
export function sum(counts: Counts[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** The last line of a run. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Counts the tests of a report. What went wrong outside of a test counts as one failure: vitest ended badly
 * though every test passed, a file could not be loaded, no test ran at all. `maySkip` says which tests may be
 * skipped on this machine; another one that was is a failure, for nobody would notice it missing.
 */
export function countTests(
  report: VitestReport | undefined,
  exitCode: number,
  maySkip: (fullName: string) => boolean,
): TestOutcome {
  const outcome: TestOutcome = { passed: 0, failed: 0, skipped: 0, remarks: [] };
  const fail = (remark: string) => {
    outcome.failed += 1;
    outcome.remarks.push(remark);
  };
  for (const file of report?.testResults ?? []) {
    const failedBefore = outcome.failed;
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') outcome.passed += 1;
      else if (status === 'failed') outcome.failed += 1;
      else if (maySkip(fullName)) outcome.skipped += 1;
      else fail(`did not run: ${fullName}`);
    }
    if (file.status === 'failed' && outcome.failed === failedBefore)
      fail(`${file.name}: ${file.message || 'failed outside of its tests'}`);
  }
  if (!report) fail(`vitest ended with code ${exitCode} and left no report`);
  else if (outcome.passed + outcome.failed === 0) fail('no test ran');
  else if (exitCode !== 0 && outcome.failed === 0)
    fail(`vitest ended with code ${exitCode} though no test failed`);
  return outcome;
}
