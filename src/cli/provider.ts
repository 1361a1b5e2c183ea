import { identify } from '../clusters/identify.ts';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { createLogger } from '../kube/logger.ts';
import { RateLimit } from '../kube/rate-limit.ts';
import { Transport } from '../kube/transport.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { Fleet, type FleetOptions } from '../provider/fleet/fleet.ts';
import { clusterSource } from './cluster-source.ts';
import { enabledControllers } from './controllers.ts';
import { electionSettings } from './election-settings.ts';
import { kubeletPort, refusedFeatures } from './flags-cluster.ts';
import { kubeletSettings } from './kubelet-settings.ts';
import { openOperations } from './operations.ts';
import { ownAddresses } from './own-addresses.ts';
import { flagsWithoutEffect, type ProviderFlags } from './provider-flags.ts';
import { stopRequested } from './stop-requested.ts';
import { version } from './version.ts';

/** A virtual node for each lower cluster until a signal ends it; ends the process. @throws KubeError */
export async function runProvider(flags: ProviderFlags): Promise<void> {
  const logger = createLogger(flags['log-level']);
  for (const name of flagsWithoutEffect)
    if (flags[name] !== undefined) logger.warn(`--${name} has no effect`);
  if (flags['no-verify-clients'])
    logger.warn('--no-verify-clients: whoever reaches the kubelet port can run commands');
  const rateLimit = new RateLimit({ qps: flags['kube-api-qps'], burst: flags['kube-api-burst'] });
  const upper = new Transport(loadConnection('upper', flags.kubeconfig || undefined), { rateLimit });
  const metrics = createMetrics(version);
  let fleet: Fleet | undefined;
  const readiness = () =>
    fleet?.members() ?? [{ name: 'upper', isReady: false, says: 'asks the upper cluster who it is' }];
  const operations = await openOperations(flags, { metrics, readiness }, logger);
  const stopping = new AbortController();
  const stop = stopRequested().then((signal) => {
    logger.info({ signal }, 'stopping');
    stopping.abort();
  });
  try {
    const onJoined = once(() => {
      if (operations.missing)
        logger.warn({ message: operations.missing }, 'metrics and health are not served');
    });
    const shared = { metricsFor: metrics.metricsFor, onJoined, onGivenUp: metrics.gaveUp, logger };
    const open = openFleet(flags, upper, shared).then((opened) => {
      fleet = opened;
      return opened.run(stopping.signal);
    });
    // What a start still waits for fails when the connection closes.
    await Promise.race([open, stop.then(() => fleet && open)]);
    open.catch(() => {});
  } finally {
    await Promise.all([upper.close(), operations.close()]);
  }
  // A connection being made to a cluster that does not answer cannot be given up: it would hold us for 10 s.
  process.exit();
}

async function openFleet(
  flags: ProviderFlags,
  upper: Transport,
  shared: Pick<FleetOptions, 'metricsFor' | 'onJoined' | 'onGivenUp' | 'logger'>,
): Promise<Fleet> {
  const client = new Client(upper);
  const source = clusterSource(flags, client, shared.logger);
  const kubelet = kubeletSettings(flags, process.env);
  const isAlone = Boolean(flags['client-kubeconfig']);
  const election = electionSettings(flags);
  const { logger, metricsFor } = shared;
  // What the virtual nodes share: a second asking would begin it anew.
  const common = metricsFor('');
  return new Fleet({
    source,
    upper,
    upperCluster: await identify(client),
    addresses: await ownAddresses(upper.connection.server, process.env),
    kubeletPort: kubeletPort(process.env),
    kubelet: isAlone ? kubelet : { ...kubelet, otherPorts: mostPorts },
    refuse: refusedFeatures(flags),
    podSyncWorkers: flags['pod-sync-workers'],
    startControllers: enabledControllers(flags['enable-controllers'], {
      upper,
      metrics: common,
      logger,
      flags,
    }),
    election,
    // With replicas it is one that takes over: what it cannot reach yet, another would not reach either.
    endsOnFailure: isAlone && !election,
    ...shared,
    metricsFor: (name) => (name === '' ? common : metricsFor(name)),
  });
}

/** From the kubelet port on, so many ports are tried for virtual nodes that name none. */
const mostPorts = 999;

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
