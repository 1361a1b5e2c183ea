import { type Resources, readResources } from './resource-list.ts';

/** An amount of one resource as kube-scheduler counts it: thousandths of a core, otherwise whole units. */
export interface Amount {
  readonly resource: string;
  readonly amount: number;
}

/** The amounts that kube-scheduler looks at, rounded up as it does (Quantity.MilliValue, Value); zeros are left out. */
export function amountsOf(resources: Resources): Amount[] {
  const amounts: Amount[] = [];
  for (const [resource, value] of resources) {
    if (value > 0n && isCounted(resource)) amounts.push({ resource, amount: whole(resource, value) });
  }
  return amounts;
}

/** What a node has to give. */
export function allocatableOf(list: Record<string, string> | undefined): Amount[] {
  return amountsOf(readResources(list));
}

/** Above 2^53 the sum is not exact; nothing real has so many bytes. */
function whole(resource: string, billionths: bigint): number {
  const unit = resource === 'cpu' ? 1_000_000n : 1_000_000_000n;
  return Number((billionths + unit - 1n) / unit);
}

/** Other names without a domain mean nothing to kube-scheduler (schedutil.IsScalarResourceName). */
function isCounted(resource: string): boolean {
  return (
    resource.includes('/') ||
    /^(cpu|memory|ephemeral-storage|pods|hugepages-.*|attachable-volumes-.*)$/.test(resource)
  );
}
