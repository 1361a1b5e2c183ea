import { expect, test } from 'vitest';
import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Node } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import type { VirtualNodeSettings } from '../translate/virtual-node.ts';
import { checkLowerCluster } from './virtual-node.ts';

const settings: VirtualNodeSettings = {
  name: 'vk-a',
  cluster: 'a',
  labels: {},
  taint: undefined,
  addresses: [],
  kubeletPort: 10250,
  lowerCluster: 'lower-uid',
};

function upperWith(node: Node | undefined): Client {
  const get = async () => {
    if (!node) throw new KubeError('NotFound', 'there is none');
    return node;
  };
  return { get } as unknown as Client;
}

test.each<[string, Node | undefined]>([
  ['no node', undefined],
  ['our own', raw({ metadata: { annotations: { 'isthmus.io/lower-cluster': 'lower-uid' } } })],
  ["tensile-kube's", raw({ metadata: { labels: { type: 'virtual-kubelet' } } })],
])('%s may be taken over', async (_, node) => {
  await expect(checkLowerCluster(upperWith(node), settings)).resolves.toBeUndefined();
});

test.each<[string, Node, string]>([
  [
    'a node of another cluster',
    raw({ metadata: { annotations: { 'isthmus.io/lower-cluster': 'other-uid' } } }),
    'virtual node vk-a stands for the lower cluster other-uid, but the kubeconfig of cluster a leads to lower-uid; ' +
      'choose another nodeName or, if that is meant, delete the node first: kubectl delete node vk-a',
  ],
  [
    'a real node',
    raw({ metadata: { labels: {} } }),
    'the upper cluster has a node vk-a that is no virtual node; choose another nodeName for cluster a',
  ],
])('%s is refused, by the names that files and Secrets have', async (_, node, message) => {
  await expect(checkLowerCluster(upperWith(node), settings)).rejects.toMatchObject({
    code: 'Configuration',
    message,
  });
});
