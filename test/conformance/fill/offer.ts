import type { Client } from '../../../src/kube/client.ts';
import { pods } from '../../../src/kube/resources.ts';
import { parseLabelSelector } from '../../../src/kube/selector.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { podDown } from '../../../src/translate/pod-down.ts';
import { eventually } from '../../clusters.ts';
import type { Followed } from './submit.ts';

/** So many at once: where one of them fits, at least one is placed. */
const together = 40;

/**
 * Offers pods to the lower scheduler, each as it would be on each part.
 *
 * @param down the pods of the namespace there
 * @returns which of them fitted after all, and where
 */
export async function offerAll(
  lower: Client,
  namespace: string,
  down: Followed,
  all: readonly Pod[],
  parts: number,
): Promise<string[]> {
  const fitted: string[] = [];
  for (let first = 0; first < all.length; first += together) {
    const some = all.slice(first, first + together);
    const answers = await Promise.all(some.map((pod) => offer(lower, namespace, down, pod, parts)));
    for (const [index, nodes] of answers.entries())
      if (nodes.length > 0) fitted.push(`${some[index]?.metadata?.name} on ${nodes}`);
  }
  return fitted;
}

/**
 * Offers a pod to the scheduler of the lower cluster, as it would be on each part: what is not spread over nodes fits
 * a part if it fits at all, so it is offered once.
 *
 * @returns where it fitted after all
 */
async function offer(
  lower: Client,
  namespace: string,
  down: Followed,
  pod: Pod,
  parts: number,
): Promise<string[]> {
  const isSpread = (pod.spec?.topologySpreadConstraints ?? []).length > 0;
  const selectors = isSpread ? Array.from({ length: parts }, (_, part) => `part=p${part}`) : ['part'];
  const answers = await Promise.all(
    selectors.map(async (selector, index) => {
      const copy = podDown(
        pod,
        { upperCluster: '', virtualNode: '' },
        {
          ignoreLabels: new Set(['virtual-pod']),
          serviceAccounts: 'none',
          upperApi: { host: '', port: '' },
          nodeRequirements: parseLabelSelector(selector),
        },
      );
      const name = `offer-${pod.metadata?.name}-${index}`;
      const labels = { app: pod.metadata?.labels?.['app'] ?? '' };
      const { metadata } = await lower.create(pods, { ...copy, metadata: { namespace, name, labels } });
      const node = await eventually(
        () => {
          const { spec, status } = down.get(name) ?? {};
          if (spec?.nodeName) return spec.nodeName;
          if (status?.conditions?.some(({ reason }) => reason === 'Unschedulable')) return undefined;
          throw new Error(`the lower scheduler says nothing of ${name}`);
        },
        { within: 60_000 },
      );
      await lower.delete(pods, { namespace, name }, { uid: metadata?.uid ?? '' });
      return node;
    }),
  );
  return answers.filter((node) => node !== undefined);
}
