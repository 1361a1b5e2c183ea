import { identify } from '../clusters/identify.ts';
import { runDescheduler } from '../descheduler/descheduler.ts';
import { defaultStrategies, readPolicyFile } from '../descheduler/policy.ts';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { Lead } from '../kube/election/lead.ts';
import { createLogger } from '../kube/logger.ts';
import { parseLabelSelector } from '../kube/selector.ts';
import { Transport } from '../kube/transport.ts';
import { createDeschedulerMetrics } from '../metrics/descheduler-metrics.ts';
import { readSelector } from '../scheduling/label-selector.ts';
import type { DeschedulerFlags } from './descheduler-flags.ts';
import { parseDuration } from './duration.ts';
import { electionOf } from './election-settings.ts';
import { lowerClusters } from './lower-clusters.ts';
import { parseNamespacedName } from './namespaced-name.ts';
import { openOperations } from './operations.ts';
import { stopRequested } from './stop-requested.ts';
import { version } from './version.ts';

/** Moves pods until a signal ends it, or one round is done; ends the process. @throws KubeError */
export async function runDeschedulerCommand(flags: DeschedulerFlags): Promise<void> {
  const logger = createLogger(flags['log-level']);
  const policy = flags['policy-config-file'];
  const strategies = policy ? await readPolicyFile(policy) : defaultStrategies();
  const transport = new Transport(loadConnection('upper', flags.kubeconfig || undefined));
  const election = flags['dry-run'] ? undefined : electionOf(flags, 'descheduler');
  let lead: Lead | undefined;
  let says = 'waits to lead';
  const upper = new Client(transport, undefined, {
    ...(election && { mayBeSent: () => lead?.isCertain ?? false }),
  });
  const metrics = createDeschedulerMetrics(version);
  const readiness = () => [{ name: 'descheduler', isReady: true, says }];
  const operations = await openOperations(flags, { metrics, readiness }, logger);
  const stopping = new AbortController();
  void stopRequested().then((signal) => {
    logger.info({ signal }, 'stopping');
    stopping.abort();
  });
  const selector = readSelector({}, parseLabelSelector(flags['node-selector'] ?? ''));
  const interval = flags['dry-run']
    ? 0
    : parseDuration('descheduling-interval', flags['descheduling-interval']);
  const work = async (signal: AbortSignal) => {
    const client = new Client(transport);
    const { source, nodesBy } = lowerClusters(flags, client, logger);
    says = 'is at work';
    await runDescheduler(
      {
        upper,
        upperCluster: await identify(client),
        source,
        nodesBy,
        patience: parseDuration('stale-after', flags['stale-after']),
        strategies,
        limits: {
          perNode: flags['max-pods-to-evict-per-node'],
          perOwner: flags['max-pods-to-evict-per-owner'],
          perMinute: flags['max-pods-to-evict-per-minute'],
        },
        memory: {
          ...parseNamespacedName('tried', flags.tried),
          first: parseDuration('avoid-for', flags['avoid-for']),
          most: parseDuration('avoid-at-most', flags['avoid-at-most']),
        },
        remakingNamespace: flags['remaking-namespace'],
        interval: interval || undefined,
        isOurs: (labels) => selector.matches(labels),
        print: flags['dry-run'] ? (line) => process.stdout.write(`${line}\n`) : undefined,
        onOutcome: (strategy, outcome) => metrics.proposed(strategy, outcome),
        logger,
      },
      signal,
    );
  };
  try {
    if (!election) await work(stopping.signal);
    else {
      const onError = (message: string) => logger.warn({ message }, 'the election goes on');
      lead = new Lead({ ...election, client: new Client(transport), name: 'descheduler', work, onError });
      await lead.run(stopping.signal);
    }
  } finally {
    await Promise.all([transport.close(), operations.close()]);
  }
  // A connection being made to a cluster that does not answer cannot be given up: it would hold us for 10 s.
  process.exit();
}
