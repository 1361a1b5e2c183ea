import type { ControllerContext } from '../../clusters/controller.ts';
import { splitKey } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { virtualNodeAnnotation } from '../../translate/names.ts';

export interface NamespaceUseOptions {
  readonly pods: ControllerContext['lowerPods'];
  /** Which pods count. */
  readonly isOurs: (pod: KubeObject) => boolean;
  /**
   * How long a namespace counts as used after its last pod, in milliseconds: a pod that is replaced should not cost its
   * namespace the addresses of its Services.
   */
  readonly linger?: number;
  /** Told when the first pod of a namespace came, and when it is used no more. */
  readonly onChange: (namespace: string) => void;
}

const usualLinger = 10_000;

/** Which namespaces of a lower cluster have pods of ours. Each change of a pod costs the same, however many there are. */
export class NamespaceUse {
  readonly #options: NamespaceUseOptions;
  readonly #linger: number;
  readonly #pods = new Map<string, Set<string>>();
  readonly #lingering = new Map<string, NodeJS.Timeout>();
  readonly #release: () => void;

  /** Counts the pods that are there, and follows them. */
  constructor(options: NamespaceUseOptions) {
    const { pods, isOurs } = options;
    this.#options = options;
    this.#linger = options.linger ?? usualLinger;
    for (const [key, pod] of pods.entries()) if (isOurs(pod)) this.#set(key).add(key);
    this.#release = pods.subscribe(({ type, key, object }) => {
      if (type !== 'deleted' && isOurs(object)) this.#add(key);
      else this.#drop(key);
    });
  }

  /** Whether the namespace has pods of ours, or had until a moment ago. */
  has(namespace: string): boolean {
    return this.#pods.has(namespace) || this.#lingering.has(namespace);
  }

  /** Whether any namespace has. */
  get isAny(): boolean {
    return this.#pods.size > 0 || this.#lingering.size > 0;
  }

  /** Whether a virtual node has pods in a namespace, or in any; costs as many looks as others have pods there. */
  isUsedBy(virtualNode: string, namespace: string | undefined): boolean {
    const among = namespace === undefined ? this.#pods.values() : [this.#pods.get(namespace) ?? []];
    for (const keys of among)
      for (const key of keys)
        if (this.#options.pods.get(key)?.metadata?.annotations?.[virtualNodeAnnotation] === virtualNode)
          return true;
    return false;
  }

  /** Follows no more. */
  stop(): void {
    this.#release();
    for (const timer of this.#lingering.values()) clearTimeout(timer);
    this.#lingering.clear();
  }

  #set(key: string): Set<string> {
    const { namespace } = splitKey(key);
    const known = this.#pods.get(namespace) ?? new Set<string>();
    this.#pods.set(namespace, known);
    return known;
  }

  #add(key: string): void {
    const { namespace } = splitKey(key);
    const wasUsed = this.has(namespace);
    this.#set(key).add(key);
    clearTimeout(this.#lingering.get(namespace));
    this.#lingering.delete(namespace);
    if (!wasUsed) this.#options.onChange(namespace);
  }

  #drop(key: string): void {
    const { namespace } = splitKey(key);
    const known = this.#pods.get(namespace);
    if (!known?.delete(key) || known.size > 0) return;
    this.#pods.delete(namespace);
    const end = () => {
      this.#lingering.delete(namespace);
      this.#options.onChange(namespace);
    };
    this.#lingering.set(namespace, setTimeout(end, this.#linger));
  }
}
