import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import type { Client } from '../src/kube/client.ts';
import { namespaces, nodes, pods, serviceAccounts } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/types.ts';
import {
  deleteAllPodsNow,
  eventually,
  kubectl,
  kubectlWith,
  lowerCluster,
  openClusters,
} from './clusters.ts';
import { podSpec } from './manifests.ts';
import { clientOf } from './objects.ts';
import { isReady } from './provider.ts';
import { type Replica, startReplica } from './replica.ts';

/** The kwok cluster as if it were two: each half has a virtual node of its own. */
export interface TwoParts {
  readonly above: Client;
  readonly below: Client;
  readonly namespace: string;
  /** The file that names both, for any program of ours. */
  readonly file: string;
  readonly nodeNames: readonly [string, string];
  readonly provider: Replica;
  /** Names of the lower nodes of each half. */
  readonly parts: readonly [string[], string[]];
  /** kubectl above, in the namespace. */
  run(...args: string[]): Promise<string>;
  /** Applies a manifest above, in the namespace. */
  apply(manifest: object): Promise<void>;
  /** A pod of somebody else on a lower node. */
  fill(nodeName: string, name: string, cpu: string): Promise<Pod>;
  /** Removes all pods of the namespace, above and below. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** What a virtual pod of so many cores asks for: one of the two virtual nodes. */
export function spread(cpu: string, nodeNames: readonly string[]): NonNullable<Pod['spec']> {
  const { nodeSelector: _any, ...spec } = podSpec('', { container: { resources: { requests: { cpu } } } });
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [...nodeNames] };
  const terms = { nodeSelectorTerms: [{ matchExpressions: [expression] }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
  return { ...spec, affinity };
}

/** Opens both with so many lower nodes each, of 32 cores. */
export async function openTwoParts(name: string, size: number): Promise<TwoParts> {
  const clusters = openClusters();
  const b = lowerCluster(clusters, 'b');
  const [above, below] = [clientOf(clusters.upper), clientOf(b)];
  const namespace = `${name}-${Date.now().toString(36)}`;
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-parts-'));
  const file = join(folder, 'clusters.yaml');
  const part = (first: number) => Array.from({ length: size }, (_, index) => `b-node-${first + index}`);
  const parts = [part(0), part(size)] as const;
  const nodeNames = [`vk-${name}-1`, `vk-${name}-2`] as const;
  const entries = parts.map((names, index) => ({
    name: `${name}-${index + 1}`,
    nodeName: nodeNames[index],
    kubeconfig: b.providerKubeconfig,
    nodeSelector: `kubernetes.io/hostname in (${names.join(', ')})`,
  }));
  await Promise.all(
    [above, below].map((client) => client.create(namespaces, { metadata: { name: namespace } })),
  );
  // Without its default account a namespace takes no pods.
  for (const client of [above, below])
    await eventually(() => client.get(serviceAccounts, { namespace, name: 'default' }));
  writeFileSync(file, stringify({ clusters: entries }));
  const provider = await startReplica(clusters, '--clusters', file);
  for (const nodeName of nodeNames)
    await eventually(async () => expect(isReady(await above.get(nodes, { name: nodeName }))).toBe(true));
  const clear = async () => {
    // Nobody runs on them, and a player of nodes that is short of time takes long to end them.
    const all = ['deployments,replicasets,pods,poddisruptionbudgets', '--all', '--wait=false'];
    await kubectl(clusters.upper, '-n', namespace, 'delete', ...all);
    await deleteAllPodsNow(b, namespace, '-l', '!virtual-pod');
    await eventually(
      async () => {
        for (const client of [above, below])
          expect(
            (await client.list(pods, { namespace })).items.map(({ metadata }) => metadata?.name),
          ).toEqual([]);
      },
      { within: 120_000 },
    );
  };
  return {
    ...{ above, below, namespace, file, nodeNames, provider, parts, clear },
    async run(...args) {
      const { stdout, stderr, exitCode } = await kubectl(clusters.upper, '-n', namespace, ...args);
      expect(exitCode, stderr).toBe(0);
      return stdout;
    },
    async apply(manifest) {
      const input = JSON.stringify(manifest);
      const args = ['-n', namespace, 'apply', '-f', '-'];
      const { stderr, exitCode } = await kubectlWith({ input }, clusters.upper, ...args);
      expect(exitCode, stderr).toBe(0);
    },
    fill(nodeName, podName, cpu) {
      const { nodeSelector: _any, ...spec } = podSpec('', {
        container: { resources: { requests: { cpu } } },
      });
      return below.create(pods, { metadata: { namespace, name: podName }, spec: { ...spec, nodeName } });
    },
    async close() {
      await provider.stop();
      for (const cluster of [clusters.upper, b])
        await kubectl(cluster, 'delete', 'namespace', namespace, '--wait=false');
      await kubectl(clusters.upper, 'delete', 'node', ...nodeNames);
      await Promise.all([above.transport.close(), below.transport.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}
