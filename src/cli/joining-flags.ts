import type { InferredOptionTypes, Options } from 'yargs';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { KubeError } from '../kube/errors.ts';
import { isNodeName } from '../kube/label-syntax.ts';
import { Transport } from '../kube/transport.ts';

/** The flags that `isthmus join` and `isthmus unjoin` share. */
export const joiningFlags = {
  kubeconfig: {
    type: 'string',
    describe: 'kubeconfig of the upper cluster, as one who may write Secrets in the namespace',
    demandOption: true,
  },
  namespace: {
    type: 'string',
    describe: 'where the Secrets of clusters stand above, and the accounts below',
    default: 'isthmus-system',
  },
} as const satisfies Record<string, Options>;

export type JoiningFlags = { name: string } & InferredOptionTypes<typeof joiningFlags>;

/** What a cluster may be called: it is the name of a Secret, and most often of a node. */
export function checkName(name: string): void {
  if (!isNodeName(name))
    throw new KubeError('Configuration', `"${name}" is no name: use at most 63 of a-z, 0-9, "-" and "."`);
}

/** Does something with the two clusters, and ends the connections to them. */
export async function withClusters<T>(
  kubeconfig: string,
  clientKubeconfig: string | undefined,
  act: (upper: Client, lower: Client | undefined) => Promise<T>,
): Promise<T> {
  const connect = (name: string, path: string) => new Client(new Transport(loadConnection(name, path)));
  const upper = connect('upper', kubeconfig);
  const lower = clientKubeconfig ? connect('lower', clientKubeconfig) : undefined;
  try {
    return await act(upper, lower);
  } finally {
    await Promise.all([upper.transport.close(), lower?.transport.close()]);
  }
}

/** Writes a line for the person at the terminal. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
