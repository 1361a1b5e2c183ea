import { LRUCache } from 'lru-cache';
import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import type { Pod, Secret } from '../kube/types.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import { isOurs, type Owner } from '../translate/marks.ts';
import type { PodDownOptions } from '../translate/pod-down.ts';
import type { RefusalOptions } from '../translate/refusal.ts';
import type { LowerFacts, VirtualNodeSettings } from '../translate/virtual-node.ts';
import type { ProviderCaches } from './caches.ts';
import { addEverything, connectEvents } from './connect-events.ts';
import { Dependencies } from './dependencies.ts';
import { LowerEvents } from './lower-events.ts';
import type { LowerHealth, Reachability } from './lower-health.ts';
import { LowerRooms } from './lower-rooms.ts';
import { LowerNamespaces } from './namespaces.ts';
import { refusedEditRetry } from './pod-mirror.ts';
import { reconcilePod } from './pod-reconcile.ts';
import type { PodSync } from './pod-sync.ts';
import { reconcileVirtualNode } from './virtual-node.ts';

export interface ReconcilersOptions {
  upper: Client;
  lower: Client;
  settings: VirtualNodeSettings;
  /** gitVersion of the lower API server. */
  lowerVersion: string;
  /** The upper namespace to serve; all of them when undefined. */
  namespace: string | undefined;
  down: PodDownOptions & RefusalOptions;
  podSyncWorkers: number;
  logger: Logger;
}

/** The three reconciles of a virtual node (pods, dependencies, the node itself) and their queues. */
export interface Reconcilers {
  /** Takes in the events of the lower cluster. */
  readonly lowerEvents: LowerEvents;
  /** Begins to work on what the caches brought. */
  start(): void;
  /** Looks at everything again: after the lower cluster was away. */
  addEverything(): void;
  /** Looks at the node again. */
  addNode(): void;
  /** Resolves when the reconciles under way are done. */
  stop(): Promise<void>;
}

const mostRefusedEdits = 1_000;
/** Changes of the room below are gathered this long, in milliseconds, before the node is written. */
const nodeDelay = 1_000;
/** News may be late; the pods themselves come first. */
const eventWorkers = 4;

/** Connects the caches with queues and reconciles; nothing is reconciled before `start`. */
export function createReconcilers(
  options: ReconcilersOptions,
  caches: ProviderCaches,
  owner: Owner,
  health: LowerHealth,
): Reconcilers {
  const { settings, logger } = options;
  const sync = createPodSync(options, caches, owner, health);
  const rooms = new LowerRooms(caches.lowerNodes, caches.lowerPods, (pod) => isOurs(pod, owner));
  const facts = (): LowerFacts => {
    const [sample] = caches.lowerNodes.values();
    return { ready: readiness(health.now), version: options.lowerVersion, sample, ...rooms.now() };
  };
  const node = { upper: options.upper, settings, node: caches.upperNode, facts, logger, now: sync.now };
  const retry = (kind: string) => (key: string, error: unknown) =>
    logger.warn({ [kind]: key, message: describeError(error) }, `a ${kind} is tried again`);

  const podQueue = new WorkQueue({
    workers: options.podSyncWorkers,
    reconcile: (key) => reconcilePod(sync, key),
    onError: retry('pod'),
  });
  const dependencyQueue = new WorkQueue({
    workers: options.podSyncWorkers,
    reconcile: async (key) => {
      if (health.now.reachable) await sync.dependencies.reconcile(key);
      return undefined;
    },
    onError: retry('dependency'),
  });
  const nodeQueue = new WorkQueue({
    workers: 1,
    reconcile: () => reconcileVirtualNode(node),
    onError: retry('node'),
  });
  const eventQueue = new WorkQueue({
    workers: eventWorkers,
    reconcile: (key) => lowerEvents.reconcile(key),
    onError: retry('event'),
  });
  const lowerEvents = new LowerEvents({
    upper: options.upper,
    lowerPod: (key) => ourPod(caches.lowerPods.get(key), owner),
    upperPod: (key) => caches.upperPods.get(key),
    queue: eventQueue,
    now: Date.now,
    onRefused: (message) => logger.warn({ message }, 'an event is not taken above'),
  });
  const queues = [podQueue, dependencyQueue, nodeQueue, eventQueue];
  const wiring = {
    caches,
    owner,
    namespace: options.namespace,
    serviceAccounts: options.down.serviceAccounts,
    nodeName: settings.name,
    podQueue,
    dependencyQueue,
    nodeQueue,
  };
  connectEvents(wiring);
  rooms.watch(() => nodeQueue.addAfter(settings.name, nodeDelay));

  return {
    lowerEvents,
    start() {
      nodeQueue.add(settings.name);
      for (const queue of queues) queue.start();
    },
    addEverything: () => addEverything(wiring),
    addNode: () => nodeQueue.add(settings.name),
    async stop() {
      await Promise.all(queues.map((queue) => queue.stop()));
    },
  };
}

function createPodSync(
  { upper, lower, settings, logger, down }: ReconcilersOptions,
  { upperPods, lowerPods, dependencies }: ProviderCaches,
  owner: Owner,
  health: LowerHealth,
): PodSync {
  const namespaces = new LowerNamespaces(upper, lower, owner);
  const isUsedBelow = (key: string) => lowerPods.keysBy('dependency', key).size > 0;
  const podsAbove = (key: string) => upperPods.keysBy('dependency', key);
  return {
    upper,
    lower,
    owner,
    upperPods,
    lowerPods,
    lowerSecrets: dependencies.Secret.copies as Cache<Secret, 'pod'>,
    namespaces,
    dependencies: new Dependencies({
      upper,
      lower,
      owner,
      namespaces,
      caches: dependencies,
      isUsedBelow,
      podsAbove,
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

function ourPod(pod: Pod | undefined, owner: Owner): Pod | undefined {
  return pod && isOurs(pod, owner) ? pod : undefined;
}

function readiness(now: Reachability): LowerFacts['ready'] {
  return now.reachable
    ? { isReady: true, reason: 'LowerClusterReady', message: 'the lower API server answers' }
    : { isReady: false, reason: now.reason, message: now.message };
}
