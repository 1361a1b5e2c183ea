import { networkPolicies } from '../../../src/kube/resources.ts';
import { eventually } from '../../clusters.ts';
import type { Scene } from './scene.ts';
import { pod, type Wave } from './waves.ts';

const controllers = 'PVControllers,ServiceControllers,NetworkPolicyControllers';

const everyCache = (verb: string) => [
  ...['networkpolicies', 'namespaces'].map((resource) => `upper: ${verb} ${resource}`),
  `lower: ${verb} networkpolicies`,
];

const allow = ({ above, namespace }: Scene, name: string) =>
  above.create(networkPolicies, { metadata: { namespace, name }, spec: { podSelector: {}, ingress: [] } });

/** What is watched and written about NetworkPolicies, by who asks for them. */
export const policyWaves: readonly Wave[] = [
  { name: 'policy-lists', controllers, without: everyCache('list') },
  { name: 'policy-watches', controllers, without: everyCache('watch') },
  {
    name: 'policy-make',
    controllers,
    without: ['lower: create networkpolicies'],
    async act(scene) {
      await allow(scene, 'one');
      await scene.create(pod(scene, 'plain'));
    },
  },
  {
    name: 'policy-life',
    controllers,
    without: ['lower: update networkpolicies', 'lower: delete networkpolicies'],
    async act(scene) {
      const { below, namespace } = scene;
      for (const name of ['one', 'two']) await allow(scene, name);
      await scene.create(pod(scene, 'plain'));
      for (const name of ['one', 'two'])
        await eventually(() => below.get(networkPolicies, { namespace, name }));
      await scene.user('patch', 'networkpolicy', 'one', '-p', '{"spec":{"policyTypes":["Egress"]}}');
      await scene.user('delete', 'networkpolicy', 'two');
    },
  },
];
