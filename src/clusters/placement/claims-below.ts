import type { PersistentVolumeClaim, Pod } from '../../kube/types.ts';
import type { Picture } from '../../scheduling/picture.ts';
import { claimDown } from '../../translate/storage/claim-down.ts';
import { classNameOf, selectedNodeOf } from '../../translate/storage/claim-place.ts';
import { claimKeysOf } from '../../translate/storage/claim-uses.ts';
import { lowerClassOf } from '../../translate/storage/class-map.ts';
import type { ClusterConfiguration } from '../lower-cluster.ts';

/** No scheduler asks whose a claim is. */
const nobody = { upperCluster: '', virtualNode: '' };
const none: readonly PersistentVolumeClaim[] = [];

/** Finds an upper claim by its `namespace/name`. */
export type ClaimOf = (key: string) => PersistentVolumeClaim | undefined;

/** Says which claims will be made below with a pod, for the questions of the lower cluster's scheduler. */
export class ClaimsBelow {
  readonly #claimOf: ClaimOf;

  constructor(claimOf: ClaimOf) {
    this.#claimOf = claimOf;
  }

  /** The key of a claim of the pod that is not known above; the pod may have come faster than its claim. */
  missingOf(pod: Pod): string | undefined {
    return claimKeysOf(pod).find((key) => this.#claimOf(key) === undefined);
  }

  /** The node that a claim of the pod is on, or is to be on. */
  nodeOf(pod: Pod): string | undefined {
    for (const key of claimKeysOf(pod)) {
      const claim = this.#claimOf(key);
      const node = claim && selectedNodeOf(claim);
      if (node !== undefined) return node;
    }
    return undefined;
  }

  /**
   * The claims of an upper pod as the provider of a cluster would make them. Those that are below already are looked
   * at instead. Nodes that a claim is not on have been passed by above, by its volume or its selected node.
   */
  of(
    pod: Pod,
    { storageClasses }: Pick<ClusterConfiguration, 'storageClasses'>,
    { classes }: Pick<Picture, 'classes'>,
  ): readonly PersistentVolumeClaim[] {
    const keys = claimKeysOf(pod);
    if (keys.length === 0) return none;
    return keys.flatMap((key) => {
      const claim = this.#claimOf(key);
      if (!claim) return [];
      const below = lowerClassOf(classNameOf(claim), storageClasses, classes);
      // Of a class that is not there nothing can be made, and nothing is.
      return claimDown(claim, nobody, 'missing' in below ? classNameOf(claim) : below.className);
    });
  }
}
