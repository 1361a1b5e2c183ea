import type { PodSpec } from '../kube/types.ts';
import { keyConditions } from './affinity-term.ts';
import { type LabelSelector, type Labels, readSelector, type Selector } from './label-selector.ts';

type TopologySpreadConstraint = NonNullable<PodSpec['topologySpreadConstraints']>[number];

/** A `v1.TopologySpreadConstraint` with its defaults. */
export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: Selector;
  /** Whether nodes that the pod's own node affinity, or its tolerations, exclude are left out of the count. */
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
  /** Equal for constraints that mean the same on pods of the same labels. */
  readonly identity: string;
}

/** Reads the constraints that must hold (`DoNotSchedule`), or those that only should (`ScheduleAnyway`). */
export function readConstraints(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway',
  labels: Labels,
): SpreadConstraint[] {
  return (constraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => ({ identity: JSON.stringify(constraint), ...constraint }))
    .map(({ identity, topologyKey, maxSkew, minDomains, labelSelector, matchLabelKeys, ...policies }) => ({
      identity,
      topologyKey,
      maxSkew,
      minDomains: minDomains ?? 1,
      selector: readSelector(
        labelSelector as LabelSelector | undefined,
        keyConditions(matchLabelKeys, 'In', labels),
      ),
      honorsAffinity: policies.nodeAffinityPolicy !== 'Ignore',
      honorsTaints: policies.nodeTaintsPolicy === 'Honor',
    }));
}
