import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programName } from './controlplane.ts';
import { filesOf, kubeletNodeOf } from './pki.ts';
import { startProgram } from './programs.ts';
import type { ClusterState } from './state.ts';
import { findTestProgram } from './test-programs.ts';

/**
 * Starts a kube-proxy and a DNS server beside the real kubelet of a cluster with `names`: its pods then reach Services
 * by name, as in any cluster. Needs root and iptables.
 */
export async function startClusterServices(directory: string, state: ClusterState): Promise<void> {
  const { name } = state;
  const { kubeconfig, folder: clusterFolder } = filesOf(directory, name);
  const folder = join(clusterFolder, 'services');
  mkdirSync(folder, { recursive: true });
  const start = (program: string, command: readonly string[]) =>
    startProgram(directory, { name: programName(name, program), command, cluster: state });
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
