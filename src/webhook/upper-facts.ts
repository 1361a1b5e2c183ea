import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { controllerOf } from '../kube/controller-of.ts';
import type { Logger } from '../kube/logger.ts';
import { Reflector } from '../kube/reflector.ts';
import { configMaps, nodes, persistentVolumeClaims } from '../kube/resources.ts';
import { slimMetadata } from '../kube/slim-metadata.ts';
import type { ConfigMap, KubeObject, Node, Pod } from '../kube/types.ts';
import { Watches } from '../kube/watches.ts';
import { virtualNodeLabel } from '../translate/names.ts';
import { selectedNodeAnnotation } from '../translate/storage/storage-names.ts';
import { readTried, type Tried } from '../translate/tried.ts';

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
  readonly #watches: Watches;

  constructor(upper: Client, { namespace, name }: TriedNodes, logger: Logger) {
    const onError = (message: string) => logger.warn({ message }, 'the upper cluster is watched again');
    const labelSelector = `${virtualNodeLabel.name}=${virtualNodeLabel.value}`;
    const metadataOnly = true;
    this.#watches = new Watches([
      new Reflector(upper, nodes, this.#nodes, { labelSelector, metadataOnly, onError }),
      new Reflector(upper, persistentVolumeClaims, this.#claims, { metadataOnly, onError }),
    ]);
    this.#triedKey = `${namespace}/${name}`;
    this.#triedReflector = new Reflector(upper, configMaps, this.#tried, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      onError: (message) => logger.debug({ message }, 'what the descheduler tried is not known'),
    });
  }

  /** Resolves when both are listed; rejects when stopped before. */
  get synced(): Promise<unknown> {
    return this.#watches.synced;
  }

  /** What is not listed yet, and why, in words; undefined when all is. */
  get missing(): string | undefined {
    const waiting = this.#watches.states().filter(({ isSynced }) => !isSynced);
    if (waiting.length === 0) return undefined;
    const each = waiting.map(({ resource, failure }) => (failure ? `${resource} (${failure})` : resource));
    return `waits for the first list of ${each.join(', ')}`;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    // Where there is no descheduler, there may be no right to read what it tried: nothing waits for it.
    await Promise.all([this.#watches.run(signal), this.#triedReflector.run(signal)]);
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
function bare(object: KubeObject): KubeObject {
  return { metadata: slimMetadata(object, [selectedNodeAnnotation]) };
}
