import type { Container, ObjectMeta, Pod, PodSpec } from '../kube/types.ts';
import { carriedAnnotations } from './carried.ts';
import { clusterSelectorOf, withClusterSelector } from './cluster-selector.ts';
import { withUpperItems, withUpperVariables } from './downward-api.ts';
import { withoutMergedKeys } from './label-keys.ts';
import { marks, type Owner } from './marks.ts';
import { ourPrefix, trippedLabelsAnnotation, upperGenerationAnnotation } from './names.ts';
import { isTokenVolume } from './token-volume.ts';

export interface PodDownOptions {
  /** Labels that stay above (`--ignore-labels`); the lower pod remembers them in `tripped-labels`. */
  ignoreLabels: ReadonlySet<string>;
}

/**
 * The lower pod of an upper one: same namespace and name, our marks, and a spec for the lower cluster's own
 * scheduler and admission. Fields that are not named here travel as they are.
 */
export function podDown(upper: Pod, owner: Owner, options: PodDownOptions): Pod {
  return {
    metadata: metadataDown(upper, owner, options),
    ...(upper.spec ? { spec: specDown(upper, upper.spec) } : {}),
  };
}

/** The metadata of the lower pod. Owners, finalizers and all that the API server keeps stay above. */
export function metadataDown(upper: Pod, owner: Owner, options: PodDownOptions): ObjectMeta {
  const { name = '', namespace = '', uid = '', generation } = upper.metadata ?? {};
  const ours = marks(owner, uid);
  const labels: Record<string, string> = {};
  const tripped: Record<string, string> = {};
  for (const [label, value] of Object.entries(upper.metadata?.labels ?? {})) {
    (options.ignoreLabels.has(label) ? tripped : labels)[label] = value;
  }
  const annotations = Object.fromEntries(
    Object.entries(upper.metadata?.annotations ?? {}).filter(([key]) => !key.startsWith(ourPrefix)),
  );
  if (Object.keys(tripped).length > 0) annotations[trippedLabelsAnnotation] = JSON.stringify(tripped);
  return {
    name,
    namespace,
    labels: { ...labels, ...ours.labels },
    annotations: {
      ...annotations,
      ...ours.annotations,
      ...carriedAnnotations(labels, annotations, upper.spec),
      ...(generation ? { [upperGenerationAnnotation]: String(generation) } : {}),
    },
  };
}

/** `workloadRef` was the name of `schedulingGroup` in Kubernetes 1.35; the models know only one of them. */
type AnyPodSpec = PodSpec & { workloadRef?: unknown };

/**
 * What the upper cluster decided for itself and the lower one decides again: the node, the group that is placed
 * together, the service account, and what admission computes from the priority and runtime classes that do go
 * down. The API server refuses a new pod with ephemeral containers.
 */
function specDown(upper: Pod, spec: AnyPodSpec): PodSpec {
  const {
    nodeName: _node,
    schedulerName: _scheduler,
    serviceAccount: _account,
    serviceAccountName: _accountName,
    priority: _priority,
    preemptionPolicy: _preemption,
    overhead: _overhead,
    ephemeralContainers: _ephemeral,
    schedulingGates: _gates,
    schedulingGroup: _group,
    workloadRef: _workload,
    ...rest
  } = spec;
  const tokenVolumes = new Set((rest.volumes ?? []).filter(isTokenVolume).map((volume) => volume.name));
  const container = (entry: Container) => withUpperVariables(withoutMounts(entry, tokenVolumes), spec);
  const lower: PodSpec = {
    ...withoutMergedKeys(withClusterSelector(rest, clusterSelectorOf(upper) ?? {})),
    automountServiceAccountToken: false,
    containers: (rest.containers ?? []).map(container),
  };
  if (rest.initContainers) lower.initContainers = rest.initContainers.map(container);
  if (rest.volumes) {
    lower.volumes = rest.volumes.filter((volume) => !tokenVolumes.has(volume.name)).map(withUpperItems);
  }
  return lower;
}

function withoutMounts(container: Container, volumes: ReadonlySet<string>): Container {
  if (volumes.size === 0 || !container.volumeMounts) return container;
  return { ...container, volumeMounts: container.volumeMounts.filter((mount) => !volumes.has(mount.name)) };
}
