import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { Client } from '../kube/client.ts';
import type { Node } from '../kube/types.ts';
import { UpperCluster } from './upper-cluster.ts';

const node = (version: string, clusterID: string, annotations: object = {}) =>
  ({
    metadata: { name: 'vk-a', uid: 'n', resourceVersion: version, labels: { clusterID }, annotations },
  }) as Node;

test('a virtual node that stands for another cluster is told of, and its heartbeats are not', async () => {
  let stream: Readable | undefined;
  const client = {
    list: async ({ plural }: { plural: string }) => ({
      items: plural === 'nodes' ? [node('1', 'a')] : [],
      metadata: { resourceVersion: '1' },
    }),
    watch: async ({ plural }: { plural: string }, { signal }: { signal: AbortSignal }) => {
      const opened = new Readable({ read() {} });
      signal.addEventListener('abort', () => opened.destroy(), { once: true });
      if (plural === 'nodes') stream = opened;
      return opened;
    },
  };
  const onNodes = vi.fn();
  const upper = new UpperCluster({
    upper: client as unknown as Client,
    onPod: () => {},
    onNodes,
    onError: () => {},
  });
  const ending = new AbortController();
  const running = upper.run(ending.signal);
  await vi.waitFor(() => expect(stream).toBeDefined());
  expect(onNodes).toHaveBeenCalledTimes(1);
  const becomes = async (object: Node) => {
    stream?.push(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
    await vi.waitFor(() =>
      expect(upper.node('vk-a')?.metadata?.resourceVersion).toBe(object.metadata?.resourceVersion),
    );
  };
  await becomes(node('2', 'a', { heartbeat: 'now' }));
  expect(onNodes).toHaveBeenCalledTimes(1);
  await becomes(node('3', 'b'));
  expect(onNodes).toHaveBeenCalledTimes(2);
  await becomes(node('4', 'b', { 'isthmus.io/lower-cluster': 'other' }));
  expect(onNodes).toHaveBeenCalledTimes(3);
  ending.abort();
  await running;
});
