import { createHash } from 'node:crypto';
import type { ConfigMap, KubeObject, ObjectMeta, Secret } from '../kube/types.ts';
import { lowerNameOf } from './lower-names.ts';
import { marks, type Owner } from './marks.ts';
import { contentHashAnnotation, upperVersionAnnotation } from './names.ts';

/** kubectl keeps the whole object in it, for a Secret its data as well. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Identifies a state of an upper object: a re-created object never equals its predecessor. */
export function versionOf(metadata: ObjectMeta | undefined): string {
  return `${metadata?.uid}/${metadata?.resourceVersion}`;
}

/**
 * The lower copy of an upper ConfigMap or Secret: its data, labels and annotations under our marks. `immutable`
 * stays above, because a copy must follow when the upper object is made anew. The token of a service account
 * becomes an opaque secret, since below it would be checked against an account that does not exist there.
 */
export function dependencyDown<T extends ConfigMap | Secret>(
  kind: 'ConfigMap' | 'Secret',
  upper: T,
  owner: Owner,
): T {
  const ours = marks(owner, upper.metadata?.uid ?? '');
  const { [lastApplied]: _applied, ...annotations } = upper.metadata?.annotations ?? {};
  const { immutable: _immutable, metadata, ...content } = upper;
  const copy = { ...content } as T;
  if ('type' in copy && copy.type === 'kubernetes.io/service-account-token') copy.type = 'Opaque';
  copy.metadata = {
    ...(metadata?.name === undefined ? {} : { name: lowerNameOf(kind, metadata.name, owner) }),
    ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
    labels: { ...metadata?.labels, ...ours.labels },
    annotations: {
      ...annotations,
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
    hash.update(JSON.stringify(Object.entries(part ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))));
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
  const hash = contentHash(copy);
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

const hashKey = 'isthmus.io/held-hash';

function heldHash(copy: ConfigMap | Secret): string | undefined {
  return copy.data?.[hashKey];
}
