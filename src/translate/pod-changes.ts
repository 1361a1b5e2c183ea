import type { Container, ObjectMeta, Pod } from '../kube/types.ts';
import { carriedNamesOf, carriedSpecOf } from './carried.ts';
import type { Owner } from './marks.ts';
import { metadataDown, type PodDownOptions } from './pod-down.ts';

interface NamedImage {
  name: string;
  image: string;
}

/** A strategic merge patch of a lower pod. */
export interface PodPatch {
  metadata: Partial<Record<'labels' | 'annotations', Record<string, string | null>>> & { uid?: string };
  spec?: {
    containers?: NamedImage[];
    initContainers?: NamedImage[];
    activeDeadlineSeconds?: number;
  };
}

/**
 * What must change in a lower pod after its upper pod was edited, or undefined when it is in step. Labels and
 * annotations that something below added are left alone. Of the spec only that goes down which changed above
 * since it was carried last: where the pods differ without that, a lower admission webhook has rewritten the
 * image for good reason, and to set it back would restart the container.
 */
export function changesOf(
  upper: Pod,
  lower: Pod,
  owner: Owner,
  options: PodDownOptions,
): PodPatch | undefined {
  const desired = metadataDown(upper, owner, options);
  const carried = carriedNamesOf(lower.metadata);
  const labels = mapChanges(lower.metadata?.labels, desired.labels, carried.labels);
  const annotations = mapChanges(lower.metadata?.annotations, desired.annotations, carried.annotations);
  const spec = specChanges(upper, lower);
  if (!labels && !annotations && !spec) return undefined;
  return {
    metadata: {
      ...(lower.metadata?.uid ? { uid: lower.metadata.uid } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    ...(spec ? { spec } : {}),
  };
}

function specChanges(upper: Pod, lower: Pod): PodPatch['spec'] {
  const carried = carriedSpecOf(lower.metadata);
  const containers = imageChanges(upper.spec?.containers, lower.spec?.containers, carried.images);
  const initContainers = imageChanges(upper.spec?.initContainers, lower.spec?.initContainers, carried.images);
  const deadline = upper.spec?.activeDeadlineSeconds;
  const isDeadlineNew =
    typeof deadline === 'number' &&
    deadline !== carried.activeDeadlineSeconds &&
    deadline !== lower.spec?.activeDeadlineSeconds;
  const changes: NonNullable<PodPatch['spec']> = {
    ...(containers.length > 0 ? { containers } : {}),
    ...(initContainers.length > 0 ? { initContainers } : {}),
    ...(isDeadlineNew ? { activeDeadlineSeconds: deadline } : {}),
  };
  return Object.keys(changes).length > 0 ? changes : undefined;
}

function imageChanges(
  upper: Container[] | undefined,
  lower: Container[] | undefined,
  carried: ReadonlyMap<string, string>,
): NamedImage[] {
  const below = new Map((lower ?? []).map((container) => [container.name, container.image]));
  return (upper ?? []).flatMap(({ name, image }) =>
    image && below.has(name) && image !== below.get(name) && image !== carried.get(name)
      ? [{ name, image }]
      : [],
  );
}

/** Keys to set, and keys to take away (null) because they came from above and are there no more. */
function mapChanges(
  lower: ObjectMeta['labels'],
  desired: ObjectMeta['labels'],
  carried: readonly string[],
): Record<string, string | null> | undefined {
  const have = new Map(Object.entries(lower ?? {}));
  const want = new Map(Object.entries(desired ?? {}));
  const changes: [string, string | null][] = [...want].filter(([key, value]) => have.get(key) !== value);
  for (const key of carried) if (have.has(key) && !want.has(key)) changes.push([key, null]);
  return changes.length > 0 ? Object.fromEntries(changes) : undefined;
}
