import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateRequest, createAuthority, createTokenKeys, type KeyPair } from './certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { ClusterState } from './state.ts';

/** The files of a cluster's keys and kubeconfigs, all derived from the set's directory and the cluster's name. */
export interface ClusterFiles {
  readonly folder: string;
  readonly pki: string;
  readonly logs: string;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** A certificate or key, by its name without or with the extension that tells which. */
  key(name: string): string;
  /** The kubeconfig of one of the cluster's own programs. */
  kubeconfigOf(user: string): string;
}

/** Where everything of a cluster is. */
export function filesOf(directory: string, cluster: string): ClusterFiles {
  const folder = join(directory, cluster);
  const pki = join(folder, 'pki');
  return {
    folder,
    pki,
    logs: join(directory, 'logs'),
    kubeconfig: join(directory, `${cluster}.kubeconfig`),
    key: (name) => join(pki, name),
    kubeconfigOf: (user) => join(pki, `${user}.kubeconfig`),
  };
}

/** The name of a cluster's node that has a real kubelet. */
export function kubeletNodeOf(cluster: string): string {
  return `${cluster}-node-0`;
}

/** Makes all keys, certificates and kubeconfigs of a cluster: one authority, with others for the front proxy and etcd. */
export async function createPki(directory: string, state: ClusterState): Promise<void> {
  const files = filesOf(directory, state.name);
  mkdirSync(files.pki, { recursive: true, mode: 0o700 });
  const [authority, frontProxy, etcd] = await Promise.all(
    ['kubernetes', 'front-proxy', 'etcd'].map((name) => createAuthority(`${state.name}-${name}-ca`)),
  );
  if (!authority || !frontProxy || !etcd) throw new Error('no authorities');
  const save = (name: string, { certificate, key }: KeyPair) => {
    writeFileSync(files.key(`${name}.crt`), certificate);
    writeFileSync(files.key(`${name}.key`), key, { mode: 0o600 });
  };
  const local = { names: ['localhost'], addresses: [...new Set(['127.0.0.1', state.address])] };
  const masters = ['system:masters'];
  const certificates: [name: string, issuer: typeof authority, request: CertificateRequest][] = [
    ['apiserver', authority, { commonName: 'kube-apiserver', ...serverNames(state, local) }],
    ['kubelet-client', authority, { commonName: 'kube-apiserver-kubelet-client', organizations: masters }],
    ['nodes', authority, { commonName: `system:node:${state.name}`, ...local }],
    ['front-proxy-client', frontProxy, { commonName: 'front-proxy-client' }],
    ['etcd', etcd, { commonName: 'etcd', ...local }],
  ];
  const users: [user: string, request: CertificateRequest][] = [
    ['admin', { commonName: 'admin', organizations: masters }],
    ['controller-manager', { commonName: 'system:kube-controller-manager' }],
    ['scheduler', { commonName: 'system:kube-scheduler' }],
    ['kubelet', { commonName: `system:node:${kubeletNodeOf(state.name)}`, organizations: ['system:nodes'] }],
    ['kwok', { commonName: 'kwok', organizations: masters }],
  ];
  save('ca', authority);
  save('front-proxy-ca', frontProxy);
  save('etcd-ca', etcd);
  await Promise.all(
    certificates.map(async ([name, issuer, request]) => save(name, await issuer.issue(request))),
  );
  await Promise.all(
    users.map(async ([user, request]) => {
      const file = user === 'admin' ? files.kubeconfig : files.kubeconfigOf(user);
      const server = `https://${state.address}:${state.ports.apiserver}`;
      const client = await authority.issue(request);
      writeKubeconfig(file, { cluster: state.name, server, authority: authority.certificate, client });
    }),
  );
  const tokens = await createTokenKeys();
  writeFileSync(files.key('tokens.pub'), tokens.publicKey);
  writeFileSync(files.key('tokens.key'), tokens.key, { mode: 0o600 });
}

function serverNames(state: ClusterState, local: { names: string[]; addresses: string[] }) {
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return { names: [...local.names, ...service], addresses: [...local.addresses, state.firstServiceAddress] };
}
