import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { LocalCluster, LocalClusters } from '../../hack/clusters/open.ts';
import type { Client } from '../../src/kube/client.ts';
import { namespaces, nodes, serviceAccounts } from '../../src/kube/resources.ts';
import { eventually, openClusters } from '../clusters.ts';
import { type Ground, newGround } from '../lives/ground.ts';
import { clientOf, find } from '../objects.ts';
import { isReady } from '../provider.ts';
import { type Line, layLine } from './line.ts';
import type { Program } from './program.ts';
import { startPrograms } from './programs.ts';
import type { Random } from './random.ts';

/** A lower cluster, the virtual node that stands for it, and the line to it. */
export interface Member {
  readonly name: string;
  readonly node: string;
  readonly cluster: LocalCluster;
  readonly below: Client;
  readonly line: Line;
  /** What random lives need; on a real kubelet none take place, but everything is compared. */
  readonly ground: Ground;
  readonly hasKubelet: boolean;
  /** Where our programs read how to reach it. */
  readonly kubeconfig: string;
}

/** One upper cluster, three lower ones, all programs of ours, and everything that can be made to fail. */
export interface ChaosWorld {
  readonly clusters: LocalClusters;
  readonly above: Client;
  readonly members: readonly Member[];
  /** To the upper cluster. */
  readonly upperLine: Line;
  readonly programs: readonly Program[];
  /** Where the Deployments, StatefulSets and Jobs are. */
  readonly namespace: string;
  readonly random: Random;
  /** For files of the run; goes away with it. */
  readonly folder: string;
  /** Where Jobs on a real kubelet note what they have completed. */
  readonly notes: string;
  close(): Promise<void>;
}

/** Opens the clusters of the test run, lays the lines, and starts the programs; resolves when all nodes are Ready. */
export async function openWorld(random: Random): Promise<ChaosWorld> {
  const clusters = openClusters();
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-chaos-'));
  const notes = join(folder, 'notes');
  mkdirSync(notes, { mode: 0o777 });
  const above = clientOf(clusters.upper);
  const upperCluster = await above.clusterUid();
  const upperLine = await layLine(clusters, clusters.upper, folder, random);
  const isRoot = process.getuid?.() === 0;
  const members: Member[] = [];
  for (const [name, cluster] of clusters.lower) {
    const line = await layLine(clusters, cluster, folder, random);
    const below = clientOf(cluster);
    const node = `vk-${name}`;
    members.push({
      ...{ name, node, cluster, below, line },
      ground: newGround({ above, below, owner: { upperCluster, virtualNode: node } }),
      hasKubelet: isRoot && name === 'a',
      kubeconfig: line.kubeconfig(cluster.providerKubeconfig, name),
    });
  }
  const file = join(folder, 'clusters.yaml');
  const entries = members.map(({ name, node, kubeconfig }) => ({ name, nodeName: node, kubeconfig }));
  writeFileSync(file, stringify({ clusters: entries }));
  const namespace = `chaos-${Date.now().toString(36)}`;
  await above.create(namespaces, { metadata: { name: namespace } });
  await eventually(() => above.get(serviceAccounts, { namespace, name: 'default' }));
  const programs = await startPrograms({ clusters, file, folder, line: upperLine });
  const world: ChaosWorld = {
    ...{ clusters, above, members, upperLine, programs, namespace, random, folder, notes },
    async close() {
      for (const program of programs) await program.kill();
      for (const { below, line } of members) {
        await below.transport.close();
        await line.close();
      }
      await upperLine.close();
      await above.transport.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await eventually(
    async () => {
      const missing = await notReady(world);
      if (missing.length > 0) throw new Error(`not ready: ${missing.join(', ')}`);
    },
    { within: 90_000 },
  );
  return world;
}

/** The virtual nodes that are not Ready. */
export async function notReady({ above, members }: ChaosWorld): Promise<string[]> {
  const known = await Promise.all(members.map(({ node }) => find(above, nodes, { name: node })));
  return members.filter((_, index) => !known[index] || !isReady(known[index])).map(({ node }) => node);
}
