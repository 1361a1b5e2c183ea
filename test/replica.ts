import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { LocalClusters } from '../hack/clusters/open.ts';
import { filesOf } from '../hack/clusters/pki.ts';
import { freePorts } from '../hack/clusters/plan.ts';
import type { Connection } from '../src/kube/connection.ts';
import { isthmus } from './provider.ts';

/** One process of a provider that serves many lower clusters. */
export interface Replica {
  readonly pid: number;
  /** SIGKILL, and resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  log(): string;
}

let started = 0;

/** Starts a replica in the upper cluster's network, under the provider's own account. */
export async function startReplica(clusters: LocalClusters, ...flags: string[]): Promise<Replica> {
  const [port = 0] = await freePorts(1);
  const files = filesOf(clusters.directory, clusters.upper.name);
  started += 1;
  const program = await clusters.run(
    `replica-${process.pid}-${started}`,
    [
      process.execPath,
      isthmus,
      'provider',
      '--kubeconfig',
      clusters.upper.providerKubeconfig,
      '--metrics-addr=',
      ...flags,
    ],
    {
      KUBELET_PORT: String(port),
      VKUBELET_POD_IP: clusters.upper.address,
      APISERVER_CERT_LOCATION: files.key('nodes.crt'),
      APISERVER_KEY_LOCATION: files.key('nodes.key'),
    },
  );
  return {
    pid: program.pid,
    async kill() {
      program.kill('SIGKILL');
      await program.exited;
    },
    async stop() {
      program.kill('SIGTERM');
      return program.exited;
    },
    log: program.log,
  };
}

/** Writes a copy of a kubeconfig that leads through a cable. */
export function kubeconfigThrough(path: string, connection: Connection, copy: string): void {
  const content = parse(readFileSync(path, 'utf8')) as { clusters: { cluster: Record<string, string> }[] };
  for (const { cluster } of content.clusters) {
    cluster['tls-server-name'] = new URL(cluster['server'] ?? '').hostname;
    cluster['server'] = connection.server.origin;
  }
  writeFileSync(copy, stringify(content), { mode: 0o600 });
}
