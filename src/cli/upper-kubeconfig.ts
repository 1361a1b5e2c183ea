import { homedir } from 'node:os';
import { join } from 'node:path';

/** The upper cluster that is meant: the one named, `$KUBECONFIG`, that of `isthmus up`, or what kubectl uses. */
export async function upperKubeconfig(given: string | undefined): Promise<string> {
  return (
    given || process.env['KUBECONFIG'] || (await localKubeconfig()) || join(homedir(), '.kube', 'config')
  );
}

/** The code of the local clusters is loaded only when nothing else names a cluster. */
async function localKubeconfig(): Promise<string | undefined> {
  const { runningClusters } = await import('../../hack/clusters/running.ts');
  const { stateFolder } = await import('../../hack/clusters/folders.ts');
  return runningClusters(stateFolder())?.upper.kubeconfig;
}
