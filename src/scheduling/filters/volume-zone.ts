import type { Filter } from '../filter.ts';
import { labelTest, type SlotTest } from '../node-selector.ts';
import type { NodeTable } from '../node-table.ts';
import { podVolumes } from '../pod-volumes.ts';

const reason = 'node(s) had no available volume zone';

/** Old names of the labels, and what they are called now. */
const names: readonly [label: string, current: string][] = [
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
];

/** A node must be in the zone and region that the labels of the pod's volumes name. */
export const volumeZone: Filter = {
  plugin: 'VolumeZone',
  prepare(state, pod) {
    if (pod.claims.length === 0) return undefined;
    const volumes = podVolumes(state, pod);
    if ('refusesPod' in volumes) return volumes;
    const tests: SlotTest[] = [];
    for (const { volume, volumeName, isEphemeral } of volumes.bound) {
      if (isEphemeral) continue;
      if (!volume) return { refusesPod: `persistentvolume "${volumeName}" not found` };
      for (const [label, current] of names) {
        const zones = volume.metadata?.labels?.[label];
        if (zones !== undefined) tests.push(zoneTest(state.nodes, label, current, zones.split('__')));
      }
    }
    if (tests.length === 0) return undefined;
    const zoned = names.map(([label]) => state.nodes.label(label)).filter((column) => column !== undefined);
    return {
      check: (slot) => {
        // A node without any zone is in a cluster that has only one.
        if (!zoned.some(({ ids }) => (ids[slot] ?? 0) !== 0)) return undefined;
        return tests.every((test) => test(slot)) ? undefined : reason;
      },
    };
  },
};

/** A node's label goes by the volume's own name for it first. */
function zoneTest(nodes: NodeTable, label: string, current: string, values: string[]): SlotTest {
  const own = nodes.label(label);
  const inOwn = labelTest(nodes, { key: label, operator: 'In', values });
  const inCurrent = labelTest(nodes, { key: current, operator: 'In', values });
  return (slot) => {
    const test = (own?.ids[slot] ?? 0) !== 0 ? inOwn : inCurrent;
    return test?.(slot) ?? false;
  };
}
