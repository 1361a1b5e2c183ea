import { namespaces, nodes } from '../../src/kube/resources.ts';
import { lowerCluster, openClusters } from '../clusters.ts';
import { attempt, type Ground, makeNamespace, newGround } from '../lives/ground.ts';
import { clientOf, find, type Witness, watchPods } from '../objects.ts';
import { createProvider, type TestProvider } from '../provider.ts';

/** A ground with one provider, and what was ever seen on it. */
export interface World extends Ground {
  readonly provider: TestProvider;
  isProviderUp: boolean;
  /** What ever was, above and below. */
  readonly seen: { readonly above: Witness; readonly below: Witness };
  close(): Promise<void>;
}

/** Opens the world on the cluster with kwok's nodes; its provider is at work. */
export async function openWorld(): Promise<World> {
  const clusters = openClusters();
  const lower = lowerCluster(clusters, 'b');
  const [above, below] = [clientOf(clusters.upper), clientOf(lower)];
  const node = 'vk-convergence';
  const provider = await createProvider({ clusters, upper: above, lower, node, flags: [] });
  const seen = { above: await watchPods(above, ''), below: await watchPods(below, '') };
  await provider.start();
  return {
    ...newGround({ above, below, owner: { upperCluster: await above.clusterUid(), virtualNode: node } }),
    provider,
    isProviderUp: true,
    seen,
    async close() {
      await Promise.all([seen.above.stop(), seen.below.stop()]);
      await provider.stop();
      await attempt(async () => {
        const { metadata } = await above.get(nodes, { name: node });
        await above.delete(nodes, { name: node }, { uid: metadata?.uid ?? '' });
      });
      await Promise.all([above.transport.close(), below.transport.close()]);
    },
  };
}

let sequences = 0;

/** Gives the next sequence namespaces of its own; those of the last one are left to go by themselves. */
export async function beginSequence(world: World): Promise<void> {
  await Promise.all(world.spaces.filter(Boolean).map((name) => removeNamespaces(world, name)));
  const id = `conv-${Date.now().toString(36)}-${sequences++}`;
  world.spaces = [`${id}-x`, `${id}-y`];
  for (const set of [world.foreign, world.harmed, world.harmedSpaces, world.imageEdited]) set.clear();
  await Promise.all(world.spaces.map((name) => makeNamespace(world, name)));
}

async function removeNamespaces(world: World, name: string): Promise<void> {
  for (const client of [world.above, world.below]) {
    const space = await find(client, namespaces, { name });
    if (!space) continue;
    await attempt(() => client.delete(namespaces, { name }, { uid: space.metadata?.uid ?? '' }));
  }
}

/** Starts the provider if the sequence has ended it. */
export async function ensureProvider(world: World): Promise<void> {
  if (world.isProviderUp) return;
  await world.provider.start();
  world.isProviderUp = true;
}
