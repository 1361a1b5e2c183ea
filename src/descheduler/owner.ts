import type { Pod } from '../kube/types.ts';

/** The controller that makes another pod when this one goes; undefined when nobody does. */
export function controllerOf({ metadata }: Pod): { kind: string; name: string; uid: string } | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller);
}

/** Under which key it is remembered where a pod was in vain: pods of a controller are alike. */
export function ownerKeyOf(pod: Pod): string {
  return controllerOf(pod)?.uid ?? pod.metadata?.uid ?? '';
}
