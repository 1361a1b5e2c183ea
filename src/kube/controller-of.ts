import type { KubeObject } from './types.ts';

/** The controller that looks after an object, and makes another when this one goes; undefined when nobody does. */
export function controllerOf({
  metadata,
}: KubeObject): { kind: string; name: string; uid: string } | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller);
}
