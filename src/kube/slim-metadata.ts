import type { KubeObject, ObjectMeta } from './types.ts';

/**
 * Of the metadata of an object only which one it is and of what version, for caches of many thousand: what a cache and
 * a deletion need.
 *
 * @param kept the annotations that stay
 */
export function slimMetadata({ metadata }: KubeObject, kept: readonly string[] = []): ObjectMeta {
  const { name, namespace, uid, resourceVersion, annotations = {} } = metadata ?? {};
  const left = Object.entries(annotations).filter(([key]) => kept.includes(key));
  const slim = {
    name,
    namespace,
    uid,
    resourceVersion,
    ...(left.length > 0 && { annotations: Object.fromEntries(left) }),
  };
  return slim as ObjectMeta;
}
