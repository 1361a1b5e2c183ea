import type { ObjectMeta, Pod, PodCondition, PodSpec } from '../kube/types.ts';
import type { Owner } from './marks.ts';
import { type MetadataChanges, metadataChanges } from './metadata-changes.ts';
import { carriedSpecAnnotation, clusterSelectorAnnotation, upperGenerationAnnotation } from './names.ts';
import { metadataDown, type PodDownOptions } from './pod-down.ts';
import { chosenCondition, gateTypes } from './readiness-gates.ts';
import type { RefusalOptions } from './refusal.ts';
import { newEphemeralContainers, resourceChanges, specChanges } from './spec-changes.ts';
import { specDown } from './spec-down.ts';

/** A strategic merge patch of a lower pod, or of one of its subresources. */
export interface LowerPatch {
  subresource?: 'ephemeralcontainers' | 'resize' | 'status';
  patch: { metadata?: MetadataChanges; spec?: object; status?: object };
}

type Refused = RefusalOptions['refused'];

/** Annotations that say which state of the upper spec has arrived. */
const vouching: readonly string[] = [upperGenerationAnnotation, carriedSpecAnnotation];

/**
 * What must change in a lower pod after its upper pod was edited, in the order in which it must be sent; empty
 * when it is in step. What vouches for the spec comes after all that it vouches for, and what the lower API
 * server may well refuse, a resize, after what it will not.
 */
export function changesOf(
  upper: Pod,
  lower: Pod,
  owner: Owner,
  options: PodDownOptions & { refused: Refused },
): LowerPatch[] {
  const desired = metadataDown(upper, owner, options);
  const metadata = metadataChanges(desired, lower.metadata);
  const wanted =
    upper.spec && !isSpecCarried(upper.spec, desired, lower, options.refused)
      ? specDown(upper, upper.spec, owner, options)
      : undefined;
  const spec = wanted && specChanges(wanted, lower);
  const later = wanted ? subresourceChanges(wanted, lower, options.refused) : [];
  const [first, last] = later.length > 0 ? split(metadata) : [metadata, {}];
  return [
    ...gateChanges(upper, lower),
    ...(isEmpty(first) && !spec ? [] : [{ patch: withMetadata(first, spec) }]),
    ...later,
    ...(isEmpty(last) ? [] : [{ patch: withMetadata(last) }]),
  ];
}

/**
 * Most reconciles are about the status: they need not translate the spec again. Ephemeral containers come after
 * the pod, whatever it vouches for.
 */
function isSpecCarried(spec: PodSpec, desired: ObjectMeta, lower: Pod, refused: Refused): boolean {
  const have = lower.metadata?.annotations;
  return (
    desired.annotations?.[upperGenerationAnnotation] !== undefined &&
    [...vouching, clusterSelectorAnnotation].every((key) => desired.annotations?.[key] === have?.[key]) &&
    !newEphemeralContainers(spec, lower, refused)
  );
}

function subresourceChanges(wanted: PodSpec, lower: Pod, refused: Refused): LowerPatch[] {
  const ephemeralContainers = newEphemeralContainers(wanted, lower, refused);
  const resized = resourceChanges(wanted, lower);
  return [
    ...(ephemeralContainers
      ? [{ subresource: 'ephemeralcontainers' as const, patch: { spec: { ephemeralContainers } } }]
      : []),
    ...(resized ? [{ subresource: 'resize' as const, patch: { spec: resized } }] : []),
  ];
}

/** Conditions of readiness gates that were set above and are older or missing below. */
function gateChanges(upper: Pod, lower: Pod): LowerPatch[] {
  const conditions = gateTypes(upper).flatMap((type) => {
    const { from, condition, below } = chosenCondition(type, upper, lower);
    const isNews = from === 'upper' && condition !== undefined && condition.status !== below?.status;
    return isNews ? [withoutGeneration(condition)] : [];
  });
  return conditions.length > 0 ? [{ subresource: 'status', patch: { status: { conditions } } }] : [];
}

/** It counts the upper pod's generations. */
function withoutGeneration({ observedGeneration: _upper, ...condition }: PodCondition): PodCondition {
  return condition;
}

/** The changes without and with the annotations that vouch for the spec. */
function split({ labels, annotations = {} }: MetadataChanges): [MetadataChanges, MetadataChanges] {
  const entries = Object.entries(annotations);
  const others = entries.filter(([key]) => !vouching.includes(key));
  const notes = entries.filter(([key]) => vouching.includes(key));
  return [
    {
      ...(labels ? { labels } : {}),
      ...(others.length > 0 ? { annotations: Object.fromEntries(others) } : {}),
    },
    notes.length > 0 ? { annotations: Object.fromEntries(notes) } : {},
  ];
}

function withMetadata(metadata: MetadataChanges, spec?: object): LowerPatch['patch'] {
  return { ...(isEmpty(metadata) ? {} : { metadata }), ...(spec ? { spec } : {}) };
}

function isEmpty(changes: MetadataChanges): boolean {
  return !changes.labels && !changes.annotations;
}
