import type { StorageClass } from '../../kube/types.ts';
import type { Filter } from '../filter.ts';
import { all, labelTest, type SlotTest } from '../node-selector.ts';
import type { NodeTable } from '../node-table.ts';
import { type OpenClaim, podVolumes } from '../pod-volumes.ts';
import type { Storage } from '../storage.ts';
import { matchesOf, nodesOf, storageOf } from '../volume-match.ts';

const affinityConflict = "node(s) didn't match PersistentVolume's node affinity";
/** The reason of a node on which a claim finds no volume, as kube-scheduler has it. */
export const nothingToBind = "node(s) didn't find available persistent volumes to bind";
const volumeGone = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';

/** The volumes that a pod's claims have must reach the node; those that they will get must exist or be made there. */
export const volumeBinding: Filter = {
  plugin: 'VolumeBinding',
  prepare(state, pod) {
    const { nodes, storage } = state;
    if (pod.claims.length === 0) return undefined;
    const volumes = podVolumes(state, pod);
    if ('refusesPod' in volumes) return volumes;
    const reaches = all(volumes.bound.flatMap(({ volume }) => (volume ? nodesOf(nodes, volume) : [])));
    const isGone = volumes.bound.some(({ volume }) => !volume);
    const canBind = bindTest(nodes, storage, volumes.open);
    return {
      check: (slot) => {
        const reasons: string[] = [];
        if (isGone) reasons.push(volumeGone);
        else if (!reaches(slot)) reasons.push(affinityConflict);
        if (!canBind(slot)) reasons.push(nothingToBind);
        return reasons.length > 0 ? reasons : undefined;
      },
    };
  },
};

/** Whether every claim finds a volume that reaches the node, or can have one made; no volume is used twice. */
function bindTest(nodes: NodeTable, storage: Storage, claims: readonly OpenClaim[]): SlotTest {
  const size = ({ claim }: OpenClaim) => storageOf(claim.spec?.resources?.requests);
  const plans = [...claims]
    .sort((a, b) => Number(size(a) - size(b)))
    .map((open) => ({
      matches: matchesOf(nodes, storage, open),
      canProvision: provisionTest(nodes, storage.storageClass(open.className)),
      selected: open.claim.metadata?.annotations?.['volume.kubernetes.io/selected-node'],
    }));
  return (slot) => {
    const chosen = new Set<object>();
    return plans.every(({ matches: { reserved, free }, canProvision, selected }) => {
      if (selected !== undefined) return nodes.slotOf(selected) === slot && canProvision(slot);
      const found = reserved
        ? reserved.reaches(slot) && reserved
        : free.find(({ volume, reaches }) => !chosen.has(volume) && reaches(slot));
      if (found) chosen.add(found.volume);
      return found ? true : canProvision(slot);
    });
  };
}

/** Whether a volume of a class can be made for a node: its provisioner makes some, and its topologies allow it. */
function provisionTest(nodes: NodeTable, storageClass: StorageClass | undefined): SlotTest {
  if (!storageClass?.provisioner || storageClass.provisioner === 'kubernetes.io/no-provisioner')
    return () => false;
  const topologies = storageClass.allowedTopologies ?? [];
  if (topologies.length === 0) return () => true;
  const tests = topologies
    .filter(({ matchLabelExpressions }) => (matchLabelExpressions ?? []).length > 0)
    .map(({ matchLabelExpressions }) =>
      all(
        (matchLabelExpressions ?? []).flatMap(
          ({ key, values }) => labelTest(nodes, { key, operator: 'In', values }) ?? [],
        ),
      ),
    );
  return (slot) => tests.some((test) => test(slot));
}
