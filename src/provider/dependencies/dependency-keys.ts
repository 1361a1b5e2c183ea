import type { KubeObject, Pod } from '../../kube/types.ts';
import { isLowerOwn, lowerNameOf, upperNameOf } from '../../translate/lower-names.ts';
import { type Owner, upperUidOf } from '../../translate/marks.ts';
import { type Reference, referencesOf } from '../../translate/references.ts';
import { type ServiceAccountMode, tokenSecretName } from '../../translate/service-account.ts';

export type DependencyKind = Reference['kind'];

/** The key of a dependency in its queue and in the indexes of pods; the name is the one above. */
export function dependencyKey(kind: DependencyKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** The key of the upper object that a copy below stands for. */
export function keyOfCopy(kind: DependencyKind, { metadata }: KubeObject, owner: Owner): string {
  return dependencyKey(kind, metadata?.namespace ?? '', upperNameOf(kind, metadata?.name ?? '', owner));
}

/** What a dependency's key is made of, and its name below. */
export function partsOf(key: string, owner: Owner) {
  const [kind, namespace, name] = key.split('/') as [DependencyKind, string, string];
  return { kind, namespace, name, lowerName: lowerNameOf(kind, name, owner) };
}

/** What an upper pod needs below. */
export function neededBy(upper: Pod, mode: ServiceAccountMode): Reference[] {
  return referencesOf(upper, { withToken: mode === 'upper' }).filter(
    ({ kind, name }) => !isLowerOwn(kind, name, mode),
  );
}

/** The keys of all that an upper pod names, for an index. */
export function keysOfUpperPod(upper: Pod, mode: ServiceAccountMode): string[] {
  const namespace = upper.metadata?.namespace ?? '';
  return neededBy(upper, mode).map(({ kind, name }) => dependencyKey(kind, namespace, name));
}

/**
 * The keys of all that a lower pod of ours names, for an index. The Secret with its tokens is no copy of anything above:
 * taken for one, it would be one that is gone above, and be deleted.
 */
export function keysOfLowerPod(lower: Pod, owner: Owner): string[] {
  const namespace = lower.metadata?.namespace ?? '';
  const tokens = tokenSecretName(upperUidOf(lower) ?? '');
  return referencesOf(lower, { withToken: false })
    .filter(({ kind, name }) => kind !== 'Secret' || name !== tokens)
    .map(({ kind, name }) => dependencyKey(kind, namespace, upperNameOf(kind, name, owner)));
}
