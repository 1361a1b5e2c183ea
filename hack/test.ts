import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '../src/kube/errors.ts';
import {
  afterSecondTry,
  type Counts,
  countTests,
  failuresOf,
  sum,
  summaryLine,
  type TestOutcome,
  type VitestReport,
} from './checks/counts.ts';
import { run } from './checks/run.ts';
import { findBinaries } from './clusters/binaries.ts';

/** The checks, the quick ones first; the commands are those of the scripts in package.json. */
const checks: [name: string, command: string, ...args: string[]][] = [
  ['types', 'tsc'],
  ['format and lint (biome)', 'biome', 'check', '--error-on-warnings', '.'],
  ['lint with types (oxlint)', 'oxlint', '--type-aware', '--deny-warnings'],
  ['dead code (knip)', 'knip'],
  ['import directions', 'depcruise', 'src', 'hack', 'test', '--config', '.dependency-cruiser.cjs'],
];
const minute = 60_000;

/** Runs one check and prints its line; its output is shown when it fails. */
async function check(name: string, command: string, args: string[]): Promise<Counts> {
  process.stdout.write(`${name} ... `);
  const ended = await run(command, args, 5 * minute);
  const good = ended.code === 0;
  process.stdout.write(`${good ? 'ok' : 'FAILED'} ${seconds(ended.milliseconds)}\n`);
  if (!good) process.stdout.write(`${ended.output.trimEnd()}\n`);
  return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0 };
}

/** These do not fail by chance: hostile input that did harm once did harm. */
const once = new Set(['unit', 'fuzz']);

/** Runs one project of vitest and prints its line; its output is shown when something fails. */
async function tests(name: string, project: string, folder: string, parts = 1): Promise<Counts> {
  process.stdout.write(`${name} ... `);
  const numbers = Array.from({ length: parts }, (_, index) => index + 1);
  const reportOf = (which: string) => join(folder, `${project}-${which}.json`);
  const first = await Promise.all(
    numbers.map(async (number) => {
      const shard = `--shard=${number}/${parts}`;
      const part = await runPart(project, reportOf(`${number}`), shard);
      const hasBegun = part.report !== undefined && part.report.testResults.length > 0;
      return hasBegun || once.has(project)
        ? part
        : beginAgain(project, reportOf(`${number}-anew`), part, shard);
    }),
  );
  const outcomes: Part[] = [];
  for (const [index, part] of first.entries())
    outcomes.push(once.has(project) ? part : await tryAgain(project, reportOf(`${index + 1}-again`), part));
  const outcome = sum(outcomes);
  const longest = Math.max(...outcomes.map(({ milliseconds }) => milliseconds));
  process.stdout.write(`${summaryLine(outcome)} ${seconds(longest)}\n`);
  for (const { failed, output, remarks } of outcomes) {
    if (failed > 0 || remarks.length > 0) process.stdout.write(`${output.trimEnd()}\n`);
    for (const remark of remarks) process.stdout.write(`${name}: ${remark}\n`);
  }
  return outcome;
}

interface Part extends TestOutcome {
  readonly output: string;
  readonly milliseconds: number;
  readonly report: VitestReport | undefined;
}

/** Runs some files of a project; tests on clusters get clusters of their own. */
async function runPart(project: string, report: string, ...which: string[]): Promise<Part> {
  const ended = await vitest(project, report, ...which);
  const read = readReport(report);
  const { output, milliseconds } = ended;
  return { ...countTests(read, ended.code, maySkip), output, milliseconds, report: read };
}

/** More files than this do not fail by chance. */
const mostSecondTries = 4;

/**
 * Parts beside each other starve each other at times: files in which something failed are run once more, alone on new
 * clusters, and it is said which tests needed that.
 */
async function tryAgain(project: string, report: string, part: Part): Promise<Part> {
  const failures = failuresOf(part.report);
  if (!part.report || failures.size === 0 || failures.size > mostSecondTries) return part;
  const second = await runPart(project, report, ...failures.keys());
  if (!second.report) return part;
  const code = second.failed > 0 ? 1 : 0;
  const counted = countTests(afterSecondTry(part.report, second.report), code, maySkip);
  const named = [...failures].flatMap(([file, names]) => (names.length > 0 ? names : [file]));
  return {
    ...counted,
    ...together(part, second),
    remarks: [...counted.remarks, ...named.map((name) => `needed a second try: ${name}`)],
  };
}

/** A part whose clusters did not start has said nothing of any test. */
async function beginAgain(project: string, report: string, part: Part, shard: string): Promise<Part> {
  const second = await runPart(project, report, shard);
  return {
    ...second,
    ...together(part, second),
    remarks: [...second.remarks, `no test ran at first: ${shard} was begun again`],
  };
}

/** What both runs of a part have printed and taken; the report is that of the second. */
function together(first: Part, { output, milliseconds, report }: Part) {
  return {
    report,
    output: `${first.output}\n${output}`,
    milliseconds: first.milliseconds + milliseconds,
  };
}

function vitest(project: string, report: string, ...which: string[]): ReturnType<typeof run> {
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  return run(bin('vitest'), ['run', '--project', project, ...which, ...reporters], 60 * minute);
}

/** Finds or makes the Kubernetes programs, once for all who need them. */
async function programs(): Promise<Counts> {
  process.stdout.write('Kubernetes programs ... ');
  const began = performance.now();
  try {
    await findBinaries();
    process.stdout.write(`ok ${seconds(performance.now() - began)}\n`);
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    process.stdout.write(`FAILED ${seconds(performance.now() - began)}\n${describeError(error)}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/**
 * Compares the provider with the bare mirror on clusters of its own; the figures are shown in any case. A machine that
 * does something else meanwhile gives it a second try.
 */
async function benchmark(triesLeft = 1): Promise<Counts> {
  process.stdout.write('quick benchmark ... ');
  const { code, output, milliseconds } = await run('hack/bench.sh', ['--quick'], 10 * minute);
  process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'} ${seconds(milliseconds)}\n${output.trimEnd()}\n`);
  if (code !== 0 && triesLeft > 0) return benchmark(triesLeft - 1);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** As root on Linux everything can run but what needs a Docker engine. */
function maySkip(fullName: string): boolean {
  return process.getuid?.() !== 0 || process.platform !== 'linux' || /docker/i.test(fullName);
}

function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  } catch {
    return undefined;
  }
}

function bin(command: string): string {
  return join('node_modules', '.bin', command);
}

function seconds(milliseconds: number): string {
  return `(${(milliseconds / 1000).toFixed(1)} s)`;
}

async function main(): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { fast: flag, conformance: flag } });
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-test-'));
  const results: Counts[] = [];
  try {
    for (const [name, command, ...args] of checks) results.push(await check(name, bin(command), args));
    results.push(await check('build', 'npm', ['run', '--silent', 'build']));
    results.push(await tests('unit tests', 'unit', folder));
    if (!values.fast) results.push(await tests('hostile input', 'fuzz', folder));
    if (!values.fast) results.push(await programs());
    // They wait more than they compute: two halves beside each other take little more than half the time.
    if (!values.fast) results.push(await tests('cluster tests', 'clusters', folder, 2));
    if (!values.fast) results.push(await tests('chaos, one round', 'chaos', folder));
    if (!values.fast) results.push(await benchmark());
    if (values.conformance) results.push(await tests('conformance tests', 'conformance', folder, 2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const total = sum(results);
  process.stdout.write(`${summaryLine(total)}\n`);
  if (total.failed > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stdout.write(`hack/test.sh: ${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
});
