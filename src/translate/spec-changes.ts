import type { Container, Pod, PodSpec, Toleration } from '../kube/types.ts';
import { carriedSpecOf, type Resources } from './carried.ts';
import { clusterSelectorOf } from './cluster-selector.ts';
import { isEqual } from './merge-patch.ts';
import { forbiddenUseOf, type Refusable } from './policy.ts';

/** The lists of containers whose images and resources can change. */
const lists = ['initContainers', 'containers'] as const;

/**
 * The fields that the API lets change in a living pod (ValidatePodUpdate in pkg/apis/core/validation), where they
 * changed above since they were carried last. Where the pods differ without that, something below has changed
 * the field for good reason, and to set it back would, for an image, restart the container.
 */
export function specChanges(desired: PodSpec, lower: Pod): object | undefined {
  const carried = carriedSpecOf(lower.metadata);
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace } = desired;
  const isDeadlineNew =
    typeof deadline === 'number' &&
    deadline !== carried.activeDeadlineSeconds &&
    deadline !== lower.spec?.activeDeadlineSeconds;
  const tolerations = withAdded(desired.tolerations ?? [], lower);
  return unlessEmpty({
    ...forContainers(desired, lower.spec, ({ name, image }, below) =>
      image && image !== below.image && image !== carried.images.get(name) ? { image } : undefined,
    ),
    ...(isDeadlineNew ? { activeDeadlineSeconds: deadline } : {}),
    // The one change of it that is lawful: from a negative number, which old versions let through.
    ...(grace === 1 && (lower.spec?.terminationGracePeriodSeconds ?? 0) < 0
      ? { terminationGracePeriodSeconds: 1 }
      : {}),
    ...(tolerations ? { tolerations } : {}),
  });
}

/** Requests and limits that changed above; what a LimitRange below has added stays. */
export function resourceChanges(desired: PodSpec, lower: Pod): object | undefined {
  const carried = carriedSpecOf(lower.metadata);
  const ofPod = amountChanges(desired.resources, lower.spec?.resources, carried.podResources);
  return unlessEmpty({
    ...forContainers(desired, lower.spec, ({ name, resources }, below) => {
      const changed = amountChanges(resources, below.resources, carried.resources.get(name));
      return changed ? { resources: changed } : undefined;
    }),
    ...(ofPod ? { resources: ofPod } : {}),
  });
}

/** Ephemeral containers are only ever added; those that the operator's policy forbids are not. */
export function newEphemeralContainers(
  desired: PodSpec,
  lower: Pod,
  refused: ReadonlySet<Refusable>,
): object[] | undefined {
  const have = new Set((lower.spec?.ephemeralContainers ?? []).map(({ name }) => name));
  const added = ((desired.ephemeralContainers ?? []) as Container[]).filter(
    (container) => !have.has(container.name) && !forbiddenUseOf(container, refused),
  );
  return added.length > 0 ? added : undefined;
}

/** For each list the entries of a strategic merge patch, found by name; containers that are not below are none. */
function forContainers(
  desired: PodSpec,
  lower: PodSpec | undefined,
  change: (wanted: Container, below: Container) => object | undefined,
): object {
  const changes = lists.map((list) => {
    const below = new Map((lower?.[list] ?? []).map((container) => [container.name, container]));
    const changed = (desired[list] ?? []).flatMap((wanted) => {
      const found = below.get(wanted.name);
      const patch = found && change(wanted, found);
      return patch ? { name: wanted.name, ...patch } : [];
    });
    return [list, changed] as const;
  });
  return Object.fromEntries(changes.filter(([, changed]) => changed.length > 0));
}

function amountChanges(
  wanted: Resources | null | undefined,
  below: Resources | null | undefined,
  carried: Resources | undefined,
): object | undefined {
  const changes = (['requests', 'limits'] as const).map((key) => {
    const have = new Map(Object.entries(below?.[key] ?? {}));
    const before = new Map(Object.entries(carried?.[key] ?? {}));
    const changed = Object.entries(wanted?.[key] ?? {}).filter(
      ([name, amount]) => amount !== have.get(name) && amount !== before.get(name),
    );
    return [key, Object.fromEntries(changed)] as const;
  });
  return unlessEmpty(Object.fromEntries(changes.filter(([, changed]) => Object.keys(changed).length > 0)));
}

/**
 * The lower pod's tolerations with those that `clusterSelector` has gained. They can be added and take another
 * number of seconds, but never go (validateOnlyAddedTolerations).
 */
function withAdded(desired: readonly Toleration[], lower: Pod): Toleration[] | undefined {
  const carried = clusterSelectorOf(lower)?.tolerations ?? [];
  const fresh = desired.filter((wanted) => !carried.some((toleration) => isEqual(toleration, wanted)));
  const have = lower.spec?.tolerations ?? [];
  const kept = have.map((toleration) => fresh.find((wanted) => isSame(wanted, toleration)) ?? toleration);
  const added = fresh.filter((wanted) => !have.some((toleration) => isSame(wanted, toleration)));
  const merged = [...kept, ...added];
  return isEqual(merged.map(plain), have.map(plain)) ? undefined : merged;
}

/** Whether two tolerations differ in nothing but their seconds. */
function isSame(a: Toleration, b: Toleration): boolean {
  return isEqual({ ...plain(a), tolerationSeconds: 0 }, { ...plain(b), tolerationSeconds: 0 });
}

/** As the API server keeps it: without an operator it means Equal. */
function plain(toleration: Toleration) {
  return { ...toleration, operator: toleration.operator ?? 'Equal' };
}

function unlessEmpty(changes: object): object | undefined {
  return Object.keys(changes).length > 0 ? changes : undefined;
}
