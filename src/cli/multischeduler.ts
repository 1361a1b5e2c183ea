import { hostname } from 'node:os';
import { identify } from '../clusters/identify.ts';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { KubeError } from '../kube/errors.ts';
import { createLogger, type Logger } from '../kube/logger.ts';
import { Transport } from '../kube/transport.ts';
import { Certificates } from '../multischeduler/certificates.ts';
import { runMultischeduler } from '../multischeduler/multischeduler.ts';
import type { ListenAddress } from '../operations/address.ts';
import { isLoopback } from '../operations/local.ts';
import { parseDuration } from './duration.ts';
import { lowerClusters } from './lower-clusters.ts';
import { listenAddressOf, type MultischedulerFlags } from './multischeduler-flags.ts';
import { stopRequested } from './stop-requested.ts';
import { words } from './words.ts';

/** Answers a kube-scheduler until a signal ends it; ends the process. @throws KubeError */
export async function serveSchedulers(flags: MultischedulerFlags): Promise<void> {
  const logger = createLogger(flags['log-level']);
  const address = listenAddressOf(flags);
  const certificates = certificatesOf(flags, address, logger);
  const patience = parseDuration('stale-after', flags['stale-after']);
  const transport = new Transport(loadConnection('upper', flags.kubeconfig || undefined));
  const upper = new Client(transport);
  const stopping = new AbortController();
  const stop = stopRequested().then((signal) => {
    logger.info({ signal }, 'stopping');
    stopping.abort();
  });
  try {
    const { strategy, offer } = flags;
    const { source, nodesBy } = lowerClusters(flags, upper, logger);
    const upperCluster = await identify(upper);
    const shared = { upper, upperCluster, patience, address, certificates, logger };
    await Promise.race([
      runMultischeduler({ ...shared, source, nodesBy, strategy, offer }, stopping.signal),
      stop.then(() => new Promise<void>((end) => setTimeout(end, grace))),
    ]);
  } finally {
    await transport.close();
  }
  // A connection being made to a cluster that does not answer cannot be given up: it would hold us for 10 s.
  process.exit();
}

/** How long watches may take to end, in milliseconds. */
const grace = 2_000;

function certificatesOf(
  flags: MultischedulerFlags,
  { host }: ListenAddress,
  logger: Logger,
): Certificates | undefined {
  const { 'tls-cert-file': certFile, 'tls-private-key-file': keyFile, 'cert-dir': directory } = flags;
  const clientCaFile = flags['client-ca-file'] || undefined;
  if (certFile && keyFile) return new Certificates({ serving: { certFile, keyFile }, clientCaFile, logger });
  if (directory) {
    const named = words(flags['cert-names'] ?? '');
    const names = new Set([host ?? hostname(), 'localhost', '127.0.0.1', ...named]);
    return new Certificates({ serving: { directory, names: [...names] }, clientCaFile, logger });
  }
  if (host !== undefined && (host === 'localhost' || isLoopback(host)) && !clientCaFile) return undefined;
  throw new KubeError(
    'Configuration',
    clientCaFile
      ? '--client-ca-file needs a certificate to serve with: give --cert-dir or --tls-cert-file'
      : `--address ${flags.address} is not only for this machine: give --cert-dir or --tls-cert-file`,
  );
}
