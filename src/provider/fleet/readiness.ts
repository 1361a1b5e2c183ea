import type { ProviderState } from '../provider.ts';

/** How a virtual node stands, for `/readyz`. */
export interface ProviderReadiness {
  readonly isReady: boolean;
  readonly says: string;
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
