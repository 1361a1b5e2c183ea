import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leases } from '../../src/kube/resources.ts';
import type { ChaosWorld } from './world.ts';

/**
 * Keeps what the programs have logged, how ready they call themselves and who leads what, since the clusters go away with
 * their logs. Returns the folder.
 */
export async function keepEvidence(world: ChaosWorld, seed: number): Promise<string> {
  const { clusters, programs, above } = world;
  const folder = join(tmpdir(), `isthmus-chaos-${seed}-${Date.now().toString(36)}`);
  mkdirSync(folder, { recursive: true });
  for (const { name, metrics } of programs) {
    copyFileSync(join(clusters.directory, 'logs', `${name}.log`), join(folder, `${name}.log`));
    for (const path of metrics ? ['readyz', 'metrics'] : [])
      writeFileSync(join(folder, `${name}.${path}`), await told(`${metrics}/${path}`));
  }
  // Whether pods were not scheduled because nobody scheduled.
  const scheduler = 'upper-kube-scheduler.log';
  copyFileSync(join(clusters.directory, 'logs', scheduler), join(folder, scheduler));
  const { items } = await above.list(leases, {});
  writeFileSync(join(folder, 'leases.json'), JSON.stringify(items, undefined, 2));
  return folder;
}

async function told(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text();
  } catch (error) {
    return String(error);
  }
}
