import { pods } from '../../../src/kube/resources.ts';
import { isOurs, upperUidOf } from '../../../src/translate/marks.ts';
import { attempt } from '../../lives/ground.ts';
import { type Fault, memberOf } from './fault.ts';

/**
 * Somebody in a lower cluster deletes pods of ours on a real kubelet, one of each controller but Jobs: whether those have
 * completed just then nobody could know. (On played nodes random lives do such things all along.)
 */
export const podsDeletedBelow: Fault = {
  kind: 'lower pods deleted',
  seconds: [0, 0],
  targets: ({ members }) => members.filter(({ hasKubelet }) => hasKubelet).map(({ name }) => name),
  async begin(world, target, random) {
    const { below, ground } = memberOf(world, target);
    const { items } = await below.list(pods, { namespace: world.namespace });
    const victims = items.filter(
      (pod) => isOurs(pod, ground.owner) && !pod.metadata?.labels?.['batch.kubernetes.io/job-name'],
    );
    const [victim] = random.shuffle(victims);
    const { uid = '', name = '' } = victim?.metadata ?? {};
    if (victim) {
      ground.harmed.add(upperUidOf(victim) ?? '');
      await attempt(() => below.delete(pods, { namespace: world.namespace, name }, { uid }));
    }
    return { what: `somebody deletes ${name || 'nothing'} in ${target}`, end: async () => {} };
  },
};
