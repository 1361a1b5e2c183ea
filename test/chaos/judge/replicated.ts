import { keyOf } from '../../../src/kube/resources.ts';
import { deployments, type Replicated, statefulSets } from '../workload/resources.ts';
import type { ChaosWorld } from '../world.ts';

/** Deployments and StatefulSets of the workload that have not as many ready pods as they should, in words. */
export async function lackingPods({ above, namespace }: ChaosWorld): Promise<string[]> {
  const lists = await Promise.all(
    [deployments, statefulSets].map(async (kind) => {
      const { items } = await above.list(kind, { namespace });
      return items.flatMap((object) => {
        const lack = lackOf(object);
        return lack === undefined ? [] : [`${kind.kind} ${keyOf(object)} has ${lack}`];
      });
    }),
  );
  return lists.flat();
}

function lackOf({ metadata, spec, status }: Replicated): string | undefined {
  const { observedGeneration, replicas = 0, readyReplicas = 0 } = status ?? {};
  const wanted = spec?.replicas ?? 1;
  const isSeen = observedGeneration === metadata?.generation;
  if (isSeen && replicas === wanted && readyReplicas === wanted) return undefined;
  return `${replicas} of ${wanted} pods, ${readyReplicas} ready${isSeen ? '' : ', its last change not seen'}`;
}
