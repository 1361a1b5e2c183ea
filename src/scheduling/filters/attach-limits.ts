import type { ClusterState } from '../cluster-state.ts';
import type { Filter } from '../filter.ts';
import { attachedVolumes } from '../pod-volumes.ts';
import { reach } from '../reach.ts';

const reason = 'node(s) exceed max volume count';

/** The volumes of the pods on a node, as long as neither they nor the cluster's volumes have changed. */
interface Attached {
  readonly claimChanges: number;
  readonly version: number;
  readonly volumes: ReadonlyMap<string, string>;
}

const known = new WeakMap<ClusterState, Map<string, Attached>>();

/** A node attaches only so many volumes of a driver; a volume that is there already costs nothing. */
export const attachLimits: Filter = {
  plugin: 'NodeVolumeLimits',
  prepare(state, pod) {
    const wanted = pod.claims.length > 0 ? attachedVolumes(state, pod.namespace, pod) : undefined;
    if (!wanted || wanted.size === 0) return undefined;
    return {
      check: (slot) => {
        const nodeName = state.nodes.nameOf(slot) ?? '';
        const limits = state.storage.attachLimits(nodeName);
        return limits && limits.size > 0 && exceeds(limits, volumesOn(state, nodeName), wanted)
          ? reason
          : undefined;
      },
    };
  },
};

function exceeds(
  limits: ReadonlyMap<string, number>,
  there: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): boolean {
  const more = [...wanted].filter(([volume]) => !there.has(volume));
  return more.some(([, driver]) => {
    const limit = limits.get(driver);
    if (limit === undefined) return false;
    let used = 0;
    for (const other of there.values()) if (other === driver) used += 1;
    return used + more.filter(([, other]) => other === driver).length > limit;
  });
}

function volumesOn(state: ClusterState, nodeName: string): ReadonlyMap<string, string> {
  const nodes = reach(known, state, () => new Map<string, Attached>());
  const claimChanges = state.pods.claimChanges(nodeName);
  const { version } = state.storage;
  const before = nodes.get(nodeName);
  if (before?.claimChanges === claimChanges && before.version === version) return before.volumes;
  const volumes = new Map<string, string>();
  for (const pod of state.pods.on(nodeName)) {
    if (pod.claims.length === 0) continue;
    for (const [volume, driver] of attachedVolumes(state, pod.group.namespace, pod))
      volumes.set(volume, driver);
  }
  nodes.set(nodeName, { claimChanges, version, volumes });
  return volumes;
}
