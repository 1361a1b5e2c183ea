import type { Cache } from '../../kube/cache.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { largestFree, type NodeRoom, nodeRoom, totalOffered } from '../../scheduling/capacity.ts';
import { capped, type Resources, writeResources } from '../../scheduling/resource-list.ts';

/** What a virtual node says of the room below. */
export interface Room {
  /** As Node.status.allocatable. */
  offered: Record<string, string>;
  /** The room on the one lower node that has most of it free; undefined without a node. */
  largestFree: Record<string, string> | undefined;
}

/** The pods of the lower cluster, found by the node they are on. */
export interface PodsByNode {
  by(index: 'node', nodeName: string): Iterable<Pod>;
  subscribe: Cache<Pod>['subscribe'];
}

/**
 * The room on every lower node, always recomputed from the caches, and only for nodes on which something
 * changed since it was last asked for.
 */
export class LowerRooms {
  readonly #nodes: Pick<Cache<Node>, 'get' | 'subscribe'>;
  readonly #pods: PodsByNode;
  readonly #isOurs: (pod: Pod) => boolean;
  readonly #limit: Resources;
  readonly #rooms = new Map<string, NodeRoom>();
  readonly #stale = new Set<string>();

  /** @param limit the most that is offered of a resource, whatever the nodes have */
  constructor(
    nodes: Pick<Cache<Node>, 'get' | 'subscribe'>,
    pods: PodsByNode,
    isOurs: (pod: Pod) => boolean,
    limit: Resources,
  ) {
    this.#nodes = nodes;
    this.#pods = pods;
    this.#isOurs = isOurs;
    this.#limit = limit;
  }

  /** Calls `onChange` whenever the answer of {@link now} may have become another. */
  watch(onChange: () => void): void {
    const mark = (name: string | undefined) => {
      if (name === undefined) return;
      this.#stale.add(name);
      onChange();
    };
    this.#nodes.subscribe((event) => mark(event.object.metadata?.name));
    this.#pods.subscribe((event) => {
      if (event.type === 'updated' && !this.#changesRoom(event.old, event.object)) return;
      mark(event.object.spec?.nodeName);
    });
  }

  #changesRoom(old: Pod, pod: Pod): boolean {
    return (
      old.spec?.nodeName !== pod.spec?.nodeName ||
      old.status?.phase !== pod.status?.phase ||
      old.metadata?.generation !== pod.metadata?.generation ||
      this.#isOurs(old) !== this.#isOurs(pod) ||
      given(old) !== given(pod)
    );
  }

  /** The room as the caches show it. Costs as much as changed since the last call, plus the number of nodes. */
  now(): Room {
    for (const name of this.#stale) {
      const node = this.#nodes.get(name);
      const room = node && nodeRoom(node, this.#pods.by('node', name), this.#isOurs);
      if (room) this.#rooms.set(name, room);
      else this.#rooms.delete(name);
    }
    this.#stale.clear();
    const largest: Resources | undefined = largestFree(this.#rooms.values());
    return {
      offered: writeResources(capped(totalOffered(this.#rooms.values()), this.#limit)),
      largestFree: largest && writeResources(capped(largest, this.#limit)),
    };
  }
}

/** What a pod was given while it runs: a resize in place comes to its end in the status alone. */
function given({ status }: Pod): string {
  const sizes = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map(
    ({ resources, allocatedResources }) => [resources?.requests, allocatedResources],
  );
  const pending = status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason;
  return JSON.stringify([pending, sizes]);
}
