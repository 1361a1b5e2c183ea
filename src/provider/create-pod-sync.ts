import { LRUCache } from 'lru-cache';
import type { Cache } from '../kube/cache.ts';
import { describeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Secret } from '../kube/types.ts';
import { isOurs, type Owner } from '../translate/marks.ts';
import type { ProviderCaches } from './caches.ts';
import { Dependencies } from './dependencies.ts';
import type { LowerHealth } from './lower-health.ts';
import { LowerNamespaces } from './namespaces.ts';
import { refusedEditRetry } from './pod-mirror.ts';
import type { PodSync } from './pod-sync.ts';
import { Quota } from './quota.ts';
import type { ReconcilersOptions } from './reconcilers.ts';

const mostRefusedEdits = 1_000;

/** Puts together what the reconcile of a pod works with. */
export function createPodSync(
  { upper, lower, settings, logger, down, limit }: ReconcilersOptions,
  { upperPods, lowerPods, dependencies }: ProviderCaches,
  owner: Owner,
  health: LowerHealth,
): PodSync {
  const namespaces = new LowerNamespaces(upper, lower, owner);
  const isUsedBelow = (key: string) => lowerPods.keysBy('dependency', key).size > 0;
  return {
    upper,
    lower,
    owner,
    upperPods,
    lowerPods,
    lowerSecrets: dependencies.Secret.copies as Cache<Secret, 'pod'>,
    namespaces,
    quota: new Quota(limit, lowerPods, (pod) => isOurs(pod, owner)),
    dependencies: new Dependencies({
      upper,
      lower,
      owner,
      namespaces,
      caches: dependencies,
      isUsedBelow,
    }),
    events: new EventRecorder(upper, {
      component: 'isthmus',
      host: settings.name,
      onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
    }),
    down,
    refusedEdits: new LRUCache({ max: mostRefusedEdits, ttl: refusedEditRetry }),
    logger,
    isReachable: () => health.now.reachable,
    confirmReachable: () => health.confirm(),
    now: () => new Date(),
  };
}
