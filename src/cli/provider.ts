import type { CommandModule } from 'yargs';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { createLogger, type Logger } from '../kube/logger.ts';
import { RateLimit } from '../kube/rate-limit.ts';
import { Transport } from '../kube/transport.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { Fleet } from '../provider/fleet.ts';
import { identify } from '../provider/open-cluster.ts';
import { clusterSource } from './cluster-source.ts';
import { electionSettings } from './election-settings.ts';
import { kubeletPort } from './flags-cluster.ts';
import { kubeletSettings } from './kubelet-settings.ts';
import { openOperations } from './operations.ts';
import { ownAddresses } from './own-addresses.ts';
import { addProviderFlags, flagsWithoutEffect, type ProviderFlags } from './provider-flags.ts';
import { stopRequested } from './stop-requested.ts';
import { version } from './version.ts';

/** `isthmus provider`: a virtual node for each lower cluster, until a signal ends it. */
export const providerCommand: CommandModule<object, ProviderFlags> = {
  command: 'provider',
  describe: 'join lower clusters to the upper one as virtual nodes',
  builder: addProviderFlags,
  handler: run,
};

async function run(flags: ProviderFlags): Promise<void> {
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
    const open = openFleet(flags, upper, metrics.metricsFor, logger).then((opened) => {
      fleet = opened;
      return opened.run(stopping.signal);
    });
    // What a start still waits for fails when the connection closes.
    await Promise.race([open, stop.then(() => fleet && open)]);
    open.catch(() => {});
  } finally {
    await Promise.all([upper.close(), operations?.close()]);
  }
  // A connection being made to a cluster that does not answer cannot be given up: it would hold us for 10 s.
  process.exit();
}

async function openFleet(
  flags: ProviderFlags,
  upper: Transport,
  metricsFor: ReturnType<typeof createMetrics>['metricsFor'],
  logger: Logger,
): Promise<Fleet> {
  const client = new Client(upper);
  const source = clusterSource(flags, client, logger);
  const kubelet = kubeletSettings(flags, process.env);
  const isAlone = Boolean(flags['client-kubeconfig']);
  return new Fleet({
    source,
    upper,
    upperCluster: await identify(client),
    addresses: await ownAddresses(upper.connection.server, process.env),
    kubeletPort: kubeletPort(process.env),
    kubelet: isAlone ? kubelet : { ...kubelet, otherPorts: mostPorts },
    podSyncWorkers: flags['pod-sync-workers'],
    election: electionSettings(flags),
    endsOnFailure: isAlone,
    metricsFor,
    logger,
  });
}

/** From the kubelet port on, so many ports are tried for virtual nodes that name none. */
const mostPorts = 999;
