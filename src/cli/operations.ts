import { describeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { parseListenAddress } from '../operations/address.ts';
import type { OperationsSources } from '../operations/routes.ts';
import { startOperationsServer } from '../operations/server.ts';
import { defaultOperationsAddress, type ProviderFlags } from './provider-flags.ts';

/** The operations server of a process, if it has one. */
export interface Operations {
  /** Why there is none though the flags do not turn it off; for the log, once there is work to do at all. */
  readonly missing: string | undefined;
  close(): Promise<void>;
}

const none: Operations = { missing: undefined, close: async () => {} };

/**
 * Starts the operations server where the flags say. Where nothing was said and another process of this machine has
 * the usual port, it goes without.
 *
 * @throws KubeError `Configuration`
 */
export async function openOperations(
  flags: Pick<ProviderFlags, 'metrics-addr' | 'enable-profiling'>,
  sources: Omit<OperationsSources, 'isHeapShown'>,
  logger: Logger,
): Promise<Operations> {
  const wanted = flags['metrics-addr'];
  const address = parseListenAddress('--metrics-addr', wanted ?? defaultOperationsAddress);
  if (!address) return none;
  const isHeapShown = flags['enable-profiling'];
  try {
    const server = await startOperationsServer({ ...sources, isHeapShown, address, logger });
    logger.debug({ host: address.host, port: server.port }, 'metrics and health are served');
    return { missing: undefined, close: () => server.close() };
  } catch (error) {
    if (wanted !== undefined) throw error;
    return { ...none, missing: describeError(error) };
  }
}
