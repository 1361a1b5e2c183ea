import type { ReflectorCache } from '../../kube/reflector.ts';
import { keyOf } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';

/**
 * Passes on what a reflector brings, and keeps nothing of it but the keys, by which a later list tells what is gone.
 *
 * @param apply told of each object, in order
 * @param forget told of each that is gone, by `namespace/name` or name
 */
export function sinkOf<T extends KubeObject>(
  apply: (object: T, key: string) => void,
  forget: (key: string) => void,
): ReflectorCache<T> {
  const keys = new Set<string>();
  const put = (object: T) => {
    const key = keyOf(object);
    keys.add(key);
    apply(object, key);
  };
  const drop = (key: string) => {
    if (keys.delete(key)) forget(key);
  };
  return {
    apply: put,
    remove: (object) => drop(keyOf(object)),
    replace(objects) {
      const present = new Set(objects.map(keyOf));
      for (const key of [...keys]) if (!present.has(key)) drop(key);
      for (const object of objects) put(object);
    },
  };
}
