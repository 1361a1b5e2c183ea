import { keyOf } from '../../../src/kube/resources.ts';
import { deployments, type Replicated, statefulSets } from '../workload/resources.ts';
import type { ChaosWorld } from '../world.ts';

/** Deployments and StatefulSets of the workload that have not as many ready pods as they should, in words. */
export async function lackingPods({ above, namespace }: ChaosWorld): Promise<string[]> {
  const lists = await Promise.all(
    [deployments, statefulSets].map(async (kind) => {
      const { items } = await above.list(kind, { namespace });
      return items.filter(isLacking).map((object) => `${kind.kind} ${keyOf(object)} has ${told(object)}`);
    }),
  );
  return lists.flat();
}

function isLacking({ metadata, spec, status }: Replicated): boolean {
  const { observedGeneration, replicas = 0, readyReplicas = 0 } = status ?? {};
  const wanted = spec?.replicas ?? 1;
  return observedGeneration !== metadata?.generation || replicas !== wanted || readyReplicas !== wanted;
}

function told({ metadata, spec, status }: Replicated): string {
  const { observedGeneration, replicas = 0, readyReplicas = 0 } = status ?? {};
  const seen = observedGeneration === metadata?.generation ? '' : ', its last change not seen';
  return `${replicas} of ${spec?.replicas ?? 1} pods, ${readyReplicas} ready${seen}`;
}
