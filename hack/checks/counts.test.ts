import { describe, expect, test } from 'vitest';
import { afterSecondTry, countTests, failuresOf, sum, summaryLine, type VitestReport } from './counts.ts';

const report = (...statuses: string[]): VitestReport => ({
  testResults: [
    {
      name: 'a.test.ts',
      status: statuses.includes('failed') ? 'failed' : 'passed',
      assertionResults: statuses.map((status, i) => ({ fullName: `test ${i}`, status })),
    },
  ],
});
const never = () => false;
const always = () => true;

describe('countTests', () => {
  test('counts what passed, failed and was skipped', () => {
    const outcome = countTests(report('passed', 'failed', 'passed', 'skipped'), 1, always);
    expect(outcome).toEqual({ passed: 2, failed: 1, skipped: 1, remarks: [] });
  });

  test('counts a skipped test that must run as a failure, and names it', () => {
    const outcome = countTests(report('passed', 'skipped'), 0, (name) => name === 'another');
    expect(outcome).toEqual({ passed: 1, failed: 1, skipped: 0, remarks: ['did not run: test 1'] });
  });

  test('counts a crash without a report as one failure', () => {
    expect(countTests(undefined, 137, never)).toMatchObject({ passed: 0, failed: 1 });
  });

  test('counts a bad end after good tests as one failure', () => {
    expect(countTests(report('passed'), 1, never)).toMatchObject({ passed: 1, failed: 1 });
  });

  test('counts a run without a test as one failure, though it ended well', () => {
    expect(countTests({ testResults: [] }, 0, never)).toMatchObject({ failed: 1, remarks: ['no test ran'] });
    expect(countTests(report('skipped'), 0, always)).toMatchObject({ failed: 1, skipped: 1 });
  });

  test('counts a file that cannot be loaded as one failure, with what it said', () => {
    const broken = { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] };
    const outcome = countTests({ testResults: [...report('passed').testResults, broken] }, 1, never);
    expect(outcome).toMatchObject({ passed: 1, failed: 1, remarks: ['b.test.ts: no such module'] });
  });
});

describe('summaryLine', () => {
  test('names what was skipped only when something was', () => {
    expect(summaryLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(summaryLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
  });

  test('stands over everything that ran', () => {
    const all = sum([
      { passed: 1, failed: 0, skipped: 0 },
      { passed: 20, failed: 2, skipped: 1 },
    ]);
    expect(summaryLine(all)).toBe('21 passed, 2 failed, 1 skipped');
  });
});

test('files that were run once more count as they ended then', () => {
  const file = (name: string, status: string, tests: Record<string, string>) => ({
    name,
    status,
    assertionResults: Object.entries(tests).map(([fullName, each]) => ({ fullName, status: each })),
  });
  const first = {
    testResults: [
      file('a', 'passed', { one: 'passed' }),
      file('b', 'failed', { two: 'failed', three: 'passed' }),
      file('c', 'failed', {}),
    ],
  };
  expect(failuresOf(first)).toEqual(
    new Map([
      ['b', ['two']],
      ['c', []],
    ]),
  );
  const second = {
    testResults: [file('b', 'passed', { two: 'passed', three: 'passed' }), file('c', 'failed', {})],
  };
  expect(countTests(afterSecondTry(first, second), 1, () => false)).toMatchObject({ passed: 3, failed: 1 });
  expect(failuresOf(undefined).size).toBe(0);
});
