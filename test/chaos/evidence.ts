import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../src/kube/client.ts';
import { events, leases, nodes, pods, type Resource } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { deployments, replicaSets, statefulSets } from './workload/resources.ts';
import type { ChaosWorld } from './world.ts';

/** What says whether pods were missing because nobody made them, or nobody scheduled them. */
const others = ['upper-kube-scheduler', 'upper-kube-controller-manager'];
const kept: readonly Resource<KubeObject>[] = [
  leases,
  nodes,
  pods,
  events,
  deployments,
  replicaSets,
  statefulSets,
];

/**
 * Keeps what the programs have logged, how ready they call themselves, who leads what, and the objects of every cluster,
 * since the clusters go away with all of it. Returns the folder.
 */
export async function keepEvidence(world: ChaosWorld, seed: number): Promise<string> {
  const { clusters, programs, above, members } = world;
  const folder = join(tmpdir(), `isthmus-chaos-${seed}-${Date.now().toString(36)}`);
  mkdirSync(folder, { recursive: true });
  for (const { name, metrics } of programs) {
    for (const path of metrics ? ['readyz', 'metrics'] : [])
      writeFileSync(join(folder, `${name}.${path}`), await told(`${metrics}/${path}`));
  }
  for (const log of [...programs.map(({ name }) => name), ...others])
    copyFileSync(join(clusters.directory, 'logs', `${log}.log`), join(folder, `${log}.log`));
  await keepObjects(above, folder, 'upper');
  for (const { below, name } of members) await keepObjects(below, folder, name);
  return folder;
}

async function keepObjects(client: Client, folder: string, cluster: string): Promise<void> {
  for (const kind of kept) {
    const objects = await client.list(kind, {}).then(
      ({ items }) => JSON.stringify(items, undefined, 2),
      (error: unknown) => String(error),
    );
    writeFileSync(join(folder, `${cluster}.${kind.plural}.json`), objects);
  }
}

async function told(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text();
  } catch (error) {
    return String(error);
  }
}
