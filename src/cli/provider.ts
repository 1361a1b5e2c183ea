import { existsSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { describeError, KubeError } from '../kube/errors.ts';
import { createLogger, type Logger } from '../kube/logger.ts';
import { RateLimit } from '../kube/rate-limit.ts';
import { Transport } from '../kube/transport.ts';
import { type Provider, startProvider } from '../provider/provider.ts';
import { nodeSettings } from './node-settings.ts';
import { podDownOptions } from './pod-down-options.ts';
import { addProviderFlags, flagsWithoutEffect, type ProviderFlags } from './provider-flags.ts';
import { stopRequested } from './stop-requested.ts';

/** `isthmus provider`: one virtual node until a signal ends it. */
export const providerCommand: CommandModule<object, ProviderFlags> = {
  command: 'provider',
  describe: 'join a lower cluster to the upper one as a virtual node',
  builder: addProviderFlags,
  handler: run,
};

async function run(flags: ProviderFlags): Promise<void> {
  const logger = createLogger(flags['log-level']);
  for (const name of flagsWithoutEffect)
    if (flags[name] !== undefined) logger.warn(`--${name} has no effect`);
  const upper = client('upper', flags.kubeconfig, flags['kube-api-qps'], flags['kube-api-burst']);
  const lower = client('lower', flags['client-kubeconfig'], flags['client-qps'], flags['client-burst']);
  try {
    await serve(flags, upper, lower, logger);
  } finally {
    await Promise.all([upper.transport.close(), lower.transport.close()]);
  }
  // A connection being made to a cluster that does not answer cannot be given up: it would hold us for 10 s.
  process.exit();
}

async function serve(flags: ProviderFlags, upper: Client, lower: Client, logger: Logger): Promise<void> {
  const stop = stopRequested();
  const starting = start(flags, upper, lower, logger);
  const first = await Promise.race([starting, stop]);
  const provider = typeof first === 'string' ? undefined : first;
  // Nothing was begun that a stop must end: what start still waits for fails when the connections close.
  if (!provider) return void starting.catch(() => {});
  provider.ready.catch((error: unknown) =>
    logger.debug({ message: describeError(error) }, 'stopped before it was ready'),
  );
  logger.info({ signal: await stop }, 'stopping');
  await provider.stop();
}

async function start(flags: ProviderFlags, upper: Client, lower: Client, logger: Logger): Promise<Provider> {
  const [upperCluster, lowerCluster] = await Promise.all([identify(upper), identify(lower)]);
  if (upperCluster === lowerCluster) {
    throw new KubeError('Configuration', '--kubeconfig and --client-kubeconfig lead to the same cluster');
  }
  const { gitVersion } = await lower.transport.request<{ gitVersion: string }>({
    method: 'GET',
    path: '/version',
  });
  const settings = await nodeSettings({
    name: flags.nodename,
    provider: flags.provider,
    isTainted: !flags['disable-taint'],
    upperServer: upper.transport.connection.server,
    lowerCluster,
    environment: process.env,
  });
  if (flags['no-verify-clients'])
    logger.warn('--no-verify-clients: whoever reaches the kubelet port can run commands');
  return startProvider({
    upper,
    lower,
    upperCluster,
    lowerVersion: gitVersion,
    settings,
    namespace: flags.namespace || undefined,
    down: podDownOptions(flags, upper.transport.connection.server),
    podSyncWorkers: flags['pod-sync-workers'],
    kubelet: {
      certificate: servingCertificate(process.env),
      requestCertificate: flags['serving-certificate'] === 'csr',
      clientCaFile: readable(
        '--client-verify-ca',
        flags['client-verify-ca'] || process.env['APISERVER_CA_CERT_LOCATION'],
      ),
      verifyClients: !flags['no-verify-clients'],
      acceptTokens: flags['authentication-token-webhook'],
    },
    logger,
  });
}

function client(name: 'upper' | 'lower', path: string | undefined, qps: number, burst: number): Client {
  return new Client(
    new Transport(loadConnection(name, path || undefined), { rateLimit: new RateLimit({ qps, burst }) }),
  );
}

/** The uid of a cluster; a refusal says which cluster refused. */
async function identify(cluster: Client): Promise<string> {
  const { name, server } = cluster.transport.connection;
  try {
    return await cluster.clusterUid({ urgent: true, timeout: 10_000 });
  } catch (error) {
    if (!(error instanceof KubeError) || error.status === undefined) throw error;
    throw new KubeError(error.code, `the ${name} API server ${server.origin} refuses us: ${error.message}`, {
      cause: error,
    });
  }
}

function servingCertificate(
  environment: NodeJS.ProcessEnv,
): { certFile: string; keyFile: string } | undefined {
  const certFile = readable('APISERVER_CERT_LOCATION', environment['APISERVER_CERT_LOCATION']);
  const keyFile = readable('APISERVER_KEY_LOCATION', environment['APISERVER_KEY_LOCATION']);
  if (certFile && keyFile) return { certFile, keyFile };
  if (!certFile && !keyFile) return undefined;
  throw new KubeError(
    'Configuration',
    'APISERVER_CERT_LOCATION and APISERVER_KEY_LOCATION go together; one of them is not set',
  );
}

function readable(setting: string, path: string | undefined): string | undefined {
  if (path && !existsSync(path))
    throw new KubeError('Configuration', `${setting} names ${path}, which does not exist`);
  return path || undefined;
}
