import type { StartController } from '../../clusters/controller.ts';
import { identify } from '../../clusters/identify.ts';
import type { LowerCluster } from '../../clusters/lower-cluster.ts';
import { Client } from '../../kube/client.ts';
import { loadConnection } from '../../kube/connection.ts';
import { describeError, KubeError } from '../../kube/errors.ts';
import type { Logger } from '../../kube/logger.ts';
import { RateLimit } from '../../kube/rate-limit.ts';
import { parseLabelSelector } from '../../kube/selector.ts';
import { Transport } from '../../kube/transport.ts';
import { within } from '../../kube/within.ts';
import type { NodeMetrics, NodeReadings } from '../../metrics/node-metrics.ts';
import { readResources } from '../../scheduling/resource-list.ts';
import type { PodDownOptions } from '../../translate/pod-down.ts';
import type { Refusable } from '../../translate/policy.ts';
import type { RefusalOptions } from '../../translate/refusal.ts';
import type { ApiAddress } from '../../translate/service-account.ts';
import type { UpperDependencies } from '../dependencies/upper-dependencies.ts';
import { type NodeAddress, virtualNodeSettings } from '../node/node-settings.ts';
import { type Provider, type ProviderOptions, startProvider } from '../provider.ts';
import { upperApiService } from './upper-api-service.ts';

/** What all virtual nodes of a process share. */
export interface SharedOptions {
  /** The upper API server; each virtual node counts its own calls. */
  readonly upper: Transport;
  readonly upperCluster: string;
  readonly upperDependencies: (namespace: string | undefined) => UpperDependencies;
  /** Where the upper API server reaches this process. */
  readonly addresses: readonly NodeAddress[];
  /** The kubelet port of a cluster that names none. */
  readonly kubeletPort: number;
  readonly kubelet: ProviderOptions['kubelet'];
  /** What no pod may do, whatever its cluster allows. */
  readonly refuse: readonly Refusable[];
  readonly podSyncWorkers: number;
  /** The controllers of each virtual node. */
  readonly startControllers: readonly StartController[];
  readonly metricsFor: (nodeName: string) => NodeMetrics;
  /** Whether it is still certain that no other replica leads a node that we lead; always when undefined. */
  readonly mayBeSent: ((nodeName: string) => boolean) | undefined;
  readonly logger: Logger;
}

/** A virtual node at work, and its way to the lower cluster. */
export interface OpenCluster {
  readonly provider: Pick<Provider, 'state'>;
  /** Resolves with the reason when the work cannot begin, without having been stopped. */
  readonly broken: Promise<unknown>;
  /** The kubeconfig has changed: it is read again before the next call. */
  renewCredentials(): void;
  /**
   * Ends the work; when it resolves nothing is written for this virtual node any more. When leadership was `lost`,
   * what is under way is cut off, otherwise it may end in a short grace.
   */
  stop(how?: { lost: boolean }): Promise<void>;
  /** Ends the sessions of kubectl, too, after their grace. */
  close(): Promise<void>;
}

/** How long connections may take to close, in milliseconds: nothing comes on them any more, whether they do or not. */
const closeGrace = 2_000;

/**
 * Connects to a lower cluster and starts its virtual node.
 *
 * @param signal gives up what is under way
 * @throws KubeError
 */
