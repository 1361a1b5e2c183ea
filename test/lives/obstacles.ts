import { splitKey } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { lowerNameOf } from '../../src/translate/lower-names.ts';
import { isOurs, isVirtual } from '../../src/translate/marks.ts';
import { type Reference, referencesOf } from '../../src/translate/references.ts';
import type { Picture } from './picture.ts';

/** Why a pod cannot be below, any of which its waiting reason may say; empty when nothing is in the way. */
export function obstaclesOf(picture: Picture, key: string, upper: Pod): string[] {
  if (!isVirtual(upper)) return ['NotVirtualPod'];
  if (picture.below.pods.has(key)) return ['NameCollision'];
  const { namespace } = splitKey(key);
  return referencesOf(upper, { withToken: true }).flatMap((reference) =>
    obstaclesIn(picture, namespace, reference),
  );
}

/** A foreign object is in the way even where there is none above: the pod would find it in place of nothing. */
function obstaclesIn(
  { above, below, owner }: Picture,
  namespace: string,
  { kind, name, optional }: Reference,
): string[] {
  const found = below[kind].get(`${namespace}/${lowerNameOf(kind, name, owner)}`);
  const isMissing = !optional && !above[kind].has(`${namespace}/${name}`);
  return [
    ...(isMissing ? ['CreateContainerConfigError'] : []),
    ...(found && !isOurs(found, owner) ? ['NameCollision'] : []),
  ];
}
