import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOfSet } from '../../hack/clusters/layout.ts';
import type { LocalCluster, LocalClusters } from '../../hack/clusters/open.ts';
import { filesOf } from '../../hack/clusters/pki.ts';
import { readState } from '../../hack/clusters/state.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { type Cable, layCable } from '../cable.ts';
import { kubeconfigThrough } from '../replica.ts';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';
import type { Random } from './random.ts';

/** The way from our programs to one API server: everything that can go wrong on it goes wrong here. */
export interface Line {
  readonly cable: Cable;
  /** Where the cable may be diverted to. */
  readonly proxy: FaultyProxy;
  /** Writes a copy of a kubeconfig that leads over this line, and returns its path. */
  kubeconfig(original: string, name: string): string;
  close(): Promise<void>;
}

/** Lays the line to a cluster; our programs must run in the upper cluster's network. */
export async function layLine(
  clusters: LocalClusters,
  cluster: LocalCluster,
  folder: string,
  random: Random,
): Promise<Line> {
  const { set } = readState(clusters.directory) ?? {};
  const host = set === undefined ? '127.0.0.1' : layoutOfSet(set).machineAddress;
  const cable = await layCable(loadConnection(cluster.name, cluster.providerKubeconfig), host);
  const files = filesOf(clusters.directory, cluster.name);
  const read = (name: string) => readFileSync(files.key(name), 'utf8');
  const serving = { certificate: read('apiserver.crt'), key: read('apiserver.key') };
  const proxy = await startFaultyProxy(cluster, serving, random);
  return {
    cable,
    proxy,
    kubeconfig(original, name) {
      const path = join(folder, `${name}.kubeconfig`);
      kubeconfigThrough(original, cable.connection, path);
      return path;
    },
    async close() {
      await cable.close();
      await proxy.close();
    },
  };
}
