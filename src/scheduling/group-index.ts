import { type AffinityTerm, meansEveryNamespace } from './affinity-term.ts';
import type { Labels, Selector } from './label-selector.ts';
import type { PodGroup } from './pod-group.ts';
import { reach } from './reach.ts';

interface NamespaceGroups {
  readonly all: Set<PodGroup>;
  /** By label and value. */
  readonly labelled: Map<string, Set<PodGroup>>;
}

/** Finds the groups that a selector matches by one label that it asks for, not by asking all of them. */
export class GroupIndex {
  readonly #namespaces = new Map<string, NamespaceGroups>();

  add(group: PodGroup): void {
    const make = () => ({ all: new Set<PodGroup>(), labelled: new Map<string, Set<PodGroup>>() });
    const namespace = reach(this.#namespaces, group.namespace, make);
    namespace.all.add(group);
    for (const pair of pairs(group.labels))
      reach(namespace.labelled, pair, () => new Set<PodGroup>()).add(group);
  }

  remove(group: PodGroup): void {
    const namespace = this.#namespaces.get(group.namespace);
    if (!namespace) return;
    namespace.all.delete(group);
    if (namespace.all.size === 0) this.#namespaces.delete(group.namespace);
    for (const pair of pairs(group.labels)) {
      const groups = namespace.labelled.get(pair);
      groups?.delete(group);
      if (groups?.size === 0) namespace.labelled.delete(pair);
    }
  }

  /** The groups of a namespace that a selector matches. */
  *matching(namespace: string, selector: Selector): IterableIterator<PodGroup> {
    const groups = this.#namespaces.get(namespace);
    if (!groups) return;
    for (const candidates of narrow(groups, selector)) {
      for (const group of candidates) if (selector.matches(group.labels)) yield group;
    }
  }

  /** The groups that a term means which the pod has that is to be placed, of all namespaces that it speaks of. */
  *meant(term: AffinityTerm, labelsOf: (namespace: string) => Labels): IterableIterator<PodGroup> {
    for (const namespace of term.namespaces) yield* this.matching(namespace, term.selector);
    const { needs } = term.namespaceSelector;
    if (needs?.values.length === 0) return;
    const meansAll = meansEveryNamespace(term);
    for (const namespace of this.#namespaces.keys()) {
      if (term.namespaces.includes(namespace)) continue;
      if (meansAll || term.namespaceSelector.matches(labelsOf(namespace)))
        yield* this.matching(namespace, term.selector);
    }
  }
}

function narrow(groups: NamespaceGroups, { needs }: Selector): Iterable<PodGroup>[] {
  if (!needs) return [groups.all];
  return [...new Set(needs.values)].flatMap((value) => groups.labelled.get(pair(needs.key, value)) ?? []);
}

function pair(key: string, value: string): string {
  return `${key}=${value}`;
}

function pairs(labels: Labels): string[] {
  return Object.entries(labels).map(([key, value]) => pair(key, value));
}
