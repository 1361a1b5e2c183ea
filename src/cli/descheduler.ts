import { identify } from '../clusters/identify.ts';
import { type DeschedulerOptions, runDescheduler } from '../descheduler/descheduler.ts';
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
  const options = optionsOf(flags);
  const transport = new Transport(loadConnection('upper', flags.kubeconfig || undefined));
  const election = flags['dry-run'] ? undefined : electionOf(flags, 'descheduler');
  let lead: Lead | undefined;
  let isAtWork = false;
  const upper = new Client(transport, undefined, {
    ...(election && { mayBeSent: () => lead?.isCertain ?? false }),
  });
  const metrics = createDeschedulerMetrics(version);
  const readiness = () => [
    { name: 'descheduler', isReady: true, says: isAtWork ? 'is at work' : 'waits to lead' },
  ];
  const operations = await openOperations(flags, { metrics, readiness }, logger);
  if (operations.missing) logger.warn({ message: operations.missing }, 'metrics and health are not served');
  const stopping = new AbortController();
  void stopRequested().then((signal) => {
    logger.info({ signal }, 'stopping');
    stopping.abort();
  });
  const work = async (signal: AbortSignal) => {
    const client = new Client(transport);
    const onOutcome = metrics.proposed;
    isAtWork = true;
    try {
      const clusters = {
        ...lowerClusters(flags, client, logger, flags['dry-run'] ? 'log' : 'events'),
        upperCluster: await identify(client),
      };
      await runDescheduler({ ...options, ...clusters, upper, strategies, onOutcome, logger }, signal);
    } finally {
      isAtWork = false;
    }
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

type OptionsOfFlags = Pick<
  DeschedulerOptions,
  'patience' | 'limits' | 'memory' | 'remakingNamespace' | 'interval' | 'isOurs' | 'print'
>;

/** What the flags alone say. @throws KubeError `Configuration` */
function optionsOf(flags: DeschedulerFlags): OptionsOfFlags {
  const selector = readSelector({}, parseLabelSelector(flags['node-selector'] ?? ''));
  const duration = (name: DurationFlag) => parseDuration(name, flags[name]);
  return {
    patience: duration('stale-after'),
    limits: {
      perNode: flags['max-pods-to-evict-per-node'],
      perOwner: flags['max-pods-to-evict-per-owner'],
      perMinute: flags['max-pods-to-evict-per-minute'],
    },
    memory: {
      ...parseNamespacedName('tried', flags.tried),
      first: duration('avoid-for'),
      most: duration('avoid-at-most'),
    },
    remakingNamespace: flags['remaking-namespace'],
    interval: (!flags['dry-run'] && duration('descheduling-interval')) || undefined,
    isOurs: (labels) => selector.matches(labels),
    print: flags['dry-run'] ? (line) => process.stdout.write(`${line}\n`) : undefined,
  };
}

type DurationFlag = 'stale-after' | 'avoid-for' | 'avoid-at-most' | 'descheduling-interval';
