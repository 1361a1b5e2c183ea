import type { ProviderState } from '../provider.ts';
import type { JoinedCluster } from './joined-cluster.ts';

/** How a virtual node stands, for `/readyz`. */
interface ProviderReadiness {
  readonly isReady: boolean;
  readonly says: string;
}

/**
 * How a virtual node stands that may not have begun. A cluster that cannot be joined is like one that is lost: it is
 * said, and does not make the process unready. Former work that is still being ended does, as does what has only begun.
 */
export function memberReadiness(
  joined: Pick<JoinedCluster, 'isEnding' | 'opened' | 'failure'> | undefined,
): ProviderReadiness {
  if (joined?.isEnding) return { isReady: false, says: 'ends its former work' };
  const provider = joined?.opened?.provider;
  if (provider) return readinessOf(provider.state);
  const { failure } = joined ?? {};
  return failure === undefined
    ? { isReady: false, says: 'asks both clusters who they are' }
    : { isReady: true, says: `cannot be joined yet: ${failure}` };
}

/**
 * Whether a virtual node is as far as this process can bring it: both clusters listed, reconciles begun. A lower
 * cluster that is lost is said and does not count. Readiness holds back roll-outs and who waits for a join; other
 * virtual nodes of the process do their work, the node's own Ready condition tells of the loss, and another replica
 * would reach that cluster no better. The upper cluster does count until it was listed: without it there is nothing
 * to do.
 */
export function readinessOf({ watches, isInStep, lower }: ProviderState): ProviderReadiness {
  const lost = lower.reachable ? undefined : `the lower cluster is lost (${lower.reason}): ${lower.message}`;
  if (isInStep) {
    const failing = watches.filter(({ failure }) => failure !== undefined).map(describe);
    return { isReady: true, says: lost ?? ['in step', ...failing].join('; watch fails: ') };
  }
  const missing = watches.filter(({ isSynced }) => !isSynced);
  const waits = `waits for the first list of ${missing.map(describe).join(', ') || 'nothing'}`;
  const onlyLower = missing.every(({ side }) => side === 'lower');
  return { isReady: lost !== undefined && onlyLower, says: lost ? `${lost}; ${waits}` : waits };
}

function describe({ side, resource, failure }: ProviderState['watches'][number]): string {
  return `${side} ${resource}${failure === undefined ? '' : ` (${failure})`}`;
}
