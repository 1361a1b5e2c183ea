import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { kubeletNodeOf } from '../../../hack/clusters/pki.ts';
import { pods } from '../../../src/kube/resources.ts';
import { apply } from '../../clusters.ts';
import { podSpec, workload } from '../../manifests.ts';
import { find } from '../../objects.ts';
import { claim, localVolume, mounting, storageClass } from '../../storage-objects.ts';
import type { ChaosWorld } from '../world.ts';
import { applyIn } from './apply-in.ts';
import type { Stream } from './stream.ts';

const className = 'chaos';
const replicas = 2;

/** Where the volumes of the claims are on this machine. */
export function volumesFolder({ folder }: ChaosWorld): string {
  return join(folder, 'volumes');
}

/**
 * A StatefulSet with claims on the first virtual node. Each start of a pod appends a line to its volume, and pods are
 * deleted all the time: whoever comes after must find the lines.
 */
export async function statefulSetOf(world: ChaosWorld): Promise<Stream> {
  const { clusters, above, members, namespace, random } = world;
  const [first] = members;
  if (!first) throw new Error('there is no lower cluster');
  const folder = volumesFolder(world);
  mkdirSync(folder);
  await apply(clusters.upper, storageClass(className, 'isthmus.io/virtual'));
  await apply(first.cluster, storageClass(className, 'kubernetes.io/no-provisioner'));
  const node = first.hasKubelet ? kubeletNodeOf(first.name) : `${first.name}-node-0`;
  for (let index = 0; index < replicas; index++) {
    const volume = { name: `chaos-${index}`, node, className, size: '1Gi' };
    await apply(first.cluster, localVolume(folder, volume));
  }
  const { volumes: _claims, ...mounted } = mounting('data');
  const template = podSpec(first.node, {
    ...mounted,
    script: 'echo "$HOSTNAME $(date)" >>/data/starts; exec sleep 100000',
  });
  const { apiVersion: _version, kind: _kind, ...data } = claim('data', className);
  const spec = {
    ...{ replicas, serviceName: 'db', podManagementPolicy: 'Parallel', volumeClaimTemplates: [data] },
  };
  await applyIn(world, workload('StatefulSet', 'db', template, spec));
  return {
    name: 'stateful set',
    every: 6_000,
    async step() {
      const where = { namespace, name: `db-${random.between(0, replicas - 1)}` };
      const { metadata } = (await find(above, pods, where)) ?? {};
      if (metadata?.uid) await above.delete(pods, where, { uid: metadata.uid });
    },
  };
}
