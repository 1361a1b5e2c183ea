import type { Client } from '../kube/client.ts';
import { Reflector, type ReflectorCache } from '../kube/reflector.ts';
import { pods } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';

export interface LastLooksOptions {
  readonly upper: Client;
  /** Told, by the key given to `follow`, that a pod has changed or is gone. */
  readonly onChange: (key: string) => void;
  readonly onError: (message: string) => void;
}

/** What is known of a pod that is followed. */
export interface LastLook {
  /** As it was last; undefined when it was never there to be seen. */
  readonly pod: Pod | undefined;
  /** Whether it is still there, as far as its watch says: that says last how it ended. */
  readonly isThere: boolean;
}

interface Followed {
  look: LastLook;
  readonly reflector: Reflector<Pod>;
  readonly ending: AbortController;
  readonly running: Promise<void>;
}

const unseen: LastLook = { pod: undefined, isThere: false };

/**
 * Follows single pods to their end. A pod that ends is taken away soon after, so who only looks now and then does not
 * see whether it had ended or was stopped.
 */
export class LastLooks {
  readonly #options: LastLooksOptions;
  readonly #followed = new Map<string, Followed>();
  #isStopped = false;

  constructor(options: LastLooksOptions) {
    this.#options = options;
  }

  /** Follows this very pod, if not already; resolves when nothing of it is missed from now on. @throws KubeError `Aborted` when it is left before */
  async follow(key: string, { metadata }: Pod): Promise<void> {
    await (this.#followed.get(key) ?? this.#begin(key, metadata ?? {})).reflector.synced;
  }

  /** How a pod that is followed was last. */
  of(key: string): LastLook {
    return this.#followed.get(key)?.look ?? unseen;
  }

  /** Follows it no more. */
  leave(key: string): void {
    this.#followed.get(key)?.ending.abort();
    this.#followed.delete(key);
  }

  /** Follows none any more; resolves when every watch has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = [...this.#followed.values()].map((followed) => followed.running);
    for (const key of [...this.#followed.keys()]) this.leave(key);
    await Promise.all(running);
  }

  #begin(key: string, { namespace, name, uid }: NonNullable<Pod['metadata']>): Followed {
    const { upper, onChange, onError } = this.#options;
    const see = (pod: Pod, isThere: boolean) => {
      if (pod.metadata?.uid !== uid) return;
      followed.look = { pod, isThere };
      onChange(key);
    };
    const sink: ReflectorCache<Pod> = {
      apply: (pod) => see(pod, true),
      remove: (pod) => see(pod, false),
      replace: (all) => {
        followed.look = { ...followed.look, isThere: false };
        for (const pod of all) see(pod, true);
        onChange(key);
      },
    };
    const reflector = new Reflector(upper, pods, sink, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      onError,
    });
    const ending = new AbortController();
    if (this.#isStopped) ending.abort();
    const followed: Followed = { look: unseen, reflector, ending, running: reflector.run(ending.signal) };
    this.#followed.set(key, followed);
    return followed;
  }
}
