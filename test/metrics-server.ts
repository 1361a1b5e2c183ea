import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../hack/clusters/certificates.ts';
import { readKubeconfig, writeKubeconfig } from '../hack/clusters/kubeconfig.ts';
import type { LocalClusters } from '../hack/clusters/open.ts';
import { filesOf } from '../hack/clusters/pki.ts';
import { findTestProgram } from '../hack/clusters/test-programs.ts';
import { TestAuthority } from '../src/provider/kubelet/tls/test-authority.ts';
import { apply, eventually, kubectl } from './clusters.ts';

/** A metrics-server of the upper cluster. */
export interface MetricsServer {
  stop(): Promise<void>;
}

const name = 'metrics-server';
const namespace = 'kube-system';
const port = 4443;
const apiService = 'v1beta1.metrics.k8s.io';

/**
 * Starts a real metrics-server in the upper cluster's network and registers it there; resolves when the API server
 * finds it available. It has the rights that its own manifests give it and no others, and checks the certificates
 * of kubelets; the API server checks its own.
 */
export async function startMetricsServer(clusters: LocalClusters): Promise<MetricsServer> {
  const { upper } = clusters;
  const binary = await findTestProgram(name);
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-metrics-server-'));
  const file = (base: string) => join(folder, base);
  const authority = await createAuthority('metrics-server-ca');
  const serving = await authority.issue({ commonName: name, names: [`${name}.${namespace}.svc`] });
  writeFileSync(file('serving.crt'), serving.certificate);
  writeFileSync(file('serving.key'), serving.key, { mode: 0o600 });
  const upperAuthority = new TestAuthority({
    cert: readFileSync(upper.clientCaFile, 'utf8'),
    key: readFileSync(upper.clientCaKeyFile, 'utf8'),
  });
  const { cert: certificate, key } = await upperAuthority.issue({ commonNames: [name] });
  writeKubeconfig(file('kubeconfig'), {
    ...readKubeconfig(upper.kubeconfig),
    client: { certificate, key },
  });
  const manifests = objects(upper.address, authority.certificate);
  for (const manifest of manifests) await apply(upper, manifest);
  const kubeconfig = file('kubeconfig');
  const program = await clusters.run(name, [
    binary,
    ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(
      (flag) => `--${flag}=${kubeconfig}`,
    ),
    `--secure-port=${port}`,
    `--tls-cert-file=${file('serving.crt')}`,
    `--tls-private-key-file=${file('serving.key')}`,
    `--kubelet-certificate-authority=${filesOf(clusters.directory, upper.name).key('ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--kubelet-use-node-status-port',
    // The shortest that it takes.
    '--metric-resolution=10s',
    '--kubelet-request-timeout=9s',
  ]);
  const stop = async () => {
    // First: an API that is registered and away keeps every namespace from going.
    await kubectl(upper, 'delete', 'apiservice', apiService, '--ignore-not-found');
    program.kill('SIGTERM');
    await program.exited;
    for (const { kind, metadata } of manifests) {
      const where = metadata.namespace ? ['-n', metadata.namespace] : [];
      await kubectl(upper, ...where, 'delete', kind, metadata.name, '--ignore-not-found');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      const path = 'jsonpath={.status.conditions[?(@.type=="Available")]}';
      const { stdout } = await kubectl(upper, 'get', 'apiservice', apiService, '-o', path);
      if (!stdout.includes('"status":"True"'))
        throw new Error(`${stdout}\n${readFileSync(program.logFile, 'utf8').slice(-2_000)}`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What metrics-server's own manifests make, for a user in place of a service account. */
function objects(address: string, authority: string): Manifest[] {
  const rbac = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'User', name, apiGroup: rbac }];
  const role = (kind: string, roleName: string) => ({ apiGroup: rbac, kind, name: roleName });
  const bound = { apiVersion: `${rbac}/v1`, subjects };
  const manifests = [
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [
        { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    { ...bound, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: role('ClusterRole', name) },
    {
      ...bound,
      kind: 'ClusterRoleBinding',
      metadata: { name: `${name}-delegator` },
      roleRef: role('ClusterRole', 'system:auth-delegator'),
    },
    {
      ...bound,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: role('Role', 'extension-apiserver-authentication-reader'),
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      // No kube-proxy works for the API server here; it follows an external name by itself.
      spec: { type: 'ExternalName', externalName: address, ports: [{ port }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: apiService },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { name, namespace, port },
        caBundle: Buffer.from(authority).toString('base64'),
      },
    },
  ];
  return manifests;
}
