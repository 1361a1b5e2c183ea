import { describe, expect, test } from 'vitest';
import type { Client } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Node } from '../../kube/types.ts';
import { raw } from '../../translate/test-objects.ts';
import { newVirtualNode, nodeStatus, type VirtualNodeSettings } from '../../translate/virtual-node.ts';
import { checkLowerCluster, reconcileVirtualNode, type VirtualNodeSync } from './virtual-node.ts';

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

describe('a configuration that has changed', () => {
  const facts = {
    ready: { isReady: true, reason: 'LowerClusterReady', message: 'it answers' },
    version: 'v1.35.4',
    offered: {},
    largestFree: undefined,
    agreed: {},
    sample: undefined,
  };
  const now = new Date();
  const before = { ...settings, labels: { tier: 'web', disk: 'ssd' } };

  async function reconcile(node: Node, wanted: VirtualNodeSettings) {
    const said: string[] = [];
    const logged: string[] = [];
    const patches: { metadata: { labels?: object; annotations?: object } }[] = [];
    const upper = {
      patch: async (_: unknown, __: unknown, patch: (typeof patches)[number]) => void patches.push(patch),
    };
    const sync = {
      upper,
      settings: wanted,
      node: { get: () => node, apply: () => {} },
      facts: () => facts,
      events: { record: (_: unknown, __: unknown, { message }: { message: string }) => said.push(message) },
      logger: { warn: ({ message }: { message: string }) => logged.push(message) },
      now: () => now,
    };
    await reconcileVirtualNode(sync as unknown as VirtualNodeSync);
    expect(logged).toEqual(said);
    return { said, metadata: patches[0]?.metadata };
  }

  function registered(): Node {
    const node = newVirtualNode(before, facts);
    const metadata = { ...node.metadata, labels: { ...node.metadata?.labels, mine: 'x' } };
    return raw({ ...node, metadata, status: nodeStatus(node, before, facts, now.toISOString()) });
  }

  test('takes its own labels away, and leaves those of others', async () => {
    const { metadata } = await reconcile(registered(), { ...before, labels: { disk: 'nvme' } });
    expect(metadata?.labels).toEqual({ tier: null, disk: 'nvme' });
    expect(metadata?.annotations).toMatchObject({ 'isthmus.io/configured-labels': '["disk"]' });
  });

  test('tells of a taint that the node does not have', async () => {
    const wanted = { ...before, taint: { key: 'gpu', effect: 'NoExecute' } };
    const node = registered();
    const { said, metadata } = await reconcile(node, wanted);
    expect(said).toEqual([expect.stringContaining('kubectl taint node vk-a gpu:NoExecute')]);
    expect(metadata?.annotations).not.toHaveProperty(['isthmus.io/configured-taint']);
    const followed = await reconcile(raw({ ...node, spec: { taints: [wanted.taint] } }), wanted);
    expect(followed.said).toEqual([]);
    expect(followed.metadata?.annotations).toMatchObject({ 'isthmus.io/configured-taint': 'gpu:NoExecute' });
  });
});
