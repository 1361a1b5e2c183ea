import { sinkOf } from '../clusters/feed/sink.ts';
import { slimNode, slimPod } from '../clusters/feed/slim.ts';
import { unfinished } from '../clusters/feed/watches.ts';
import { standsForAnother } from '../clusters/placement/virtual-nodes.ts';
import type { Client } from '../kube/client.ts';
import { Reflector } from '../kube/reflector.ts';
import { nodes, pods } from '../kube/resources.ts';
import type { Node, Pod } from '../kube/types.ts';
import { Watches } from '../kube/watches.ts';
import { Picture } from '../scheduling/picture.ts';
import {
  avoidsAnnotation,
  clusterSelectorAnnotation,
  descheduleCountAnnotation,
  evictAnnotation,
  firstUidAnnotation,
  lowerClusterAnnotation,
  virtualNodeLabel,
  virtualPodLabel,
} from '../translate/names.ts';
import { claimNamesOf } from '../translate/storage/claim-uses.ts';
import { indexFailuresAnnotation } from './owner.ts';

export interface UpperClusterOptions {
  readonly upper: Client;
  /** Told of each virtual pod that has not ended; of its end without the pod. */
  readonly onPod: (key: string, pod: Pod | undefined) => void;
  /** Told when virtual nodes came or went, or stand for another lower cluster. */
  readonly onNodes: () => void;
  readonly onError: (message: string) => void;
}

/** Autoscalers' word for a pod that is not to be moved. */
const safeToEvictAnnotation = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const kept = [
  clusterSelectorAnnotation,
  avoidsAnnotation,
  descheduleCountAnnotation,
  evictAnnotation,
  firstUidAnnotation,
  indexFailuresAnnotation,
  safeToEvictAnnotation,
];

/** The upper cluster as far as virtual pods go: its virtual nodes, and the pods with the label. */
export class UpperCluster {
  /** Says on which virtual nodes the upper scheduler would put a pod. */
  readonly picture = new Picture();
  readonly #nodes = new Map<string, Node>();
  readonly #pods = new Map<string, Pod>();
  readonly #pending = new Set<string>();
  readonly #watches: Watches;

  constructor({ upper, onPod, onNodes, onError }: UpperClusterOptions) {
    const nodeSink = sinkOf<Node>(
      (node, name) => {
        const before = this.#nodes.get(name);
        this.#nodes.set(name, node);
        this.picture.applyNode(node);
        if (standsForAnother(before, node)) onNodes();
      },
      (name) => {
        this.#nodes.delete(name);
        this.picture.removeNode(name);
        onNodes();
      },
    );
    const podSink = sinkOf<Pod>(
      (pod, key) => {
        this.#put(key, pod);
        onPod(key, pod);
      },
      (key) => {
        this.#drop(key);
        onPod(key, undefined);
      },
    );
    this.#watches = new Watches([
      new Reflector(upper, nodes, nodeSink, {
        labelSelector: `${virtualNodeLabel.name}=${virtualNodeLabel.value}`,
        slim: slimVirtualNode,
        onError,
      }),
      new Reflector(upper, pods, podSink, {
        labelSelector: `${virtualPodLabel}=true`,
        fieldSelector: unfinished,
        slim: slimUpperPod,
        onError,
      }),
    ]);
  }

  /** Why nothing can be said now, in words; undefined when all is well. */
  get staleness(): string | undefined {
    for (const state of this.#watches.states())
      if (!state.isSynced || state.failure)
        return `the ${state.resource} above are not known${state.failure ? `: ${state.failure}` : ' yet'}`;
    return undefined;
  }

  node(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  nodeNames(): Iterable<string> {
    return this.#nodes.keys();
  }

  pod(key: string): Pod | undefined {
    return this.#pods.get(key);
  }

  /** The virtual pods that do not run yet, with a node or without, those first that were created first. */
  pending(): Pod[] {
    const found = [...this.#pending].flatMap((key) => this.#pods.get(key) ?? []);
    const age = ({ metadata }: Pod) => metadata?.creationTimestamp ?? '';
    return found.sort((a, b) => (age(a) < age(b) ? -1 : 1));
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#watches.run(signal);
  }

  #put(key: string, pod: Pod): void {
    this.#pods.set(key, pod);
    this.picture.applyPod(pod);
    const isPending = pod.status?.phase === 'Pending' && !pod.metadata?.deletionTimestamp;
    if (isPending) this.#pending.add(key);
    else this.#pending.delete(key);
  }

  #drop(key: string): void {
    this.#pods.delete(key);
    this.#pending.delete(key);
    this.picture.removePod(key);
  }
}

/**
 * Whether its owner lets the pod be moved. One with a claim stays where its data is, or is to be; one that has begun and
 * has data on its node stays there, too, unless an annotation says that it is worth nothing.
 */
export function mayBeMoved(pod: Pod): boolean {
  const { metadata, spec, status } = pod;
  const said = [evictAnnotation, safeToEvictAnnotation].map((name) => metadata?.annotations?.[name]);
  const usesNode = spec?.volumes?.some((volume) => volume.emptyDir ?? volume.hostPath) ?? false;
  const hasData = usesNode && status?.phase !== 'Pending' && !said.includes('true');
  return claimNamesOf(pod).length === 0 && !hasData && !said.includes('false');
}

function slimUpperPod(pod: Pod): Pod {
  const { metadata, ...slim } = slimPod(pod, kept);
  return { ...slim, metadata: { ...metadata, ownerReferences: pod.metadata?.ownerReferences } } as Pod;
}

function slimVirtualNode(node: Node): Node {
  const slim = slimNode(node);
  const lower = node.metadata?.annotations?.[lowerClusterAnnotation];
  return {
    ...slim,
    metadata: {
      ...slim.metadata,
      ...(lower !== undefined && { annotations: { [lowerClusterAnnotation]: lower } }),
    },
  };
}
