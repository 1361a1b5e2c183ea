import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import { keyOf } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import { isOurs, type Owner, upperUidOf } from '../translate/marks.ts';
import type { LowerFacts, VirtualNodeSettings } from '../translate/virtual-node.ts';
import { createCaches, createReflectors, type ProviderCaches } from './caches.ts';
import { connectEvents } from './connect-events.ts';
import { Dependencies } from './dependencies.ts';
import { type KubeletServer, type KubeletServerOptions, startKubeletServer } from './kubelet/server.ts';
import { LowerHealth, type Reachability } from './lower-health.ts';
import { LowerRooms } from './lower-rooms.ts';
import { LowerNamespaces } from './namespaces.ts';
import { runNodeLease } from './node-lease.ts';
import { type PodSync, reconcilePod } from './pod-reconcile.ts';
import { checkLowerCluster, reconcileVirtualNode } from './virtual-node.ts';

export interface ProviderOptions {
  upper: Client;
  lower: Client;
  /** uid of the upper cluster's kube-system. */
  upperCluster: string;
  settings: VirtualNodeSettings;
  /** gitVersion of the lower API server. */
  lowerVersion: string;
  /** The upper namespace to serve; all of them when undefined. */
  namespace: string | undefined;
  ignoreLabels: ReadonlySet<string>;
  podSyncWorkers: number;
  kubelet: Pick<KubeletServerOptions, 'certificate' | 'clientCaFile' | 'verifyClients'>;
  logger: Logger;
}

/** One virtual node at work. */
export interface Provider {
  /** Resolves when caches are full, the node is registered and pods are being reconciled. */
  readonly ready: Promise<void>;
  /** Ends watches, lets reconciles under way finish, and closes sessions after a grace. */
  stop(): Promise<void>;
}

const sessionGrace = 2_000;
/** Changes of the room below are gathered this long, in milliseconds, before the node is written. */
const nodeDelay = 1_000;

/**
 * Starts a virtual node: the kubelet API, caches, then reconciles.
 *
 * @throws KubeError `Configuration` when the node stands for another lower cluster, or the port is taken
 */
