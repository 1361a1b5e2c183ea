import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { controllerOf } from '../kube/controller-of.ts';
import type { Logger } from '../kube/logger.ts';
import { Reflector } from '../kube/reflector.ts';
import { configMaps, nodes, persistentVolumeClaims } from '../kube/resources.ts';
import type { ConfigMap, KubeObject, Node, Pod } from '../kube/types.ts';
import { virtualNodeLabel } from '../translate/names.ts';
import { readTried, type Tried } from '../translate/tried.ts';

/** Annotation of a claim that waits for its first pod: the node of that pod, by the scheduler. */
const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';

/** Where the descheduler keeps what was tried in vain. */
export interface TriedNodes {
  readonly namespace: string;
  readonly name: string;
}

/**
 * What the upper cluster says that a mutation depends on: virtual nodes and claims, both by their metadata alone, and
 * the nodes that the descheduler found full.
 */
export class UpperFacts {
  readonly #nodes = new Cache<Node>({}, bare);
  readonly #claims = new Cache<KubeObject>({}, bare);
  readonly #tried = new Cache<ConfigMap>({});
  readonly #triedKey: string;
  readonly #triedReflector: Reflector<ConfigMap>;
  readonly #reflectors: readonly Reflector<KubeObject>[];

  constructor(upper: Client, { namespace, name }: TriedNodes, logger: Logger) {
    const onError = (message: string) => logger.warn({ message }, 'the upper cluster is watched again');
    const labelSelector = `${virtualNodeLabel.name}=${virtualNodeLabel.value}`;
    const metadataOnly = true;
    this.#reflectors = [
      new Reflector(upper, nodes, this.#nodes, { labelSelector, metadataOnly, onError }),
      new Reflector(upper, persistentVolumeClaims, this.#claims, { metadataOnly, onError }),
    ];
    this.#triedKey = `${namespace}/${name}`;
    this.#triedReflector = new Reflector(upper, configMaps, this.#tried, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      onError: (message) => logger.debug({ message }, 'what the descheduler tried is not known'),
    });
  }

  /** Resolves when both are listed; rejects when stopped before. */
  get synced(): Promise<unknown> {
    return Promise.all(this.#reflectors.map((reflector) => reflector.synced));
  }

  /** What is not listed yet, and why, in words; undefined when all is. */
  get missing(): string | undefined {
    const waiting = this.#reflectors.map(({ state }) => state).filter(({ isSynced }) => !isSynced);
    if (waiting.length === 0) return undefined;
    const each = waiting.map(({ resource, failure }) => (failure ? `${resource} (${failure})` : resource));
    return `waits for the first list of ${each.join(', ')}`;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    // Where there is no descheduler, there may be no right to read what it tried: nothing waits for it.
    const all = [...this.#reflectors, this.#triedReflector];
    await Promise.all(all.map((reflector) => reflector.run(signal)));
  }

  isVirtualNode(name: string): boolean {
    return this.#nodes.get(name) !== undefined;
  }

  /** The nodes on which pods of the same controller found no place lately, or that are left to others. */
  tried(pod: Pod): Tried {
    const owner = controllerOf(pod)?.uid;
    return readTried(owner === undefined ? undefined : this.#tried.get(this.#triedKey)?.data?.[owner]);
  }

  /** The node that was selected for a claim. */
  selectedNode(namespace: string, claim: string): string | undefined {
    return this.#claims.get(`${namespace}/${claim}`)?.metadata?.annotations?.[selectedNodeAnnotation];
  }
}

/** There may be many thousand claims; this is all that is asked of them. */
function bare<T extends KubeObject>({ metadata }: T): T {
  const { name, namespace, uid, resourceVersion, annotations } = metadata ?? {};
  const node = annotations?.[selectedNodeAnnotation];
  return {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      ...(node === undefined ? {} : { annotations: { [selectedNodeAnnotation]: node } }),
    },
  } as unknown as T;
}
