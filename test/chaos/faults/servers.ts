import { programName, restartControllers } from '../../../hack/clusters/controlplane.ts';
import type { LocalCluster } from '../../../hack/clusters/open.ts';
import { endProgram, restartProgram } from '../../../hack/clusters/programs.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { eventually } from '../../clusters.ts';
import type { ChaosWorld } from '../world.ts';
import { compact } from './compact.ts';
import { type Fault, memberOf } from './fault.ts';
import { lineNames } from './lines.ts';

function clusterOf(world: ChaosWorld, name: string): LocalCluster {
  return name === 'upper' ? world.clusters.upper : memberOf(world, name).cluster;
}

/** SIGKILL of an API server. */
export const apiServerKilled: Fault = {
  kind: 'API server killed',
  seconds: [1, 10],
  targets: lineNames,
  async begin(world, target) {
    const cluster = clusterOf(world, target);
    await cluster.stopApiServer();
    return { what: `the API server of ${target} is killed`, end: () => cluster.startApiServer() };
  },
};

/** SIGKILL of an etcd; its API server goes on and has nothing to say. */
export const etcdKilled: Fault = {
  kind: 'etcd killed',
  seconds: [1, 10],
  targets: lineNames,
  async begin(world, target) {
    const { directory } = world.clusters;
    const name = programName(target, 'etcd');
    await endProgram(directory, name);
    return {
      what: `the etcd of ${target} is killed`,
      async end() {
        restartProgram(directory, name);
        const client = target === 'upper' ? world.above : memberOf(world, target).below;
        await eventually(() => client.get(namespaces, { name: 'kube-system' }), { within: 60_000 });
        await restartControllers(directory, target);
      },
    };
  },
};

/** The API server is away while etcd forgets its history: who wants to go on watching from before gets 410 Gone. */
export const compacted: Fault = {
  kind: 'compacted',
  seconds: [1, 5],
  targets: lineNames,
  async begin(world, target) {
    const cluster = clusterOf(world, target);
    await cluster.stopApiServer();
    const revision = await compact(world.clusters, cluster);
    return {
      what: `the API server of ${target} is killed, and etcd forgets all before revision ${revision}`,
      end: () => cluster.startApiServer(),
    };
  },
};