export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const { upper, lower, settings, logger } = options;
  await checkLowerCluster(upper, settings);
  const owner: Owner = { upperCluster: options.upperCluster, virtualNode: settings.name };
  const caches = createCaches(owner);
  const stopping = new AbortController();
  const kubelet = await startKubelet(options, caches, owner);
  const onError = (message: string) => logger.warn({ message }, 'a watch failed and goes on');
  const reflectors = createReflectors(caches, {
    upper,
    lower,
    nodeName: settings.name,
    namespace: options.namespace,
    onError,
  });
  const rooms = new LowerRooms(caches.lowerNodes, caches.lowerPods, (pod) => isOurs(pod, owner));
  const health = new LowerHealth({ lower, clusterUid: settings.lowerCluster, onChange: onReachability });

  const sync = createPodSync(options, caches, owner, health);
  const podQueue = new WorkQueue({
    workers: options.podSyncWorkers,
    reconcile: (key) => reconcilePod(sync, key),
    onError: (pod, error) => logger.warn({ pod, message: describeError(error) }, 'pod is tried again'),
  });
  const dependencyQueue = new WorkQueue({
    workers: options.podSyncWorkers,
    reconcile: async (key) => {
      if (health.now.reachable) await sync.dependencies.reconcile(key);
      return undefined;
    },
    onError: (key, error) => logger.warn({ key, message: describeError(error) }, 'dependency is tried again'),
  });
  const nodeQueue = new WorkQueue({
    workers: 1,
    reconcile: () =>
      reconcileVirtualNode({ upper, settings, node: caches.upperNode, facts, logger, now: () => new Date() }),
    onError: (node, error) => logger.warn({ node, message: describeError(error) }, 'node is tried again'),
  });
  connectEvents({
    caches,
    owner,
    namespace: options.namespace,
    podQueue,
    dependencyQueue,
    nodeQueue,
    nodeName: settings.name,
  });
  rooms.watch(() => nodeQueue.addAfter(settings.name, nodeDelay));

  function facts(): LowerFacts {
    const [sample] = caches.lowerNodes.values();
    return { ready: readiness(health.now), version: options.lowerVersion, sample, ...rooms.now() };
  }

  function onReachability(now: Reachability): void {
    if (now.reachable) {
      logger.info('the lower cluster answers again');
      for (const reflector of reflectors.lower) reflector.reconnect();
      for (const key of caches.upperPods.keys()) podQueue.add(key);
      for (const pod of caches.lowerPods.values()) if (isOurs(pod, owner)) podQueue.add(keyOf(pod));
    } else {
      logger.error({ reason: now.reason, message: now.message }, 'the lower cluster is lost');
    }
    nodeQueue.add(settings.name);
  }

  const all = [...reflectors.upper, ...reflectors.lower];
  const running = [
    ...all.map((reflector) => reflector.run(stopping.signal)),
    health.run(stopping.signal),
    runNodeLease(
      {
        upper,
        nodeName: settings.name,
        node: () => caches.upperNode.get(settings.name),
        isAlive: () => health.now.reachable,
        onError: (message) => logger.warn({ message }, 'lease is tried again'),
      },
      stopping.signal,
    ),
  ];

  async function begin(): Promise<void> {
    await Promise.all(all.map((reflector) => reflector.synced));
    nodeQueue.add(settings.name);
    nodeQueue.start();
    dependencyQueue.start();
    podQueue.start();
    logger.info(
      { node: settings.name, pods: caches.upperPods.size, port: kubelet.port },
      'the virtual node is at work',
    );
  }

  return {
    ready: begin(),
    async stop() {
      await Promise.all([podQueue.stop(), dependencyQueue.stop(), nodeQueue.stop()]);
      stopping.abort();
      await Promise.all(running);
      await kubelet.close(sessionGrace);
    },
  };
}

function createPodSync(
  options: ProviderOptions,
  caches: ProviderCaches,
  owner: Owner,
  health: LowerHealth,
): PodSync {
  const { upper, lower, settings, logger } = options;
  const namespaces = new LowerNamespaces(upper, lower, owner);
  const { upperPods, lowerPods } = caches;
  const isUsed = (key: string) =>
    upperPods.keysBy('dependency', key).size > 0 || lowerPods.keysBy('dependency', key).size > 0;
  return {
    upper,
    lower,
    owner,
    upperPods,
    lowerPods,
    namespaces,
    dependencies: new Dependencies({ upper, lower, owner, namespaces, caches: caches.dependencies, isUsed }),
    events: new EventRecorder(upper, {
      component: 'isthmus',
      host: settings.name,
      onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
    }),
    down: { ignoreLabels: options.ignoreLabels },
    logger,
    isReachable: () => health.now.reachable,
    now: () => new Date(),
  };
}

function startKubelet(
  options: ProviderOptions,
  caches: ProviderCaches,
  owner: Owner,
): Promise<KubeletServer> {
  const { settings } = options;
  return startKubeletServer({
    ...options.kubelet,
    upper: options.upper,
    lower: options.lower,
    nodeName: settings.name,
    port: settings.kubeletPort,
    addresses: settings.addresses.map(({ address }) => address),
    logger: options.logger,
    findPod(namespace, name, uid): Pod | undefined {
      const key = `${namespace}/${name}`;
      const upper = caches.upperPods.get(key);
      const lower = caches.lowerPods.get(key);
      if (!upper || !lower || !isOurs(lower, owner) || upperUidOf(lower) !== upper.metadata?.uid)
        return undefined;
      return uid === undefined || uid === upper.metadata?.uid ? lower : undefined;
    },
  });
}

function readiness(now: Reachability): LowerFacts['ready'] {
  return now.reachable
    ? { isReady: true, reason: 'LowerClusterReady', message: 'the lower API server answers' }
    : { isReady: false, reason: now.reason, message: now.message };
}
