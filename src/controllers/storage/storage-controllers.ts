import { LRUCache } from 'lru-cache';
import type { Controller, ControllerContext, StartController } from '../../clusters/controller.ts';
import { describeError } from '../../kube/errors.ts';
import { EventRecorder } from '../../kube/event-recorder.ts';
import { events } from '../../kube/resources.ts';
import type { PersistentVolume } from '../../kube/types.ts';
import { controllerQueue } from '../controller-queue.ts';
import { reflectSide } from '../reflect.ts';
import { runController } from '../run-controller.ts';
import type { SharedPictures } from '../shared-pictures.ts';
import { claimEventsInto } from './claim-events.ts';
import { reconcileClaim } from './claim-reconcile.ts';
import { addAllStorage, connectStorage } from './connect-storage.ts';
import { claimsRefusal, unknownRefusal, wakePods } from './pod-claims.ts';
import { refusedSizeRetry } from './resize.ts';
import { createStorageCaches, createStorageWatches } from './storage-caches.ts';
import type { StorageSync } from './storage-sync.ts';
import type { UpperStorage } from './upper-storage.ts';
import { reconcileVolume } from './volume-deletion.ts';

export interface StorageOptions {
  /** What the upper cluster has of claims and classes. */
  readonly shared: SharedPictures<UpperStorage>;
  /** Provisioners of upper classes that are ours beside `isthmus.io/virtual`. */
  readonly provisioners: ReadonlySet<string>;
}

/** Claims and volumes that are worked on at once. */
const workers = 10;
const mostRefusedEdits = 1_000;
const mostLowerVolumes = 10_000;

/**
 * The controllers that carry claims down and their volumes up; all virtual nodes that they are started for share what
 * is watched above.
 */
export function storageControllers(options: StorageOptions): StartController {
  return (context) => startStorage(options, context);
}

function startStorage({ shared, provisioners }: StorageOptions, context: ControllerContext): Controller {
  const { configuration, logger, owner } = context;
  const { picture, release } = shared.use(configuration.namespace);
  const caches = createStorageCaches();
  const storage: StorageSync = {
    ...caches,
    context,
    events: new EventRecorder(context.upper, {
      component: 'isthmus',
      host: owner.virtualNode,
      onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
    }),
    claims: picture.claims,
    classes: picture.classes,
    classMap: configuration.storageClasses,
    provisioners,
    problems: new Map(),
    awaited: new Set(),
    lowerVolumes: new LRUCache<string, PersistentVolume>({ max: mostLowerVolumes }),
    refusedEdits: new LRUCache<string, string>({ max: mostRefusedEdits, ttl: refusedSizeRetry }),
    now: () => new Date(),
  };
  const news = reflectSide(context, 'lower')(events, claimEventsInto(storage), {
    fieldSelector: 'involvedObject.kind=PersistentVolumeClaim',
  });
  const claims = controllerQueue(context, 'claim', workers, async (key) => {
    try {
      return await reconcileClaim(storage, key);
    } finally {
      wakePods(storage, key);
    }
  });
  const volumes = controllerQueue(context, 'volume', workers, (name) => reconcileVolume(storage, name));
  const queues = { claims, volumes };
  const letGo = connectStorage(storage, queues);
  const addEverything = () => addAllStorage(storage, queues);
  let isKnown = false;
  return runController({
    name: 'storage',
    shared: picture.watches,
    ...createStorageWatches(caches, context),
    news,
    queues: [claims, volumes],
    addEverything,
    onKnown() {
      isKnown = true;
    },
    release() {
      letGo();
      release();
    },
    also: {
      refusalOf: (pod) => (isKnown ? claimsRefusal(storage, pod) : unknownRefusal(storage, pod)),
      lost: addEverything,
    },
    logger,
  });
}
