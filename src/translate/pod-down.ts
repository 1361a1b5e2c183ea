import type { ObjectMeta, Pod } from '../kube/types.ts';
import { carriedAnnotations } from './carried.ts';
import { marks, type Owner } from './marks.ts';
import { ourPrefix, trippedLabelsAnnotation, upperGenerationAnnotation } from './names.ts';
import { type SpecDownOptions, specDown } from './spec-down.ts';

export interface PodDownOptions extends SpecDownOptions {
  /** Labels that stay above (`--ignore-labels`); the lower pod remembers them in `tripped-labels`. */
  ignoreLabels: ReadonlySet<string>;
}

/**
 * The lower pod of an upper one: same namespace and name, our marks, and a spec for the lower cluster's own
 * scheduler and admission. Fields that are not named here travel as they are.
 */
export function podDown(upper: Pod, owner: Owner, options: PodDownOptions): Pod {
  const metadata = metadataDown(upper, owner, options);
  if (!upper.spec) return { metadata };
  // The API server takes ephemeral containers only through their own subresource, once the pod is there.
  const { ephemeralContainers: _later, ...spec } = specDown(upper, upper.spec, owner, options);
  return { metadata, spec };
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
