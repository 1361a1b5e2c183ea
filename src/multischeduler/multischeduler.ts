import type { SecureContextOptions } from 'node:tls';
import { LowerPlacement } from '../clusters/placement/lower-placement.ts';
import type { NodesBy } from '../clusters/placement/virtual-nodes.ts';
import type { ClusterSource } from '../clusters/source.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import { linkSignals } from '../kube/signals.ts';
import type { Pod } from '../kube/types.ts';
import type { RankStrategy } from '../scheduling/rank.ts';
import type { Certificates } from './certificates.ts';
import { Choice } from './choice.ts';
import { Extender } from './extender.ts';
import { Reservations } from './reservations.ts';
import { startExtenderServer } from './server.ts';
import { UpperLoad } from './upper-load.ts';
import { UpperView } from './upper-view.ts';

export interface MultischedulerOptions {
  readonly upper: Client;
  /** uid of the upper cluster's kube-system. */
  readonly upperCluster: string;
  readonly source: ClusterSource;
  readonly nodesBy: NodesBy;
  readonly strategy: RankStrategy;
  /** How many of the virtual nodes that can take a pod a scheduler is told of. */
  readonly offer: 'one' | 'several';
  /** Milliseconds for which pictures are believed though a watch failed or a cluster does not answer. */
  readonly patience: number;
  readonly address: { readonly host: string | undefined; readonly port: number };
  /** Plain HTTP without. */
  readonly certificates: Certificates | undefined;
  readonly logger: Logger;
}

/**
 * How long a pod that was let pass counts everywhere, in milliseconds, when its binding is never seen. A binding is
 * written within milliseconds, and within seconds where an API server is hard pressed. No shorter than it takes to see
 * that bindings cannot be seen.
 */
const reservationLife = 30_000;

/**
 * Answers a kube-scheduler until the signal aborts.
 *
 * @throws KubeError when the clusters cannot be read, or the address cannot be had
 */
export async function runMultischeduler(options: MultischedulerOptions, signal: AbortSignal): Promise<void> {
  const { upper, upperCluster, patience, logger, certificates, strategy, offer } = options;
  const ending = linkSignals(signal);
  const reservations = new Reservations(Math.max(reservationLife, 2 * patience));
  const view = new UpperView({
    upper,
    upperCluster,
    patience,
    onPod: (key, pod) => onPod(key, pod),
    onNodes: () => placement.nodesChanged(),
    onError: (message) => logger.warn({ message }, 'a watch of the upper cluster failed and goes on'),
  });
  const placement = new LowerPlacement({
    ...options,
    nodeOf: (name) => view.virtualNode(name),
    claimOf: (key) => view.claim(key),
  });
  const nodeOf = (name: string) => view.virtualNode(name);
  const load = new UpperLoad(nodeOf);
  const onPod = (key: string, pod: Pod | undefined) => {
    load.apply(key, pod);
    // In this order: what counts everywhere must not be in the way of what is promised to one.
    if (!pod || pod.spec?.nodeName) reservations.end(key);
    placement.promised.apply(key, pod);
  };
  const staleness = () => (placement.isRead ? view.staleness : 'the lower clusters have not been read yet');
  const { virtualNodes, podsBelow, claimsBelow } = placement;
  const choice = offer === 'one' ? new Choice({ virtualNodes, nodeOf, load, strategy }) : undefined;
  const extender = new Extender({
    ...options,
    virtualNodes,
    podsBelow,
    claimsBelow,
    reservations,
    choice,
    staleness,
  });
  const tls: SecureContextOptions | undefined = await certificates?.load();
  const server = await startExtenderServer({
    ...options.address,
    tls,
    verifiesClients: certificates?.verifiesClients ?? false,
    extender,
    unready: staleness,
    logger,
  });
  certificates?.follow((next) => server.renew(next), ending.signal);
  logger.info({ port: server.port, isSecure: tls !== undefined }, 'answers schedulers');
  try {
    await Promise.all([view.run(ending.signal), placement.run(ending.signal)]);
  } finally {
    ending.abort();
    ending.release();
    await server.close();
  }
}
