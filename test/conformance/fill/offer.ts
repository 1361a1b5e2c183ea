import type { Client } from '../../../src/kube/client.ts';
import { pods } from '../../../src/kube/resources.ts';
import { parseLabelSelector } from '../../../src/kube/selector.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { podDown } from '../../../src/translate/pod-down.ts';
import { eventually } from '../../clusters.ts';

/**
 * Offers a pod to the scheduler of the lower cluster, as it would be on each part: what is not spread over nodes fits
 * a part if it fits at all, so it is offered once.
 *
 * @returns where it fitted after all
 */
export async function offer(lower: Client, namespace: string, pod: Pod, parts: number): Promise<string[]> {
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
      const node = await eventually(async () => {
        const { spec, status } = await lower.get(pods, { namespace, name });
        if (spec?.nodeName) return spec.nodeName;
        if (status?.conditions?.some(({ reason }) => reason === 'Unschedulable')) return undefined;
        throw new Error(`the lower scheduler says nothing of ${name}`);
      });
      await lower.delete(pods, { namespace, name }, { uid: metadata?.uid ?? '' });
      return node;
    }),
  );
  return answers.filter((node) => node !== undefined);
}
