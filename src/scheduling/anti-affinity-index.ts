import { type AffinityTerm, speaksOf } from './affinity-term.ts';
import type { Labels } from './label-selector.ts';
import type { PodGroup } from './pod-group.ts';
import { reach } from './reach.ts';

/** A term and the groups whose pods have it. */
interface Holders {
  readonly term: AffinityTerm;
  readonly groups: Set<PodGroup>;
}

/**
 * The anti-affinity terms of the pods that run, found by what the pod that they may refuse looks like: by one label
 * and value that the term asks for. Terms that ask for no value are few and are all looked at.
 */
export class AntiAffinityIndex {
  readonly #holders = new Map<string, Holders>();
  readonly #buckets = new Map<string, Set<Holders>>();

  add(group: PodGroup): void {
    for (const term of group.antiAffinity) {
      const holders = reach(this.#holders, term.identity, () => this.#file({ term, groups: new Set() }));
      holders.groups.add(group);
    }
  }

  remove(group: PodGroup): void {
    for (const term of group.antiAffinity) {
      const holders = this.#holders.get(term.identity);
      if (!holders) continue;
      holders.groups.delete(group);
      if (holders.groups.size > 0) continue;
      this.#holders.delete(term.identity);
      for (const bucket of bucketsOf(term)) {
        const others = this.#buckets.get(bucket);
        others?.delete(holders);
        if (others?.size === 0) this.#buckets.delete(bucket);
      }
    }
  }

  #file(holders: Holders): Holders {
    for (const bucket of bucketsOf(holders.term)) {
      reach(this.#buckets, bucket, () => new Set<Holders>()).add(holders);
    }
    return holders;
  }

  /** The terms that mean a pod of these labels, and who has them. */
  *meaning(namespace: string, labels: Labels, namespaceLabels: Labels): IterableIterator<Holders> {
    if (this.#buckets.size === 0) return;
    const buckets = ['', ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)];
    for (const bucket of buckets) {
      for (const holders of this.#buckets.get(bucket) ?? []) {
        const { term } = holders;
        if (speaksOf(term, namespace, namespaceLabels) && term.selector.matches(labels)) yield holders;
      }
    }
  }
}

/** A pod has one value of a label, so it meets a term in one bucket only. */
function bucketsOf({ selector: { needs } }: AffinityTerm): string[] {
  return needs ? [...new Set(needs.values)].map((value) => `${needs.key}=${value}`) : [''];
}
