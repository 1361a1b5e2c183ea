import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { which } from './exec.ts';
import type { LocalCluster, LocalClusters } from './open.ts';
import { filesOf, kubeletNodeOf } from './pki.ts';
import { startProgram } from './programs.ts';
import { readState } from './state.ts';
import { findTestProgram } from './test-programs.ts';

/**
 * Starts a kube-proxy and a DNS server beside the real kubelet of a cluster that was started with `names`: its pods
 * then reach Services by name, as in any cluster. Both end with the cluster. Needs root and iptables.
 */
export async function startClusterServices(
  { directory }: Pick<LocalClusters, 'directory'>,
  { name, kubeconfig }: LocalCluster,
): Promise<void> {
  const state = readState(directory)?.clusters.find((cluster) => cluster.name === name);
  if (!state?.namespace) throw new Error(`cluster ${name} has no network of its own`);
  if (!(await which('iptables'))) throw new Error('install iptables: kube-proxy writes its rules with it');
  const folder = join(filesOf(directory, name).folder, 'services');
  mkdirSync(folder, { recursive: true });
  const start = (program: string, command: readonly string[]) =>
    startProgram(directory, { name: `${name}-${program}`, command, cluster: state });
  start('kube-proxy', [
    await findTestProgram('kube-proxy'),
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${kubeletNodeOf(name)}`,
    '--proxy-mode=iptables',
    // Two pods on one bridge answer each other directly, past the rules that would give back the Service's address.
    '--masquerade-all',
    `--cluster-cidr=${state.podCidr}`,
    // These are settings of the machine, not of the namespace.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0',
    '--conntrack-tcp-timeout-close-wait=0',
  ]);
  const corefile = join(folder, 'Corefile');
  writeFileSync(
    corefile,
    `.:53 {
  bind ${state.address}
  errors
  kubernetes cluster.local {
    kubeconfig ${kubeconfig}
  }
}
`,
  );
  start('coredns', [await findTestProgram('coredns'), '-conf', corefile]);
}
