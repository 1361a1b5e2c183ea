import { sinkOf } from '../clusters/feed/sink.ts';
import { slimPod } from '../clusters/feed/slim.ts';
import { unfinished } from '../clusters/feed/watches.ts';
import { LowerHealth } from '../clusters/lower-health.ts';
import { clusterIdLabel } from '../clusters/placement/virtual-nodes.ts';
import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { Reflector } from '../kube/reflector.ts';
import { nodes, persistentVolumeClaims, pods } from '../kube/resources.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../kube/types.ts';
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
  readonly #nodes = new Cache<Node>({}, onlyMarks);
  readonly #health: LowerHealth;
  #isBehind = false;
  readonly #claims = new Cache<PersistentVolumeClaim>({}, onlyAsked);
  readonly #reflectors: readonly [Reflector<Node>, Reflector<Pod>, Reflector<PersistentVolumeClaim>];

  constructor({ upper, upperCluster, patience, onPod, onNodes, onError }: UpperViewOptions) {
    this.#patience = patience;
    this.#nodes.subscribe((event) => {
      if (event.type !== 'updated' || isChanged(event.old, event.object)) onNodes();
    });
    const sink = sinkOf<Pod>(
      (pod, key) => onPod(key, pod),
      (key) => onPod(key, undefined),
    );
    this.#reflectors = [
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
    ];
    // A server that hangs keeps watches open: bindings that others write are missing, and nothing fails.
    this.#health = new LowerHealth({
      lower: upper,
      clusterUid: upperCluster,
      patience,
      interval: Math.max(500, Math.min(5_000, patience / 3)),
      onChange: ({ reachable }) => {
        if (!reachable) return;
        this.#isBehind = true;
        for (const reflector of this.#reflectors) reflector.reconnect();
      },
    });
  }

  /** The labels and annotations of a virtual node; undefined when there is no such virtual node. */
  virtualNode(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  /** What a claim above asks for, by `namespace/name`. */
  claim(key: string): PersistentVolumeClaim | undefined {
    return this.#claims.get(key);
  }

  /** Why nothing can be said now, in words; undefined when all is well. */
  get staleness(): string | undefined {
    const deadline = performance.now() - this.#patience;
    for (const { state, silentSince } of this.#reflectors) {
      const because = state.failure ? `: ${state.failure}` : '';
      if (!state.isSynced) return `the ${state.resource} above have not been listed yet${because}`;
      if ((silentSince ?? deadline) < deadline)
        return `the ${state.resource} above cannot be watched${because}`;
    }
    const { now } = this.#health;
    if (!now.reachable) return `the upper cluster does not answer: ${now.message}`;
    this.#isBehind &&= this.#reflectors.some(({ silentSince }) => silentSince !== undefined);
    return this.#isBehind ? 'the upper cluster answers again, and what changed is not known yet' : undefined;
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#health, ...this.#reflectors].map((part) => part.run(signal)));
  }
}

/** Heartbeats and figures change the rest every few seconds. */
function onlyMarks({ metadata }: Node): Node {
  const { name, uid, resourceVersion, labels, annotations } = metadata ?? {};
  const id = labels?.[clusterIdLabel];
  const lower = annotations?.[lowerClusterAnnotation];
  const marks = {
    ...(id !== undefined && { labels: { [clusterIdLabel]: id } }),
    ...(lower !== undefined && { annotations: { [lowerClusterAnnotation]: lower } }),
  };
  return { metadata: { name, uid, resourceVersion, ...marks } } as Node;
}

/** All that is asked of a pod later: how it would be below. */
function onlyScheduling(pod: Pod): Pod {
  return slimPod(pod, [clusterSelectorAnnotation]);
}

/** The class of a claim and the node that was selected for it may be annotations. */
const askedAnnotations = new Set([selectedNodeAnnotation, 'volume.beta.kubernetes.io/storage-class']);

/** There may be many thousand claims; their status matters to nobody here. */
function onlyAsked({ metadata, spec }: PersistentVolumeClaim): PersistentVolumeClaim {
  const { name, namespace, uid, resourceVersion, annotations } = metadata ?? {};
  const kept = Object.entries(annotations ?? {}).filter(([key]) => askedAnnotations.has(key));
  return {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
    },
    spec,
  } as PersistentVolumeClaim;
}

function isChanged(old: Node, now: Node): boolean {
  const marks = ({ metadata }: Node) => JSON.stringify([metadata?.labels, metadata?.annotations]);
  return marks(old) !== marks(now);
}
