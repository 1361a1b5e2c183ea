import { splitKey } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { lowerNameOf } from '../../src/translate/lower-names.ts';
import { isOurs, isVirtual } from '../../src/translate/marks.ts';
import { type Reference, referencesOf } from '../../src/translate/references.ts';
import type { Picture } from './picture.ts';

/** Why a pod cannot be below, as its waiting reason should say; undefined when nothing is in the way. */
export function obstacleOf(picture: Picture, key: string, upper: Pod): string | undefined {
  if (picture.below.pods.has(key)) return 'NameCollision';
  if (!isVirtual(upper)) return 'NotVirtualPod';
  const { namespace } = splitKey(key);
  const states = referencesOf(upper, { withToken: true }).map((reference) =>
    stateOf(picture, namespace, reference),
  );
  return states.find((state) => state !== undefined);
}

function stateOf(
  { above, below, owner }: Picture,
  namespace: string,
  { kind, name, optional }: Reference,
): string | undefined {
  if (!above[kind].has(`${namespace}/${name}`)) return optional ? undefined : 'CreateContainerConfigError';
  const found = below[kind].get(`${namespace}/${lowerNameOf(kind, name, owner)}`);
  return found && !isOurs(found, owner) ? 'NameCollision' : undefined;
}
