import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { raiseWatchLimit } from './limits.ts';

let file: string;
let said: string[];
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'limits-')), 'max_user_instances');
  said = [];
});
afterEach(() => rmSync(join(file, '..'), { recursive: true }));
const raise = () => raiseWatchLimit((line) => said.push(line), file);

it('raises the default, and says so', () => {
  writeFileSync(file, '128\n');
  raise();
  expect(readFileSync(file, 'utf8')).toBe('1024');
  expect(said).toEqual(['raised fs.inotify.max_user_instances from 128 to 1024']);
});

it('leaves a higher limit alone, and does without when it may not', () => {
  raise();
  writeFileSync(file, '8192\n');
  raise();
  expect(readFileSync(file, 'utf8')).toBe('8192\n');
  expect(said).toEqual([]);
});
