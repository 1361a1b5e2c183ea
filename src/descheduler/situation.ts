import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import type { LowerPod } from '../clusters/feed/lower-pod.ts';
import type { PodsBelow } from '../clusters/placement/pod-below.ts';
import type { VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import { keyOf } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { fits, fittingNodes } from '../scheduling/fit.ts';
import { withoutAvoidance } from '../translate/avoidance.ts';
import { clusterSelectorOf } from '../translate/cluster-selector.ts';
import { avoidedNow, type Tried } from '../translate/tried.ts';
import { kindOf } from './kind.ts';
import type { Memory } from './memory.ts';
import { ownerKeyOf } from './owner.ts';
import type { UpperCluster } from './upper-cluster.ts';

export interface SituationOptions {
  readonly upper: UpperCluster;
  readonly virtualNodes: VirtualNodes;
  readonly podsBelow: PodsBelow;
  readonly memory: Pick<Memory, 'tried'>;
  /** Which virtual nodes pods are moved away from. */
  readonly isOurs: (nodeName: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Told of a pod that cannot be read: what stands in its annotations is anybody's. */
  readonly onError: (pod: Pod, error: unknown) => void;
}

/**
 * What strategies look at in one round: who waits, and where a pod would fit. The clock stands still in it; pods and
 * clusters are as they are when it is asked, which may be some seconds later.
 */
export class Situation {
  readonly #options: SituationOptions;
  /** Kinds of pods: where one fits nowhere, the next of its kind need not be asked about. */
  readonly #homeless = new Set<string>();

  constructor(options: SituationOptions) {
    this.#options = options;
  }

  get now(): number {
    return this.#options.now;
  }

  /** Tells of a pod that cannot be read. */
  tell(pod: Pod, error: unknown): void {
    this.#options.onError(pod, error);
  }

  /** Whether pods are moved away from a virtual node. */
  isOurs(nodeName: string): boolean {
    return this.#options.isOurs(nodeName);
  }

  /** The virtual pods that wait on a node we look after, or on none, the oldest first. */
  pending(): Pod[] {
    return this.#options.upper
      .pending()
      .filter(({ spec }) => !spec?.nodeName || this.#options.isOurs(spec.nodeName));
  }

  /** Another virtual pod above, by `namespace/name`. */
  upperPod(key: string): Pod | undefined {
    return this.#options.upper.pod(key);
  }

  /** The copy of a bound pod below, when its cluster is known now. */
  lowerPod(pod: Pod): LowerPod | undefined {
    const cluster = this.clusterOf(pod.spec?.nodeName ?? '');
    const copy = cluster?.feed.lowerPod(keyOf(pod));
    return copy?.upperUid === pod.metadata?.uid ? copy : undefined;
  }

  /** The lower cluster behind a virtual node, when it is known now. */
  clusterOf(nodeName: string): PicturedCluster | undefined {
    const found = this.#options.virtualNodes.find(nodeName);
    return found && 'cluster' in found ? found.cluster : undefined;
  }

  /** Every other virtual node whose cluster is known now, by name. */
  placesBesides(nodeName: string): [string, PicturedCluster][] {
    return [...this.#options.upper.nodeNames()].flatMap((name): [string, PicturedCluster][] => {
      const cluster = name === nodeName ? undefined : this.clusterOf(name);
      return cluster ? [[name, cluster]] : [];
    });
  }

  /** What was tried for this key in vain, not long ago. */
  tried(key: string): Tried {
    return this.#options.memory.tried(key);
  }

  /** The pod as it would be in a cluster. */
  below(pod: Pod, { configuration }: PicturedCluster): Pod {
    return this.#options.podsBelow.of(pod)(configuration);
  }

  /** Whether some node behind a virtual node has room for the pod now. */
  fitsBelow(pod: Pod, nodeName: string): boolean {
    const cluster = this.clusterOf(nodeName);
    if (!cluster) return false;
    const { namespace } = cluster.configuration;
    if (namespace !== undefined && namespace !== pod.metadata?.namespace) return false;
    return fits(cluster.feed.picture, this.below(pod, cluster));
  }

  /** The virtual nodes that the upper scheduler could give the pod, were it new; tried in vain or not. */
  allowedAbove(pod: Pod): string[] {
    const { nodeName: _bound, ...spec } = withoutAvoidance(pod).spec ?? { containers: [] };
    return fittingNodes(this.#options.upper.picture, { ...pod, spec });
  }

  /**
   * The virtual nodes other than its own where the pod would fit, above and below, and has not been in vain.
   *
   * @throws Error for a pod that no provider carries anywhere
   */
  placesFor(pod: Pod): string[] {
    if (!clusterSelectorOf(pod)) throw new Error('its annotation clusterSelector cannot be read');
    const owner = ownerKeyOf(pod);
    const kind = kindOf(pod);
    if (this.#homeless.has(kind)) return [];
    const avoided = avoidedNow(this.tried(owner), this.now);
    const places = this.allowedAbove(pod).filter(
      (name) => name !== pod.spec?.nodeName && !avoided.has(name) && this.fitsBelow(pod, name),
    );
    if (places.length === 0) this.#homeless.add(kind);
    return places;
  }
}
