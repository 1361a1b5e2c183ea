import { expect, test } from 'vitest';
import { runWithOwnRunFolder } from './own-run-folder.ts';

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
/** A set that nothing else here uses: its links are the machine's, its namespaces and claims are not. */
const script = `
  import { readFileSync } from 'node:fs';
  import { layoutOfCluster } from './layout.ts';
  import { createNetwork, removeNetwork } from './network.ts';
  import { claim, release } from './state.ts';
  const isMounted = () => readFileSync('/proc/self/mounts', 'utf8').includes('tmpfs /run/netns tmpfs');
  const found = [];
  claim(50, '/');
  for (const isOtherThere of [true, false]) {
    if (isOtherThere) claim(49, '/');
    await createNetwork(50, [layoutOfCluster(50, 0, 'upper')]);
    await removeNetwork(50);
    found.push(isMounted());
    if (isOtherThere) release(49);
  }
  console.log(JSON.stringify(found));
`;

test.runIf(isRoot)(
  'the folder of namespaces stays as long as another set may be about to use it',
  async () => {
    expect(await runWithOwnRunFolder(script)).toEqual([true, false]);
  },
);
