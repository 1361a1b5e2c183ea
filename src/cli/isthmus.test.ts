import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageFolder } from './package-folder.ts';

const source = join(packageFolder(), 'src', 'cli', 'isthmus.ts');
const clusters = ['--clusters', 'none.yaml', '--kubeconfig', '/none'];

/** Runs it from its source, on a machine with no cluster. */
const run = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', source, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: '/none' },
  });

describe('the exit code, and one line, say', () => {
  test.each([
    [
      'that the command line is wrong',
      2,
      ['descheduler', ...clusters, '--fly', '1'],
      'Unknown argument: fly; see isthmus descheduler --help',
    ],
    ['that there is no such command', 2, ['fly'], 'Unknown argument: fly; see isthmus --help'],
    ['that a time is wrong', 2, ['explain', 'pod', 'a/b', '--timeout', 'soon'], '--timeout is "soon"'],
    ['that a flag is wrong', 2, ['multischeduler', ...clusters, '--address=x'], '--address is "x"'],
    ['that it failed', 1, ['multischeduler', ...clusters], 'kubeconfig of the upper cluster, /none: ENOENT'],
  ] as const)('%s', { timeout: 120_000 }, (_what, code, args, line) => {
    const { status, stdout, stderr } = run(...args);
    expect(stderr).toMatch(/^isthmus: .*\n$/);
    expect(stderr).toContain(line);
    expect([status, stdout]).toEqual([code, '']);
  });
});
