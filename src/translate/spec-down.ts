import type { LabelRequirement } from '../kube/selector.ts';
import type { Pod, PodSpec } from '../kube/types.ts';
import { clusterSelectorOf, withClusterSelector } from './cluster-selector.ts';
import { withUpperView } from './downward-api.ts';
import { fieldsThatAre, without } from './fates/fate.ts';
import { podSpecFates } from './fates/pod-spec.ts';
import { withoutMergedKeys } from './label-keys.ts';
import { withLowerNames } from './lower-names.ts';
import type { Owner } from './marks.ts';
import { withNodeRequirements } from './node-requirements.ts';
import { type ApiAddress, type ServiceAccountMode, serviceAccountDown } from './service-account.ts';
import { withClaims } from './storage/claim-uses.ts';

export interface SpecDownOptions {
  serviceAccounts: ServiceAccountMode;
  /** Where containers below reach the upper API server. */
  upperApi: ApiAddress;
  /** What a lower node must be to be offered by the virtual node (`--node-selector`). */
  nodeRequirements: readonly LabelRequirement[];
}

/** What the upper cluster decided for itself, and the lower one decides again. */
const decidedAbove = fieldsThatAre('dropped', podSpecFates);

/** The spec for the lower cluster's own scheduler and admission; the fates of its fields are in fates/. */
export function specDown(upper: Pod, spec: PodSpec, owner: Owner, options: SpecDownOptions): PodSpec {
  const mode = options.serviceAccounts;
  const undecided = without(spec, decidedAbove);
  const selected = withClusterSelector(undecided, clusterSelectorOf(upper) ?? {});
  const claimed = withClaims(selected, upper.metadata?.name ?? '');
  const placed = withNodeRequirements(withoutMergedKeys(claimed), options.nodeRequirements);
  const named = withLowerNames(withUpperView(placed), owner, mode);
  return serviceAccountDown(named, upper.metadata?.uid ?? '', mode, options.upperApi);
}
