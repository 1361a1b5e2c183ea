import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startProgram } from './programs.ts';

it('a program that is started again has a log of its own in the file of both', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  try {
    const start = (word: string) =>
      startProgram(folder, { name: 'speaker', command: ['sh', '-c', `echo ${word}`], cluster: {} });
    const first = start('one');
    await first.exited;
    const second = start('two');
    expect(second.log()).not.toContain('one');
    await second.exited;
    expect([first.log(), second.log()]).toEqual(['one\ntwo\n', 'two\n']);
    expect(readFileSync(second.logFile, 'utf8')).toBe('one\ntwo\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
