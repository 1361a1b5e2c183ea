import { mkdirSync, writeFileSync } from 'node:fs';
import { execute, mustExecute } from './exec.ts';
import { accessIn, writeKubeconfig } from './kubeconfig.ts';
import { layoutOfSet } from './layout.ts';
import { filesOf } from './pki.ts';
import type { ClusterState } from './state.ts';
import { lines } from './text.ts';

/** On every container of a set, so that whoever stops the set finds it without any record. */
const LABEL = 'isthmus.directory';

const DEFAULT_IMAGE = 'rancher/k3s:v1.35.0-k3s1';
const TLS = '/var/lib/rancher/k3s/server/tls';

/** Whether a Docker engine answers. The client alone is no engine. */
export async function hasDocker(): Promise<boolean> {
  const answer = await execute('docker', ['version', '--format', '{{.Server.Version}}']).catch(
    () => undefined,
  );
  return answer?.exitCode === 0;
}

/** Starts a lower cluster as a k3s container that outlives this process; resolves when k3s says it is up. */
export async function startK3s(
  directory: string,
  set: number | undefined,
  state: ClusterState,
): Promise<void> {
  // Testcontainers would remove the container as soon as this process ends, and `isthmus up` ends.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { K3sContainer } = await import('@testcontainers/k3s').catch(() => {
    throw new Error('k3s containers need the development packages: run npm ci in the checkout');
  });
  // Docker publishes the port on the machine, which namespaces reach by the machine's address in the set.
  const host = set === undefined ? '127.0.0.1' : layoutOfSet(set).machineAddress;
  const container = await new K3sContainer(process.env['ISTHMUS_K3S_IMAGE'] || DEFAULT_IMAGE)
    .withCommand(['server', '--disable=traefik', `--tls-san=${host}`])
    .withLabels({ [LABEL]: directory, 'isthmus.cluster': state.name })
    .start();
  const files = filesOf(directory, state.name);
  mkdirSync(files.pki, { recursive: true, mode: 0o700 });
  const access = accessIn(container.getKubeConfig());
  const server = `https://${host}:${container.getMappedPort(6443)}`;
  writeKubeconfig(files.kubeconfig, { ...access, cluster: state.name, server });
  for (const [file, source] of [['ca.crt', 'client-ca.crt'] as const, ['ca.key', 'client-ca.key'] as const]) {
    const content = await mustExecute('docker', ['exec', container.getId(), 'cat', `${TLS}/${source}`]);
    writeFileSync(files.key(file), content, { mode: 0o600 });
  }
}

/** Stops a cluster's container from answering, or lets it go on. Its port would be another after a restart. */
export async function pauseK3s(directory: string, cluster: string, paused: boolean): Promise<void> {
  const filters = ['--filter', `label=${LABEL}=${directory}`, '--filter', `label=isthmus.cluster=${cluster}`];
  const ids = lines(await mustExecute('docker', ['ps', '-q', ...filters]));
  await mustExecute('docker', [paused ? 'pause' : 'unpause', ...ids]);
}

/** Removes every container of a set, paused ones too. */
export async function removeK3s(directory: string): Promise<void> {
  const ids = lines(await mustExecute('docker', ['ps', '-aq', '--filter', `label=${LABEL}=${directory}`]));
  if (ids.length > 0) await mustExecute('docker', ['rm', '--force', '--volumes', ...ids]);
}
