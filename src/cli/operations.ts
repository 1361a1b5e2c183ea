import { describeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { parseListenAddress } from '../operations/address.ts';
import type { OperationsSources } from '../operations/routes.ts';
import { type OperationsServer, startOperationsServer } from '../operations/server.ts';
import { defaultOperationsAddress, type ProviderFlags } from './provider-flags.ts';

/**
 * Starts the operations server where the flags say; undefined when they turn it off. Where nothing was said and
 * another process of this machine has the usual port, it goes without.
 *
 * @throws KubeError `Configuration`
 */
export async function openOperations(
  flags: Pick<ProviderFlags, 'metrics-addr' | 'enable-profiling'>,
  sources: Omit<OperationsSources, 'isHeapShown'>,
  logger: Logger,
): Promise<OperationsServer | undefined> {
  const wanted = flags['metrics-addr'];
  const address = parseListenAddress('--metrics-addr', wanted ?? defaultOperationsAddress);
  if (!address) return undefined;
  const isHeapShown = flags['enable-profiling'];
  try {
    const server = await startOperationsServer({ ...sources, isHeapShown, address, logger });
    logger.debug({ host: address.host, port: server.port }, 'metrics and health are served');
    return server;
  } catch (error) {
    if (wanted !== undefined) throw error;
    logger.warn({ message: describeError(error) }, 'no metrics and health are served; see --metrics-addr');
    return undefined;
  }
}
