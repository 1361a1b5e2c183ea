import { formatQuantity, formOf, parseQuantity } from '../kube/quantity.ts';

/** Amounts by resource name, in exact billionths of the resource's unit (bytes, cores, pieces). */
export type Resources = ReadonlyMap<string, bigint>;

/** Reads a Kubernetes ResourceList; a quantity that cannot be read counts as nothing. */
export function readResources(list: Record<string, string | number> | undefined): Map<string, bigint> {
  const resources = new Map<string, bigint>();
  for (const [name, quantity] of Object.entries(list ?? {})) {
    try {
      resources.set(name, parseQuantity(quantity));
    } catch {
      resources.set(name, 0n);
    }
  }
  return resources;
}

/** Writes amounts as a Kubernetes ResourceList. */
export function writeResources(resources: Resources): Record<string, string> {
  return Object.fromEntries(
    [...resources].map(([name, value]) => [name, formatQuantity(value, formOf(name))]),
  );
}

/** Adds `more` to `sum` in place. */
export function addTo(sum: Map<string, bigint>, more: Resources): void {
  for (const [name, value] of more) sum.set(name, (sum.get(name) ?? 0n) + value);
}

/** `from` less `taken`, never below zero; resources that `from` does not have are left out. */
export function subtract(from: Resources, taken: Resources): Map<string, bigint> {
  const rest = new Map<string, bigint>();
  for (const [name, value] of from) {
    const left = value - (taken.get(name) ?? 0n);
    rest.set(name, left > 0n ? left : 0n);
  }
  return rest;
}

/** The larger of both for every resource, in place. */
export function raiseTo(sum: Map<string, bigint>, other: Resources): void {
  for (const [name, value] of other) if (value > (sum.get(name) ?? 0n)) sum.set(name, value);
}

/** `resources`, of each no more than `limit` says; what has no limit stays. */
export function capped(resources: Resources, limit: Resources): Map<string, bigint> {
  const rest = new Map<string, bigint>();
  for (const [name, value] of resources) {
    const most = limit.get(name) ?? value;
    rest.set(name, value < most ? value : most);
  }
  return rest;
}
