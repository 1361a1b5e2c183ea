import { sinkOf } from '../clusters/feed/sink.ts';
import { slimPod } from '../clusters/feed/slim.ts';
import { unfinished } from '../clusters/feed/watches.ts';
import { LowerHealth } from '../clusters/lower-health.ts';
import { clusterIdLabel, standsForAnother } from '../clusters/placement/virtual-nodes.ts';
import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { Reflector } from '../kube/reflector.ts';
import { nodes, persistentVolumeClaims, pods } from '../kube/resources.ts';
import { slimMetadata } from '../kube/slim-metadata.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../kube/types.ts';
import { Watches } from '../kube/watches.ts';
import {
  clusterSelectorAnnotation,
  lowerClusterAnnotation,
  virtualNodeLabel,
  virtualPodLabel,
} from '../translate/names.ts';
import { selectedNodeAnnotation } from '../translate/storage/storage-names.ts';

export interface UpperViewOptions {
  readonly upper: Client;
  /** uid of the upper cluster's kube-system. */
  readonly upperCluster: string;
  /** Milliseconds for which what is known is believed though a watch failed or the cluster does not answer. */
  readonly patience: number;
  /** Told of each virtual pod that has not ended; of its end without the pod. */
  readonly onPod: (key: string, pod: Pod | undefined) => void;
  /** Told when virtual nodes came, went or changed. */
  readonly onNodes: () => void;
  readonly onError: (message: string) => void;
}

/** What must be known of the upper cluster: which nodes are virtual, and where the virtual pods are. */
export class UpperView {
  readonly #patience: number;
  readonly #nodes = new Cache<Node>({}, onlyAskedOfNodes);
  readonly #health: LowerHealth;
  #isBehind = false;
  readonly #claims = new Cache<PersistentVolumeClaim>({}, onlyAsked);
  readonly #watches: Watches;

  constructor({ upper, upperCluster, patience, onPod, onNodes, onError }: UpperViewOptions) {
    this.#patience = patience;
    this.#nodes.subscribe((event) => {
      if (event.type !== 'updated' || standsForAnother(event.old, event.object)) onNodes();
    });
    const sink = sinkOf<Pod>(
      (pod, key) => onPod(key, pod),
      (key) => onPod(key, undefined),
    );
    this.#watches = new Watches([
      new Reflector(upper, nodes, this.#nodes, {
        labelSelector: `${virtualNodeLabel.name}=${virtualNodeLabel.value}`,
        onError,
      }),
      new Reflector(upper, pods, sink, {
        labelSelector: `${virtualPodLabel}=true`,
        fieldSelector: unfinished,
        slim: onlyScheduling,
        onError,
      }),
      new Reflector(upper, persistentVolumeClaims, this.#claims, { onError }),
    ]);
    // A server that hangs keeps watches open: bindings that others write are missing, and nothing fails.
    this.#health = new LowerHealth({
      lower: upper,
      clusterUid: upperCluster,
      patience,
      interval: Math.max(500, Math.min(5_000, patience / 3)),
      onChange: ({ reachable }) => {
        if (!reachable) return;
        this.#isBehind = true;
        this.#watches.reconnect();
      },
    });
  }

  /**
   * A virtual node with its marks, what it offers, and taints that only ask for better nodes; undefined when there is
   * no such virtual node.
   */
  virtualNode(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  /** What a claim above asks for, by `namespace/name`. */
  claim(key: string): PersistentVolumeClaim | undefined {
    return this.#claims.get(key);
  }

  /** Why nothing can be said now, in words; undefined when all is well. */
  get staleness(): string | undefined {
    const unlisted = this.#watches.unlisted();
    const late = unlisted ?? this.#watches.silentBefore(performance.now() - this.#patience);
    if (late) {
      const because = late.failure ? `: ${late.failure}` : '';
      return unlisted
        ? `the ${late.resource} above have not been listed yet${because}`
        : `the ${late.resource} above cannot be watched${because}`;
    }
    const { now } = this.#health;
    if (!now.reachable) return `the upper cluster does not answer: ${now.message}`;
    this.#isBehind &&= this.#watches.isAnySilent;
    return this.#isBehind ? 'the upper cluster answers again, and what changed is not known yet' : undefined;
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#health.run(signal), this.#watches.run(signal)]);
  }
}

/** What tells which cluster a node stands for, and what a choice between nodes needs. */
function onlyAskedOfNodes(node: Node): Node {
  const id = node.metadata?.labels?.[clusterIdLabel];
  const { cpu, memory } = node.status?.allocatable ?? {};
  const slim = {
    metadata: {
      ...slimMetadata(node, [lowerClusterAnnotation]),
      ...(id !== undefined && { labels: { [clusterIdLabel]: id } }),
    },
    spec: { taints: node.spec?.taints?.filter(({ effect }) => effect === 'PreferNoSchedule') },
    status: { allocatable: { cpu, memory } },
  };
  return slim as Node;
}

/** All that is asked of a pod later: how it would be below, and whose it is. */
function onlyScheduling(pod: Pod): Pod {
  const { metadata, ...slim } = slimPod(pod, [clusterSelectorAnnotation]);
  const owners = pod.metadata?.ownerReferences?.filter(({ controller }) => controller);
  return { ...slim, metadata: { ...metadata, ...(owners?.length && { ownerReferences: owners }) } };
}

/** The class of a claim and the node that was selected for it may be annotations. */
const askedAnnotations = [selectedNodeAnnotation, 'volume.beta.kubernetes.io/storage-class'];

/** There may be many thousand claims; their status matters to nobody here. */
function onlyAsked(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  return { metadata: slimMetadata(claim, askedAnnotations), spec: claim.spec } as PersistentVolumeClaim;
}
