import type { ControllerContext } from '../clusters/controller.ts';
import type { LowerHealth, Reachability } from '../clusters/lower-health.ts';
import { retryLog } from '../kube/retry-log.ts';
import type { Pod } from '../kube/types.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { NodeMetrics } from '../metrics/node-metrics.ts';
import { isOurs, type Owner } from '../translate/marks.ts';
import type { LowerFacts } from '../translate/virtual-node.ts';
import type { ProviderCaches } from './caches.ts';
import { addEverything, connectEvents, servedBy } from './connect-events.ts';
import { LowerLabels } from './node/lower-labels.ts';
import { LowerRooms } from './node/lower-rooms.ts';
import { readPosition } from './node/node-lease.ts';
import { reconcileVirtualNode } from './node/virtual-node.ts';
import { createPodSync, type PodSyncOptions } from './pods/create-pod-sync.ts';
import { LowerEvents } from './pods/lower-events.ts';
import { LowerHistory } from './pods/lower-history.ts';
import { reconcilePod } from './pods/pod-reconcile.ts';
import { rememberLost } from './pods/pod-sync.ts';
import { SyncLag } from './pods/sync-lag.ts';

export interface ReconcilersOptions extends Omit<PodSyncOptions, 'isHistoryKnown' | 'addDependency'> {
  /** gitVersion of the lower API server. */
  lowerVersion: string;
  /** The upper namespace to serve; all of them when undefined. */
  namespace: string | undefined;
  podSyncWorkers: number;
  /** Told what this virtual node does; nobody is when undefined. */
  metrics?: NodeMetrics | undefined;
}

/** The four reconciles of a virtual node (pods, dependencies, events, the node itself) and their queues. */
export interface Reconcilers {
  /** Takes in the events of the lower cluster. */
  readonly lowerEvents: LowerEvents;
  /** What became of lower pods before; to be run before `start`. */
  readonly lowerHistory: LowerHistory;
  /** What has not got where it goes. */
  readonly lag: SyncLag;
  /** What controllers beside the pods share with them. */
  readonly shared: Pick<ControllerContext, 'namespaces' | 'addPod'>;
  /** Begins to work on what the caches brought. */
  start(): void;
  /** Looks at everything again: after the lower cluster was away. */
  addEverything(): void;
  /** Looks at all pods again: after the lower cluster was lost. */
  addPods(): void;
  /** Looks at the node again. */
  addNode(): void;
  /** Resolves when the reconciles under way are done. */
  stop(): Promise<void>;
}

/** Changes of the room below are gathered this long, in milliseconds, before the node is written. */
const nodeDelay = 1_000;
/** News may be late; the pods themselves come first, where more of them than a few are worked on at once. */
const fewPods = 4;
const eventWorkers = 4;

/** Connects the caches with queues and reconciles; nothing is reconciled before `start`. */
export function createReconcilers(
  options: ReconcilersOptions,
  caches: ProviderCaches,
  owner: Owner,
  health: LowerHealth,
): Reconcilers {
  const { settings, logger, metrics } = options;
  const lag = new SyncLag({ owner, isServed: servedBy(options.namespace), metrics });
  const lowerHistory = new LowerHistory({
    lower: options.lower,
    since: () => readPosition(options.upper, settings.name),
    onGone(pod) {
      caches.lowerPods.remove(pod);
      rememberLost(sync, pod);
    },
    onError: (message) => logger.warn({ message }, 'the history of lower pods was not read'),
  });
  const isHistoryKnown = () => lowerHistory.isKnown;
  const addDependency = (key: string) => dependencyQueue.add(key);
  const sync = createPodSync({ ...options, isHistoryKnown, addDependency }, caches, owner, health, lag);
  const rooms = new LowerRooms(
    caches.lowerNodes,
    caches.lowerPods,
    (pod) => isOurs(pod, owner),
    options.limit,
  );
  const labels = new LowerLabels(caches.lowerNodes);
  const facts = (): LowerFacts => {
    const [sample] = caches.lowerNodes.values();
    const ready = readiness(health.now);
    return { ready, version: options.lowerVersion, sample, agreed: labels.now(), ...rooms.now() };
  };
  const { upper } = options;
  const node = {
    upper,
    settings,
    node: caches.upperNode,
    facts,
    events: sync.events,
    logger,
    now: sync.now,
  };

  const podQueue = new WorkQueue({
    workers: options.podSyncWorkers,
    reconcile: (key) => reconcilePod(sync, key),
    onError: retryLog(logger, 'pod'),
    observer: metrics?.queue('pod'),
  });
  const dependencyQueue = new WorkQueue({
    workers: options.podSyncWorkers,
    reconcile: async (key) => {
      const pause = sync.dependencies.pauseOf(key);
      if (pause > 0) return { requeueAfter: pause };
      if (health.now.reachable) await sync.dependencies.reconcile(key);
      const left = sync.dependencies.lookAgain(key);
      return left === undefined ? undefined : { requeueAfter: left };
    },
    onError: retryLog(logger, 'dependency'),
    observer: metrics?.queue('dependency'),
  });
  const nodeQueue = new WorkQueue({
    workers: 1,
    reconcile: () => reconcileVirtualNode(node),
    onError: retryLog(logger, 'node'),
    observer: metrics?.queue('node'),
  });
  const eventQueue = new WorkQueue({
    workers: eventWorkers,
    reconcile: (key) => lowerEvents.reconcile(key),
    onError: retryLog(logger, 'event'),
    observer: metrics?.queue('event'),
  });
  const lowerEvents = new LowerEvents({
    upper,
    lowerPod: (key) => ourPod(caches.lowerPods.get(key), owner),
    upperPod: (key) => caches.upperPods.get(key),
    queue: eventQueue,
    now: Date.now,
    isBusy: () => podQueue.load > fewPods,
    onRefused: (message) => logger.warn({ message }, 'an event is not taken above'),
  });
  const queues = [podQueue, dependencyQueue, nodeQueue, eventQueue];
  const wiring = {
    caches,
    owner,
    namespace: options.namespace,
    serviceAccounts: options.down.serviceAccounts,
    nodeName: settings.name,
    isMirrored: (pod: Pod) => sync.mirrored.has(pod),
    podQueue,
    dependencyQueue,
    nodeQueue,
  };
  const release = connectEvents(wiring);
  rooms.watch(() => nodeQueue.addAfter(settings.name, nodeDelay));
  labels.watch(() => nodeQueue.addAfter(settings.name, nodeDelay));

  return {
    lowerEvents,
    lowerHistory,
    lag,
    shared: { namespaces: sync.namespaces, addPod: (key) => podQueue.add(key) },
    start() {
      lag.watch(caches.upperPods, caches.lowerPods);
      nodeQueue.add(settings.name);
      for (const queue of queues) queue.start();
    },
    addEverything: () => addEverything(wiring),
    addNode: () => nodeQueue.add(settings.name),
    addPods() {
      for (const [key] of caches.upperPods.entries()) podQueue.add(key);
    },
    async stop() {
      release();
      await Promise.all(queues.map((queue) => queue.stop()));
    },
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
