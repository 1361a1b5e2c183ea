import { LRUCache } from 'lru-cache';
import type { LowerHealth } from '../../clusters/lower-health.ts';
import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { describeError } from '../../kube/errors.ts';
import { EventRecorder } from '../../kube/event-recorder.ts';
import type { Logger } from '../../kube/logger.ts';
import type { Secret } from '../../kube/types.ts';
import type { Resources } from '../../scheduling/resource-list.ts';
import { isOurs, type Owner } from '../../translate/marks.ts';
import type { PodDownOptions } from '../../translate/pod-down.ts';
import type { RefusalOptions } from '../../translate/refusal.ts';
import type { VirtualNodeSettings } from '../../translate/virtual-node.ts';
import type { ProviderCaches } from '../caches.ts';
import { Dependencies } from '../dependencies/dependencies.ts';
import { LowerNamespaces } from './namespaces.ts';
import { refusedEditRetry } from './pod-mirror.ts';
import { type PodSync, rememberLost } from './pod-sync.ts';
import { Quota } from './quota.ts';
import type { SyncLag } from './sync-lag.ts';

const mostRefusedEdits = 1_000;
/** So many may vanish while the upper API server is away. */
const mostLost = 20_000;

export interface PodSyncOptions {
  upper: Client;
  lower: Client;
  settings: VirtualNodeSettings;
  down: PodDownOptions & RefusalOptions;
  /** The most that may be used of a resource below; nothing is said of those that are not in it. */
  limit: Resources;
  /** What else keeps a pod from going down. */
  refusalBeside: PodSync['refusalBeside'];
  isHistoryKnown: PodSync['isHistoryKnown'];
  addDependency: PodSync['addDependency'];
  logger: Logger;
}

/** Puts together what the reconcile of a pod works with. */
export function createPodSync(
  {
    upper,
    lower,
    settings,
    logger,
    down,
    limit,
    refusalBeside,
    isHistoryKnown,
    addDependency,
  }: PodSyncOptions,
  { upperPods, lowerPods, dependencies }: ProviderCaches,
  owner: Owner,
  health: LowerHealth,
  lag: SyncLag,
): PodSync {
  const namespaces = new LowerNamespaces(upper, lower, owner);
  const lost = new LRUCache<string, string>({ max: mostLost });
  lowerPods.subscribe(({ type, object }) => {
    if (type === 'deleted') rememberLost({ lost, owner }, object);
  });
  const isUsedBelow = (key: string) => lowerPods.keysBy('dependency', key).size > 0;
  const isUsedHere = (key: string) => {
    for (const pod of lowerPods.by('dependency', key))
      if (isOurs(pod, owner) && !pod.metadata?.deletionTimestamp) return true;
    return false;
  };
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
      isUsedHere,
    }),
    events: new EventRecorder(upper, {
      component: 'isthmus',
      host: settings.name,
      onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
    }),
    lag,
    lost,
    mirrored: new WeakSet(),
    down,
    refusalBeside,
    isHistoryKnown,
    addDependency,
    refusedEdits: new LRUCache({ max: mostRefusedEdits, ttl: refusedEditRetry }),
    logger,
    isReachable: () => health.now.reachable,
    confirmReachable: () => health.confirm(),
    now: () => new Date(),
  };
}
