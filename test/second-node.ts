import type { LocalCluster } from '../hack/clusters/open.ts';
import type { Client } from '../src/kube/client.ts';
import { kubectl, lowerCluster, openClusters } from './clusters.ts';
import { clientOf } from './objects.ts';
import { createProvider, type TestProvider } from './provider.ts';
import type { Stage } from './stage.ts';

/** A virtual node of another lower cluster beside that of a stage: pods of its namespace run in both. */
export interface SecondNode {
  readonly provider: TestProvider;
  readonly lower: LocalCluster;
  readonly below: Client;
}

/** Starts it, with a provider of its own. */
export async function openSecondNode(
  stage: Stage,
  lowerName: string,
  flags: readonly string[] = [],
): Promise<SecondNode> {
  const clusters = openClusters();
  const lower = lowerCluster(clusters, lowerName);
  const node = `${stage.node}-${lowerName}`;
  const provider = await createProvider({ clusters, upper: stage.above, lower, node, flags });
  try {
    await provider.start();
  } catch (error) {
    await provider.kill();
    throw error;
  }
  return { provider, lower, below: clientOf(lower) };
}

/** Closes the stage and then the other, whose pods end only while it works. */
export async function closeBoth(stage: Stage | undefined, second: SecondNode | undefined): Promise<void> {
  try {
    await stage?.close();
  } finally {
    if (stage && second) {
      await second.provider.stop();
      await second.below.transport.close();
      await kubectl(stage.upper, 'delete', 'node', second.provider.node, '--ignore-not-found');
      const gone = ['delete', 'namespace', stage.namespace, '--ignore-not-found', '--wait=false'];
      await kubectl(second.lower, ...gone);
    }
  }
}