export async function openCluster(
  shared: SharedOptions,
  cluster: LowerCluster,
  signal: AbortSignal,
): Promise<OpenCluster> {
  const { configuration, kubeconfig } = cluster;
  const { name, nodeName, qps, burst } = configuration;
  const connection = loadConnection(name, kubeconfig);
  const transport = new Transport(connection, { rateLimit: new RateLimit({ qps, burst }) });
  const streams = new Transport(connection);
  const metrics = shared.metricsFor(nodeName);
  metrics.read(absent);
  const working = new AbortController();
  const mayBeSent = shared.mayBeSent && (() => shared.mayBeSent?.(nodeName) ?? true);
  const lower = new Client(transport, metrics.calls('lower'), { mayBeSent });
  const cutOff = () => {
    working.abort();
    return within(closeGrace, transport.close());
  };
  const giveUp = () => void cutOff();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const provider = await startProvider({
      ...(await providerOptions(shared, cluster, lower)),
      upper: new Client(shared.upper, metrics.calls('upper'), { signal: working.signal, mayBeSent }),
      lower,
      streams: new Client(streams, metrics.calls('lower')),
      metrics,
    });
    let isStopping = false;
    const broken = new Promise<unknown>((resolve) => {
      provider.ready.catch((error: unknown) => {
        if (!isStopping) return resolve(error);
        shared.logger.debug({ message: describeError(error) }, 'stopped before it was ready');
      });
    });
    return {
      provider,
      broken,
      renewCredentials() {
        transport.renewCredentials();
        streams.renewCredentials();
      },
      async stop({ lost } = { lost: false }) {
        isStopping = true;
        if (lost) await cutOff();
        try {
          await provider.stop();
        } finally {
          await cutOff();
        }
      },
      async close() {
        isStopping = true;
        try {
          await provider.close();
        } finally {
          metrics.remove();
          await Promise.all([cutOff(), streams.close()]);
        }
      },
    };
  } catch (error) {
    // Until the next attempt it is shown as a cluster that does not answer.
    metrics.read(absent);
    await Promise.all([transport.close(), streams.close()]);
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

const absent: NodeReadings = {
  streams: () => 0,
  isReachable: () => false,
  isInStep: () => false,
  waiting: () => ({ pods: 0, oldest: 0 }),
};

async function providerOptions(
  shared: SharedOptions,
  { configuration }: LowerCluster,
  lower: Client,
): Promise<Omit<ProviderOptions, 'upper' | 'lower' | 'streams' | 'metrics'>> {
  const { upperCluster, logger } = shared;
  const { name, namespace, nodeSelector } = configuration;
  const lowerCluster = await identify(lower);
  if (lowerCluster === upperCluster) {
    throw new KubeError(
      'Configuration',
      `the kubeconfig of cluster ${name} leads to the upper cluster itself`,
    );
  }
  const { gitVersion } = await lower.transport.request<{ gitVersion: string }>({
    method: 'GET',
    path: '/version',
  });
  const down = podDownOptions(
    { ...configuration, refuse: [...configuration.refuse, ...shared.refuse] },
    shared.upper.connection.server,
  );
  const owner = { upperCluster, virtualNode: configuration.nodeName };
  return {
    upperCluster,
    lowerVersion: gitVersion,
    upperDependencies: shared.upperDependencies(namespace),
    settings: virtualNodeSettings(configuration, shared, lowerCluster),
    namespace,
    nodeSelector,
    limit: readResources(configuration.capacity),
    down: {
      ...down,
      ...(configuration.services.kubernetes && {
        upperApi: { ...down.upperApi, alias: await upperApiService(lower, owner, down.upperApi) },
      }),
    },
    podSyncWorkers: shared.podSyncWorkers,
    podCidrMap: configuration.services.podCidrMap,
    startControllers: shared.startControllers.map(
      (start) => (context) => start({ ...context, configuration }),
    ),
    kubelet: { ...shared.kubelet, ...(configuration.kubeletPort === undefined ? {} : { otherPorts: 0 }) },
    logger: logger.child({ cluster: name }),
  };
}

/** How pods go down to a cluster. @param upperServer the upper API server as our own kubeconfig names it */
export function podDownOptions(
  configuration: LowerCluster['configuration'],
  upperServer: URL,
): PodDownOptions & RefusalOptions {
  const { ignoreLabels, serviceAccountMode, upperApiAddress, nodeSelector = '', refuse } = configuration;
  return {
    ignoreLabels: new Set(ignoreLabels),
    serviceAccounts: serviceAccountMode,
    upperApi: apiAddress(upperApiAddress ? new URL(`https://${upperApiAddress}`) : upperServer),
    nodeRequirements: parseLabelSelector(nodeSelector),
    refused: new Set(refuse),
  };
}

function apiAddress(url: URL): ApiAddress {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (url.protocol === 'http:' ? '80' : '443'),
  };
}
