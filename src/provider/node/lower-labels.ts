import type { Cache } from '../../kube/cache.ts';
import type { Node } from '../../kube/types.ts';
import { type AgreedLabels, agreedLabels, saysTheSame } from '../../translate/agreed-labels.ts';

/** What all lower nodes agree on, found out again only when one of them says something else. */
export class LowerLabels {
  readonly #nodes: Pick<Cache<Node>, 'values' | 'subscribe'>;
  #agreed: AgreedLabels | undefined;

  constructor(nodes: Pick<Cache<Node>, 'values' | 'subscribe'>) {
    this.#nodes = nodes;
  }

  /** Calls `onChange` whenever the answer of {@link now} may have become another. */
  watch(onChange: () => void): void {
    this.#nodes.subscribe((event) => {
      if (event.type === 'updated' && saysTheSame(event.old, event.object)) return;
      this.#agreed = undefined;
      onChange();
    });
  }

  now(): AgreedLabels {
    this.#agreed ??= agreedLabels(this.#nodes.values());
    return this.#agreed;
  }
}
