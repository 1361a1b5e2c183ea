import type { Client } from '../../kube/client.ts';
import { Reflector } from '../../kube/reflector.ts';
import {
  csiNodes,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  storageClasses,
} from '../../kube/resources.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import type { Picture } from '../../scheduling/picture.ts';
import { sinkOf } from './sink.ts';
import { slimNode, slimObject, slimPod } from './slim.ts';

/** Pods that have ended take no room, and may be many. */
export const unfinished = 'status.phase!=Succeeded,status.phase!=Failed';

/** Is told of each pod after the picture was; of its end without the pod. */
export type OnPod = (key: string, pod: Pod | undefined) => void;

/**
 * Everything that a lower scheduler looks at, watched into a picture. All nodes are in it, also those that a virtual
 * node does not offer: the pods on them count for spread and affinity.
 *
 * @returns what does not run yet
 */
export function watchesInto(
  picture: Picture,
  lower: Client,
  onPod: OnPod,
  onError: (message: string) => void,
): Watches {
  const watch = <T extends KubeObject>(
    resource: Resource<T>,
    apply: (object: T, key: string) => void,
    forget: (key: string) => void,
    { slim = slimObject, fieldSelector }: { slim?: (object: T) => T; fieldSelector?: string } = {},
  ) =>
    new Reflector(lower, resource, sinkOf(apply, forget), {
      slim,
      fieldSelector,
      onError,
    });
  const applyPod = (pod: Pod, key: string) => {
    picture.applyPod(pod);
    onPod(key, pod);
  };
  const removePod = (key: string) => {
    picture.removePod(key);
    onPod(key, undefined);
  };
  return new Watches([
    watch(
      nodes,
      (node) => picture.applyNode(node),
      (name) => picture.removeNode(name),
      { slim: slimNode },
    ),
    watch(pods, applyPod, removePod, { slim: (pod) => slimPod(pod), fieldSelector: unfinished }),
    watch(
      persistentVolumes,
      (volume) => picture.applyVolume(volume),
      (name) => picture.removeVolume(name),
    ),
    watch(
      persistentVolumeClaims,
      // The scheduler's choice of a node for a claim is an annotation.
      (claim) => picture.applyClaim(claim),
      (key) => picture.removeClaim(key),
      { slim: (claim) => claim },
    ),
    watch(
      namespaces,
      (namespace) => picture.applyNamespace(namespace),
      (name) => picture.removeNamespace(name),
    ),
    watch(
      storageClasses,
      (storageClass) => picture.applyStorageClass(storageClass),
      (name) => picture.removeStorageClass(name),
    ),
    watch(
      csiNodes,
      (csiNode) => picture.applyCsiNode(csiNode),
      (name) => picture.removeCsiNode(name),
      // Which plugins were migrated is an annotation.
      { slim: (csiNode) => csiNode },
    ),
  ]);
}
