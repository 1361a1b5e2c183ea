import type { Pod, PodSpec } from '../kube/types.ts';
import { clusterSelectorOf, withClusterSelector } from './cluster-selector.ts';
import { withUpperView } from './downward-api.ts';
import { withoutMergedKeys } from './label-keys.ts';
import { withLowerNames } from './lower-names.ts';
import type { Owner } from './marks.ts';
import { type ApiAddress, type ServiceAccountMode, serviceAccountDown } from './service-account.ts';

export interface SpecDownOptions {
  serviceAccounts: ServiceAccountMode;
  /** Where containers below reach the upper API server. */
  upperApi: ApiAddress;
}

/** `workloadRef` was the name of `schedulingGroup` in Kubernetes 1.35; the models know only one of them. */
type AnyPodSpec = PodSpec & { workloadRef?: unknown };

/**
 * The spec for the lower cluster. What the upper cluster decided for itself the lower one decides again: the
 * node, the scheduler, and what the admission of priority and runtime classes computes from their names.
 */
export function specDown(upper: Pod, spec: PodSpec, owner: Owner, options: SpecDownOptions): PodSpec {
  const {
    nodeName: _node,
    schedulerName: _scheduler,
    priority: _priority,
    preemptionPolicy: _preemption,
    overhead: _overhead,
    schedulingGates: _gates,
    schedulingGroup: _group,
    workloadRef: _workload,
    ...rest
  } = spec as AnyPodSpec;
  const placed = withoutMergedKeys(withClusterSelector(rest, clusterSelectorOf(upper) ?? {}));
  const named = withLowerNames(withUpperView(placed), owner);
  return serviceAccountDown(named, upper.metadata?.uid ?? '', options.serviceAccounts, options.upperApi);
}
