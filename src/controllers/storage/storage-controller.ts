import { LRUCache } from 'lru-cache';
import type { CreateController, NodeContext, NodeController } from '../../clusters/node-controller.ts';
import { describeError, hasCode } from '../../kube/errors.ts';
import { Reflector } from '../../kube/reflector.ts';
import { events } from '../../kube/resources.ts';
import type { PersistentVolume } from '../../kube/types.ts';
import { WorkQueue } from '../../kube/work-queue.ts';
import type { ClassMap } from '../../translate/storage/class-map.ts';
import { claimEventsInto } from './claim-events.ts';
import { reconcileClaim } from './claim-reconcile.ts';
import { addAllStorage, connectStorage } from './connect-storage.ts';
import { claimsRefusal, wakePods } from './pod-claims.ts';
import { refusedSizeRetry } from './resize.ts';
import { createStorageCaches, createStorageReflectors } from './storage-caches.ts';
import type { StorageSync } from './storage-sync.ts';
import type { UpperStorage } from './upper-storage.ts';
import { reconcileVolume } from './volume-deletion.ts';

export interface StorageOptions {
  /** What the upper cluster has of claims and classes; shared, and watched by whoever made it. */
  readonly upperStorage: UpperStorage;
  readonly classMap: ClassMap;
  /** Provisioners of upper classes that are ours beside `isthmus.io/virtual`. */
  readonly provisioners: ReadonlySet<string>;
  readonly now?: () => Date;
}

/** Claims and volumes that are worked on at once. */
const workers = 10;
const mostRefusedEdits = 1_000;
const mostLowerVolumes = 10_000;

/** Carries the claims of a virtual node down and their volumes up. */
export function createStorageController(options: StorageOptions): CreateController {
  return (context) => controller(context, options);
}

function controller(context: NodeContext, options: StorageOptions): NodeController {
  const { upperStorage, classMap, provisioners, now = () => new Date() } = options;
  const caches = createStorageCaches();
  const storage: StorageSync = {
    ...caches,
    context,
    claims: upperStorage.claims,
    classes: upperStorage.classes,
    classMap,
    provisioners,
    problems: new Map(),
    awaited: new Set(),
    lowerVolumes: new LRUCache<string, PersistentVolume>({ max: mostLowerVolumes }),
    refusedEdits: new LRUCache<string, string>({ max: mostRefusedEdits, ttl: refusedSizeRetry }),
    now,
  };
  const { lower, logger, observeQueue, observeWatch } = context;
  const reflectors = createStorageReflectors(caches, context);
  const all = [...reflectors.upper, ...reflectors.lower];
  const news = new Reflector(lower, events, claimEventsInto(storage), {
    fieldSelector: 'involvedObject.kind=PersistentVolumeClaim',
    onError: (message) => logger.warn({ message }, 'a watch failed and goes on'),
    observer: observeWatch('lower', events.plural),
  });
  const retry = (kind: string) => (key: string, error: unknown) => {
    // Cut off because we stop: whoever works for the node next looks at everything.
    if (hasCode(error, 'Aborted')) return;
    logger.warn({ [kind]: key, message: describeError(error) }, `a ${kind} is tried again`);
  };
  const claims = new WorkQueue({
    workers,
    reconcile: async (key) => {
      try {
        return await reconcileClaim(storage, key);
      } finally {
        wakePods(storage, key);
      }
    },
    onError: retry('claim'),
    observer: observeQueue('claim'),
  });
  const volumes = new WorkQueue({
    workers,
    reconcile: (name) => reconcileVolume(storage, name),
    onError: retry('volume'),
    observer: observeQueue('volume'),
  });
  const queues = { claims, volumes };
  const letGo = connectStorage(storage, queues);

  return {
    async run(signal) {
      await Promise.all([...all, news].map((reflector) => reflector.run(signal)));
    },
    get synced() {
      return Promise.all([upperStorage.synced, ...all.map((reflector) => reflector.synced)]);
    },
    states: () => [
      ...upperStorage.states().map((state) => ({ side: 'upper' as const, ...state })),
      ...(['upper', 'lower'] as const).flatMap((side) =>
        reflectors[side].map(({ state }) => ({ side, ...state })),
      ),
    ],
    start() {
      for (const queue of [claims, volumes]) queue.start();
    },
    addEverything: () => addAllStorage(storage, queues),
    reconnect() {
      for (const reflector of [...reflectors.lower, news]) reflector.reconnect();
    },
    async stop() {
      letGo();
      await Promise.all([claims.stop(), volumes.stop()]);
    },
    refusalOf: (pod) => claimsRefusal(storage, pod),
  };
}
