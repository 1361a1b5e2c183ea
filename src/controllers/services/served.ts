import type { ControllerContext } from '../../clusters/controller.ts';
import type { KubeObject } from '../../kube/types.ts';
import { isOfUpperCluster } from '../../translate/marks.ts';

/** What is whose, for a virtual node that may serve one upper namespace alone. */
export interface Served {
  /** Whether an upper namespace is served. */
  isServed(namespace: string | undefined): boolean;
  /** Whether an object below is a copy from the upper cluster, in a namespace that is served. */
  isOurs(object: KubeObject): boolean;
}

/** Says it of a virtual node. */
export function servedBy({
  configuration,
  owner,
}: Pick<ControllerContext, 'configuration' | 'owner'>): Served {
  const isServed: Served['isServed'] = (namespace) =>
    configuration.namespace === undefined || configuration.namespace === namespace;
  return {
    isServed,
    isOurs: (object) => isOfUpperCluster(object, owner) && isServed(object.metadata?.namespace),
  };
}
