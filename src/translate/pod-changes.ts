import type { Container, ObjectMeta, Pod } from '../kube/types.ts';
import type { Owner } from './marks.ts';
import { carriedNamesAnnotation, upperGenerationAnnotation } from './names.ts';
import { metadataDown, type PodDownOptions } from './pod-down.ts';

/** A strategic merge patch of a lower pod. */
export interface PodPatch {
  metadata: Partial<Record<'labels' | 'annotations', Record<string, string | null>>> & { uid?: string };
  spec?: {
    containers?: { name: string; image: string }[];
    initContainers?: { name: string; image: string }[];
    activeDeadlineSeconds?: number;
  };
}

/**
 * What must change in a lower pod after its upper pod was edited, or undefined when it is in step. Labels and
 * annotations that something below added are left alone, and so are spec fields once the upper generation they
 * came from has been carried: a lower admission webhook may have rewritten them for good reason.
 */
export function changesOf(
  upper: Pod,
  lower: Pod,
  owner: Owner,
  options: PodDownOptions,
): PodPatch | undefined {
  const desired = metadataDown(upper, owner, options);
  const carried = carriedNames(lower.metadata);
  const labels = mapChanges(lower.metadata?.labels, desired.labels, carried.labels);
  const annotations = mapChanges(lower.metadata?.annotations, desired.annotations, carried.annotations);
  const spec = isSpecCarried(desired, lower.metadata) ? undefined : specChanges(upper, lower);
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

function isSpecCarried(desired: ObjectMeta, lower: ObjectMeta | undefined): boolean {
  const generation = desired.annotations?.[upperGenerationAnnotation];
  return generation !== undefined && generation === lower?.annotations?.[upperGenerationAnnotation];
}

function specChanges(upper: Pod, lower: Pod): PodPatch['spec'] {
  const containers = imageChanges(upper.spec?.containers, lower.spec?.containers);
  const initContainers = imageChanges(upper.spec?.initContainers, lower.spec?.initContainers);
  const deadline = upper.spec?.activeDeadlineSeconds;
  const changes: NonNullable<PodPatch['spec']> = {
    ...(containers.length > 0 ? { containers } : {}),
    ...(initContainers.length > 0 ? { initContainers } : {}),
    ...(deadline !== undefined && deadline !== lower.spec?.activeDeadlineSeconds
      ? { activeDeadlineSeconds: deadline }
      : {}),
  };
  return Object.keys(changes).length > 0 ? changes : undefined;
}

function imageChanges(upper: Container[] = [], lower: Container[] = []): { name: string; image: string }[] {
  const below = new Map(lower.map((container) => [container.name, container.image]));
  return upper.flatMap(({ name, image }) =>
    image !== undefined && below.has(name) && below.get(name) !== image ? [{ name, image }] : [],
  );
}

/** Keys to set, and keys to take away (null) because they came from above and are there no more. */
function mapChanges(
  lower: Record<string, string> = {},
  desired: Record<string, string> = {},
  carried: readonly string[],
): Record<string, string | null> | undefined {
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(desired)) if (lower[key] !== value) changes[key] = value;
  for (const key of carried) if (!(key in desired) && key in lower) changes[key] = null;
  return Object.keys(changes).length > 0 ? changes : undefined;
}

function carriedNames(metadata: ObjectMeta | undefined): { labels: string[]; annotations: string[] } {
  try {
    const names = JSON.parse(metadata?.annotations?.[carriedNamesAnnotation] ?? '{}');
    return { labels: strings(names.labels), annotations: strings(names.annotations) };
  } catch {
    return { labels: [], annotations: [] };
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
