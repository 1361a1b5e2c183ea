import type { Controller, ControllerContext } from '../clusters/controller.ts';
import { LowerHealth, type Reachability } from '../clusters/lower-health.ts';
import { type SidedState, statesBySide } from '../clusters/sided-watches.ts';
import type { Client } from '../kube/client.ts';
import { Reflector } from '../kube/reflector.ts';
import { events } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { within } from '../kube/within.ts';
import { isOurs, type Owner, upperUidOf } from '../translate/marks.ts';
import { readAddressMap } from '../translate/services/address-map.ts';
import { createCaches, createWatches, type ProviderCaches } from './caches.ts';
import type { UpperDependencies } from './dependencies/upper-dependencies.ts';
import { type KubeletServer, type KubeletServerOptions, startKubeletServer } from './kubelet/server.ts';
import { runNodeLease } from './node/node-lease.ts';
import { checkLowerCluster } from './node/virtual-node.ts';
import { createReconcilers, type ReconcilersOptions } from './reconcilers.ts';

export interface ProviderOptions extends Omit<ReconcilersOptions, 'refusalBeside'> {
  /** uid of the upper cluster's kube-system. */
  upperCluster: string;
  /** What the upper cluster has of what pods may name; shared, and watched by whoever made it. */
  upperDependencies: UpperDependencies;
  /** The lower cluster for the streams of the kubelet port, which may outlive the work. */
  streams: Client;
  /** Label selector of the lower nodes that are offered; all of them when undefined. */
  nodeSelector: string | undefined;
  /** Which addresses the pods below have for everybody else; see `readAddressMap`. */
  podCidrMap: readonly string[];
  /** Started once both clusters are known. */
  startControllers: readonly ((context: Omit<ControllerContext, 'configuration'>) => Controller)[];
  kubelet: Pick<
    KubeletServerOptions,
    'certificate' | 'requestCertificate' | 'clientCaFile' | 'verifyClients' | 'acceptTokens' | 'otherPorts'
  >;
}

/** How far a virtual node is. */
export interface ProviderState {
  /** Every watch, by the side that it is of. */
  readonly watches: readonly SidedState[];
  /** Whether reconciles have begun, on caches that had both clusters whole. */
  readonly isInStep: boolean;
  readonly lower: Reachability;
}

/** One virtual node at work. */
export interface Provider {
  readonly state: ProviderState;
  /** Resolves when the caches are full and reconciles have begun; rejects when stopped before, or when that fails. */
  readonly ready: Promise<void>;
  /** Lets reconciles under way finish and ends watches; nothing is written afterwards. */
  stop(): Promise<void>;
  /** Stops, and closes sessions after a grace. */
  close(): Promise<void>;
}

/**
 * Calls under way may take this long, in milliseconds, when we stop; those to a cluster that does not answer would
 * take half a minute. What is cut off is done by the next start: every step may be repeated.
 */
const drainGrace = 2_000;
/** How long streams may go on after the end was asked for, in milliseconds. */
const sessionGrace = 2_000;

/**
 * Starts a virtual node: the kubelet API, then caches, then reconciles.
 *
 * @throws KubeError `Configuration` when the node stands for another lower cluster, or the port is taken
 */
