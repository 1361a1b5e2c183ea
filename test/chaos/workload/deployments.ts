import { configMap, podSpec, workload } from '../../manifests.ts';
import type { ChaosWorld } from '../world.ts';
import { applyIn } from './apply-in.ts';
import { deployments } from './resources.ts';
import type { Stream } from './stream.ts';

const anyNode = { nodeSelector: { type: 'virtual-kubelet' } };

/**
 * Deployments that are scaled and rolled out anew: one on any virtual node, one on the first, which talks, and one whose
 * pods leave a lost node after five seconds (the webhook would make pods stay, so it leaves these alone).
 */
export async function deploymentsOf(world: ChaosWorld): Promise<Stream> {
  const { above, members, namespace, random } = world;
  const { nodeSelector: _any, ...spec } = podSpec('', {
    volumes: [{ name: 'config', configMap: { name: 'config' } }],
  });
  const talking = podSpec(members[0]?.node ?? '', { script: 'while date; do sleep 1; done' });
  await applyIn(world, configMap('config', { value: '0' }));
  await applyIn(world, workload('Deployment', 'anywhere', { ...spec, ...anyNode }, { replicas: 3 }));
  await applyIn(world, workload('Deployment', 'talking', talking, { replicas: 2 }));
  await applyIn(world, evictable());
  return {
    name: 'deployments',
    every: 2_500,
    async step() {
      const where = { namespace, name: random.pick(['anywhere', 'talking', 'evictable']) };
      const template = { metadata: { annotations: { rolled: String(Date.now()) } } };
      const change = random.next() < 0.5 ? { replicas: random.between(1, 4) } : { template };
      await above.patch(deployments, where, { spec: change });
    },
  };
}

/** What makes pods leave a lost node. */
export const leaving = {
  annotations: { 'isthmus.io/webhook': 'false' },
  tolerations: [
    { key: 'virtual-kubelet.io/provider', operator: 'Exists' },
    ...['not-ready', 'unreachable'].map((name) => {
      const key = `node.kubernetes.io/${name}`;
      return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
    }),
  ],
};

function evictable(): object {
  const { annotations, tolerations } = leaving;
  const labels = { app: 'evictable', 'virtual-pod': 'true' };
  const spec = { ...podSpec('', { tolerations: [...tolerations] }), ...anyNode };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'evictable' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'evictable' } },
      template: { metadata: { labels, annotations }, spec },
    },
  };
}
