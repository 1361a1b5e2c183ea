import { LRUCache } from 'lru-cache';
import type { Client } from '../../kube/client.ts';
import { hasCode } from '../../kube/errors.ts';
import { namespaces } from '../../kube/resources.ts';
import { marks, type Owner } from '../../translate/marks.ts';

/** Namespaces of the lower cluster, made when a pod needs one that is missing. They are never deleted. */
export class LowerNamespaces {
  readonly #upper: Client;
  readonly #lower: Client;
  readonly #owner: Owner;
  /** Asked again after a while, since somebody may have deleted one below. */
  readonly #known = new LRUCache<string, true>({ max: 10_000, ttl: 300_000 });
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(upper: Client, lower: Client, owner: Owner) {
    this.#upper = upper;
    this.#lower = lower;
    this.#owner = owner;
  }

  /** Resolves when the namespace exists below. @throws KubeError */
  ensure(name: string): Promise<void> {
    if (this.#known.has(name)) return Promise.resolve();
    let call = this.#underWay.get(name);
    if (!call) {
      call = this.#make(name).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, call);
    }
    return call;
  }

  /** After a call failed for want of the namespace: the next `ensure` looks again. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  async #make(name: string): Promise<void> {
    try {
      await this.#lower.get(namespaces, { name });
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      const above = await this.#upper.get(namespaces, { name });
      const metadata = { name, ...marks(this.#owner, above.metadata?.uid ?? '') };
      await this.#lower.create(namespaces, { metadata }).catch((failure: unknown) => {
        if (!hasCode(failure, 'AlreadyExists')) throw failure;
      });
    }
    this.#known.set(name, true);
  }
}
