import { expect, test } from 'vitest';
import { runWithOwnRunFolder } from './own-run-folder.ts';

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
/** Claims are the machine's: this one has its own. */
const script = `
  import { symlinkSync } from 'node:fs';
  import { claim, endRemoval, RUN_FOLDER, takeRemoval } from './state.ts';
  claim(50, '/gone');
  const first = takeRemoval(50);
  const second = takeRemoval(50);
  endRemoval(50);
  symlinkSync(JSON.stringify({ pid: process.pid, startTime: 'of another' }), RUN_FOLDER + '/removing-50');
  console.log(JSON.stringify([first, second, takeRemoval(50)]));
`;

test.runIf(isRoot)(
  'one alone removes what was left of a set, and the next when that one was killed',
  async () => {
    expect(await runWithOwnRunFolder(script)).toEqual([true, false, true]);
  },
);
