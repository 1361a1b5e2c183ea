import type { Container, ObjectMeta, Pod, PodCondition, PodSpec } from '../kube/types.ts';
import type { Owner } from './marks.ts';
import { isEqual } from './merge-patch.ts';
import { carriedNamesAnnotation, upperGenerationAnnotation } from './names.ts';
import { metadataDown, type PodDownOptions } from './pod-down.ts';
import { chosenCondition, gateTypes } from './readiness-gates.ts';
import { specDown } from './spec-down.ts';

/** A strategic merge patch of a lower pod, or of one of its subresources. */
export interface LowerPatch {
  subresource?: 'ephemeralcontainers' | 'resize' | 'status';
  patch: { metadata?: object; spec?: object; status?: object };
}

/**
 * What must change in a lower pod after its upper pod was edited, in the order in which it must be sent; empty
 * when it is in step. Labels and annotations that something below added are left alone, and so are spec fields
 * once the upper generation they came from has been carried: a lower admission webhook may have rewritten them
 * for good reason. The patch that notes the generation comes after those that it vouches for.
 */
export function changesOf(upper: Pod, lower: Pod, owner: Owner, options: PodDownOptions): LowerPatch[] {
  const metadata = metadataDown(upper, owner, options);
  const patches: LowerPatch[] = [];
  let spec: object | undefined;
  if (upper.spec && !isSpecCarried(metadata, lower.metadata)) {
    const desired = specDown(upper, upper.spec, owner, options);
    const ephemeralContainers = newEphemeralContainers(desired, lower.spec);
    if (ephemeralContainers)
      patches.push({ subresource: 'ephemeralcontainers', patch: { spec: { ephemeralContainers } } });
    const resized = resourceChanges(desired, lower.spec);
    if (resized) patches.push({ subresource: 'resize', patch: { spec: resized } });
    spec = specChanges(desired, lower.spec);
  }
  const labelsAndAnnotations = metadataChanges(metadata, lower.metadata);
  if (labelsAndAnnotations || spec) {
    patches.push({
      patch: {
        ...(labelsAndAnnotations ? { metadata: labelsAndAnnotations } : {}),
        ...(spec ? { spec } : {}),
      },
    });
  }
  const conditions = gateConditions(upper, lower);
  if (conditions.length > 0) patches.push({ subresource: 'status', patch: { status: { conditions } } });
  return patches;
}

function isSpecCarried(desired: ObjectMeta, lower: ObjectMeta | undefined): boolean {
  const generation = desired.annotations?.[upperGenerationAnnotation];
  return generation !== undefined && generation === lower?.annotations?.[upperGenerationAnnotation];
}

/** The fields that the API lets change in place (ValidatePodUpdate in pkg/apis/core/validation). */
function specChanges(desired: PodSpec, lower: PodSpec | undefined): object | undefined {
  const changes: Record<string, unknown> = {};
  for (const list of ['containers', 'initContainers'] as const) {
    const images = pairs(desired[list], lower?.[list]).flatMap(([{ name, image }, below]) =>
      image !== undefined && image !== below.image ? [{ name, image }] : [],
    );
    if (images.length > 0) changes[list] = images;
  }
  const { activeDeadlineSeconds, tolerations = [] } = desired;
  if (activeDeadlineSeconds !== undefined && activeDeadlineSeconds !== lower?.activeDeadlineSeconds) {
    changes['activeDeadlineSeconds'] = activeDeadlineSeconds;
  }
  const have = lower?.tolerations ?? [];
  const added = tolerations.filter((wanted) => !have.some((toleration) => isEqual(toleration, wanted)));
  if (added.length > 0) changes['tolerations'] = [...have, ...added];
  return Object.keys(changes).length > 0 ? changes : undefined;
}

/** Requests and limits that differ; what a LimitRange below has added stays. */
function resourceChanges(desired: PodSpec, lower: PodSpec | undefined): object | undefined {
  const changes: Record<string, unknown> = {};
  for (const list of ['containers', 'initContainers'] as const) {
    const resized = pairs(desired[list], lower?.[list]).flatMap(([{ name, resources }, below]) => {
      const requests = valueChanges(resources?.requests, below.resources?.requests);
      const limits = valueChanges(resources?.limits, below.resources?.limits);
      if (!requests && !limits) return [];
      return [{ name, resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) } }];
    });
    if (resized.length > 0) changes[list] = resized;
  }
  return Object.keys(changes).length > 0 ? changes : undefined;
}

function newEphemeralContainers(desired: PodSpec, lower: PodSpec | undefined): object[] | undefined {
  const have = new Set((lower?.ephemeralContainers ?? []).map(({ name }) => name));
  const added = (desired.ephemeralContainers ?? []).filter(({ name }) => !have.has(name));
  return added.length > 0 ? added : undefined;
}

/** Conditions of readiness gates that were set above and are older or missing below. */
function gateConditions(upper: Pod, lower: Pod): PodCondition[] {
  return gateTypes(upper).flatMap((type) => {
    const { chosen, below } = chosenCondition(type, upper, lower);
    return chosen && chosen !== below && chosen.status !== below?.status ? [withoutGeneration(chosen)] : [];
  });
}

/** It counts the upper pod's generations. */
function withoutGeneration({ observedGeneration: _upper, ...condition }: PodCondition): PodCondition {
  return condition;
}

function metadataChanges(desired: ObjectMeta, lower: ObjectMeta | undefined): object | undefined {
  const carried = carriedNames(lower);
  const labels = mapChanges(lower?.labels, desired.labels, carried.labels);
  const annotations = mapChanges(lower?.annotations, desired.annotations, carried.annotations);
  if (!labels && !annotations) return undefined;
  return { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
}

/** Keys to set, and keys to take away (null) because they came from above and are there no more. */
function mapChanges(
  lower: Record<string, string> = {},
  desired: Record<string, string> = {},
  carried: readonly string[],
): Record<string, string | null> | undefined {
  const changes: Record<string, string | null> = { ...valueChanges(desired, lower) };
  for (const key of carried) if (!(key in desired) && key in lower) changes[key] = null;
  return Object.keys(changes).length > 0 ? changes : undefined;
}

/** The entries of `desired` that `have` lacks or has otherwise. */
function valueChanges(
  desired: Record<string, string> | undefined,
  have: Record<string, string> | undefined,
): Record<string, string> | undefined {
  const changed = Object.entries(desired ?? {}).filter(([key, value]) => have?.[key] !== value);
  return changed.length > 0 ? Object.fromEntries(changed) : undefined;
}

function pairs(desired: Container[] = [], lower: Container[] = []): [Container, Container][] {
  const below = new Map(lower.map((container) => [container.name, container]));
  return desired.flatMap((container): [Container, Container][] => {
    const match = below.get(container.name);
    return match ? [[container, match]] : [];
  });
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
