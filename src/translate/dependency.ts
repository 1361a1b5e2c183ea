import { createHash } from 'node:crypto';
import type { ConfigMap, KubeObject, ObjectMeta, Secret } from '../kube/types.ts';
import { annotationsDown } from './annotations-down.ts';
import { marks, type Owner } from './marks.ts';
import { contentHashAnnotation, upperVersionAnnotation } from './names.ts';

/**
 * Secrets of these types mean something to the cluster that has them: the one names an account, which is not
 * there below, and in kube-system the other lets machines join. A pod reads them as well without the type.
 */
const clusterTypes = new Set(['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token']);

/** Identifies a state of an upper object: a re-created object never equals its predecessor. */
export function versionOf(metadata: ObjectMeta | undefined): string {
  return `${metadata?.uid}/${metadata?.resourceVersion}`;
}

/**
 * The lower copy of an upper ConfigMap or Secret: its data, labels and annotations under our marks. `immutable`
 * stays above, because a copy must follow when the upper object is made anew.
 *
 * @param name its name below, where that differs
 */
export function dependencyDown<T extends ConfigMap | Secret>(
  upper: T,
  owner: Owner,
  name = upper.metadata?.name,
): T {
  const ours = marks(owner, upper.metadata?.uid ?? '');
  const { immutable: _immutable, metadata, ...content } = upper;
  const copy = { ...content } as T;
  if ('type' in copy && clusterTypes.has(copy.type ?? '')) copy.type = 'Opaque';
  copy.metadata = {
    ...(name === undefined ? {} : { name }),
    ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
    labels: { ...metadata?.labels, ...ours.labels },
    annotations: {
      ...annotationsDown(upper.metadata),
      ...ours.annotations,
      [upperVersionAnnotation]: versionOf(metadata),
      [contentHashAnnotation]: contentHash(copy),
    },
  };
  return copy;
}

/** A short hash over the data of a ConfigMap or Secret, the same however the keys are ordered. */
export function contentHash(object: ConfigMap | Secret): string {
  const { data, type } = object as Secret;
  const { binaryData } = object as ConfigMap;
  const hash = createHash('sha256');
  for (const part of [data, binaryData]) {
    // A value without bytes is null in some answers and empty in others.
    const entries = Object.entries(part ?? {}).map(([key, value]) => [key, value ?? '']);
    hash.update(JSON.stringify(entries.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))));
  }
  return hash
    .update(type ?? '')
    .digest('base64url')
    .slice(0, 22);
}

/**
 * What a cache keeps of a lower copy: metadata, and the hash of what it really holds in place of the data, so
 * that no secret stays in memory. The hash is in {@link heldHash}.
 */
export function withoutContent<T extends ConfigMap | Secret>(copy: T): T {
  // The cache takes in what it gave out: the hash of the hash would be of nothing.
  const hash = heldHash(copy) ?? contentHash(copy);
  return { metadata: copy.metadata, data: { [hashKey]: hash } } as unknown as T;
}

/** Whether a copy in the cache equals this version of the upper object and was not edited below. */
export function isInStep(copy: ConfigMap | Secret, upper: KubeObject): boolean {
  const annotations = copy.metadata?.annotations;
  return (
    annotations?.[upperVersionAnnotation] === versionOf(upper.metadata) &&
    annotations?.[contentHashAnnotation] === heldHash(copy)
  );
}

/** Whether a copy is of this version of the upper object, and somebody below has changed it. */
export function isEditedBelow(copy: ConfigMap | Secret, upper: KubeObject): boolean {
  return (
    copy.metadata?.annotations?.[upperVersionAnnotation] === versionOf(upper.metadata) &&
    !isInStep(copy, upper)
  );
}

const hashKey = 'isthmus.io/held-hash';

function heldHash(copy: ConfigMap | Secret): string | undefined {
  return copy.data?.[hashKey];
}
