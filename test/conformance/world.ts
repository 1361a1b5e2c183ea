import type { Client } from '../../src/kube/client.ts';
import { hasCode, KubeError } from '../../src/kube/errors.ts';
import { namespaces, nodes, type Resource, serviceAccountTokens } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Owner } from '../../src/translate/marks.ts';
import { eventually, lowerCluster, openClusters } from '../clusters.ts';
import { clientOf, find, type Witness, watchPods } from '../objects.ts';
import { createProvider, type TestProvider } from '../provider.ts';

/** Both clusters, one provider between them, and everything about a sequence that the clusters do not know. */
export interface World {
  readonly above: Client;
  readonly below: Client;
  readonly owner: Owner;
  readonly provider: TestProvider;
  isProviderUp: boolean;
  /** Those of the sequence that runs. */
  spaces: readonly [string, string];
  /** Objects below that are not ours, as they were when they had come to rest: their JSON by kind and key. */
  readonly foreign: Map<string, { resource: Resource<KubeObject>; json: string }>;
  /** uids of upper pods whose lower pod was ended below: only they may have Failed. */
  readonly harmed: Set<string>;
  /** Namespaces that were deleted below: every pod in them may have Failed. */
  readonly harmedSpaces: Set<string>;
  /** uids of upper pods whose image was edited below after it came down. */
  readonly imageEdited: Set<string>;
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
    above,
    below,
    owner: { upperCluster: await above.clusterUid(), virtualNode: node },
    provider,
    isProviderUp: true,
    spaces: ['', ''],
    foreign: new Map(),
    harmed: new Set(),
    harmedSpaces: new Set(),
    imageEdited: new Set(),
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

/** Makes a namespace above; without its service account no pod could be made in it. */
export async function makeNamespace({ above }: World, name: string): Promise<void> {
  if (!(await attempt(() => above.create(namespaces, { metadata: { name } })))) return;
  await eventually(() => above.get(serviceAccountTokens.parent, { namespace: name, name: 'default' }));
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

/**
 * Does what a random step asks for, which often cannot be done: the object is not there, is there already, has
 * changed meanwhile or may not change so. Returns whether it was done.
 */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (hasCode(error, 'NotFound', 'AlreadyExists', 'Conflict', 'Invalid', 'Forbidden')) return false;
    throw error instanceof KubeError ? new Error(error.message, { cause: error }) : error;
  }
}