export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const { upper, lower, namespace, nodeSelector, logger } = options;
  await checkLowerCluster(upper, options.settings);
  const owner: Owner = { upperCluster: options.upperCluster, virtualNode: options.settings.name };
  const addresses = readAddressMap(options.podCidrMap);
  const caches = createCaches(owner, options.down.serviceAccounts, options.upperDependencies, addresses);
  const kubelet = await startKubelet(options, caches, owner);
  const settings = { ...options.settings, kubeletPort: kubelet.port };
  const health = new LowerHealth({ lower, clusterUid: settings.lowerCluster, onChange: onReachability });
  const refusalBeside = (pod: Pod) => {
    for (const controller of controllers) {
      const refusal = controller.refusalOf?.(pod);
      if (refusal) return refusal;
    }
    return undefined;
  };
  const reconcilers = createReconcilers({ ...options, settings, refusalBeside }, caches, owner, health);
  const { metrics } = options;
  const onError = (message: string) => logger.warn({ message }, 'a watch failed and goes on');
  const watched = { upper, lower, nodeName: settings.name, nodeSelector, namespace, onError, metrics };
  const watches = createWatches(caches, watched);
  const news = new Reflector(lower, events, reconcilers.lowerEvents, {
    fieldSelector: 'involvedObject.kind=Pod',
    onError,
    observer: metrics?.watch('lower', events.plural),
  });
  const lease = {
    upper,
    nodeName: settings.name,
    node: () => caches.upperNode.get(settings.name),
    // Who cannot list a cluster says nothing of its health: the node is lost until both are known.
    isAlive: () => isInStep && health.now.reachable,
    position: () => reconcilers.lowerHistory.nextSince(watches.lowerPods.position),
    onError: (message: string) => logger.warn({ message }, 'the lease is tried again'),
  };
  let isInStep = false;
  const controllers: Controller[] = [];
  metrics?.read({
    streams: () => kubelet.sessions,
    isReachable: () => health.now.reachable,
    isInStep: () => isInStep,
    waiting: (direction) => reconcilers.lag.waiting(direction),
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = [
    ...[watches.upper, watches.lower, health, reconcilers.lowerHistory].map((one) => one.run(signal)),
    runNodeLease(lease, signal),
  ];

  function onReachability(now: Reachability): void {
    if (now.reachable) {
      logger.info('the lower cluster answers again');
      watches.lower.reconnect();
      news.reconnect();
      reconcilers.addEverything();
      for (const controller of controllers) controller.reconnect();
    } else {
      logger.error({ reason: now.reason, message: now.message }, 'the lower cluster is lost');
      reconcilers.addPods();
      for (const controller of controllers) controller.lost?.();
    }
    reconcilers.addNode();
  }

  async function begin(): Promise<void> {
    await Promise.all(
      [options.upperDependencies.watches, watches.upper, watches.lower].map((one) => one.synced),
    );
    if (signal.aborted) return;
    const { upperPods, lowerPods } = caches;
    const reachability = () => health.now;
    const isReachable = () => health.now.reachable;
    const confirmReachable = () => health.confirm();
    const cluster = {
      upper,
      lower,
      owner,
      upperPods,
      lowerPods,
      isReachable,
      reachability,
      confirmReachable,
    };
    const context = { ...cluster, ...reconcilers.shared, metrics, logger };
    // One by one: when one cannot be started, those before it are to be stopped.
    for (const start of options.startControllers) controllers.push(start(context));
    reconcilers.start();
    // What was deleted while nobody looked brings no event.
    reconcilers.addEverything();
    isInStep = true;
    running.push(news.run(signal));
    logger.info({ node: settings.name, pods: caches.upperPods.size, port: kubelet.port }, 'at work');
  }

  async function stop(): Promise<void> {
    try {
      await within(drainGrace, Promise.all([reconcilers.stop(), ...controllers.map((one) => one.stop())]));
    } finally {
      stopping.abort();
    }
    await within(drainGrace, Promise.all(running));
  }

  return {
    ready: begin(),
    get state() {
      const upper = [watches.upper, options.upperDependencies.watches];
      const own = statesBySide({ upper, lower: [watches.lower] });
      const others = controllers.flatMap((controller) => controller.watches);
      return { watches: [...own, ...others], isInStep, lower: health.now };
    },
    stop,
    async close() {
      await Promise.all([stop(), kubelet.close(sessionGrace)]);
    },
  };
}

function startKubelet(
  options: ProviderOptions,
  caches: ProviderCaches,
  owner: Owner,
): Promise<KubeletServer> {
  const { upper, streams, settings, logger } = options;
  const copyOf = (key: string, pod: Pod | undefined) => {
    const copy = caches.lowerPods.get(key);
    return pod && copy && isOurs(copy, owner) && upperUidOf(copy) === pod.metadata?.uid ? copy : undefined;
  };
  return startKubeletServer({
    ...options.kubelet,
    upper,
    lower: streams,
    nodeName: settings.name,
    port: settings.kubeletPort,
    addresses: settings.addresses.map(({ address }) => address),
    logger,
    findPod(namespace, name, uid) {
      const key = `${namespace}/${name}`;
      const pod = caches.upperPods.get(key);
      return uid === undefined || uid === pod?.metadata?.uid ? copyOf(key, pod) : undefined;
    },
    *listPods() {
      for (const [key, upper] of caches.upperPods.entries()) yield { upper, lower: copyOf(key, upper) };
    },
  });
}
