import type { Reference } from '../../translate/references.ts';
import type { Refusal } from '../../translate/refusal.ts';

/** What a pod does not get. The event reasons are tensile-kube's. */
export interface Finding extends Refusal {
  /** The pod waits for it. */
  isBlocking: boolean;
}

/** How a dependency stands below: equal to the upper object, without one above, or hidden by somebody else's. */
export type DependencyState = 'in step' | 'missing' | 'collision';

/** What the kubelet says of a missing object, or our own word for a name that is taken. */
export function findingFor({ kind, name, optional }: Reference, state: DependencyState): Finding | undefined {
  const what = `${kind.toLowerCase()} "${name}"`;
  switch (state) {
    case 'in step':
      return undefined;
    case 'missing':
      return {
        reason: 'CreateContainerConfigError',
        message: `${what} not found`,
        eventReason: `${optional ? 'Optional' : 'Mandatory'}${kind}NotFound`,
        isBlocking: !optional,
      };
    case 'collision':
      return {
        reason: 'NameCollision',
        message: `${what} exists in the lower cluster and belongs to the lower cluster itself`,
        isBlocking: true,
      };
  }
}
