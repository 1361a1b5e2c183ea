import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';

/** The uid of a cluster; a refusal says which cluster refused. @throws KubeError */
export async function identify(cluster: Client): Promise<string> {
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
