import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import type { RunningProgram } from '../../hack/clusters/programs.ts';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { apply, eventually, kubectl, kubectlWith, lowerCluster, openClusters } from '../clusters.ts';

const clusters = openClusters();
const { upper } = clusters;
const lower = lowerCluster(clusters, 'a');
const namespace = 'kubelet-port';
const node = 'vk-kubelet-port';
const port = 10399;
let provider: RunningProgram;

beforeAll(async () => {
  const isthmus = join(packageFolder(), 'bin', 'isthmus');
  const flags = [
    '--nodename',
    node,
    '--kubeconfig',
    upper.providerKubeconfig,
    '--client-kubeconfig',
    lower.providerKubeconfig,
  ];
  provider = await clusters.run(node, [process.execPath, isthmus, 'provider', ...flags], {
    KUBELET_PORT: String(port),
    VKUBELET_POD_IP: upper.address,
  });
  await apply(upper, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await eventually(async () => {
    expect((await run('get', 'serviceaccount', 'default')).exitCode).toBe(0);
    expect((await run('get', 'node', node)).exitCode).toBe(0);
  });
  await apply(upper, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace, labels: { 'virtual-pod': 'true' } },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': node },
      tolerations: [{ operator: 'Exists' }],
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'main', image: BUSYBOX_IMAGE, command: ['sh', '-c', 'echo up; exec sleep 10000'] },
      ],
    },
  });
  await eventually(async () => expect((await run('get', 'pod', 'web')).stdout).toContain('Running'));
});

afterAll(async () => {
  await run('delete', 'pod', 'web', '--now', '--timeout=20s');
  await kubectl(upper, 'delete', 'namespace', namespace, '--wait=false');
  provider?.kill('SIGTERM');
  await provider?.exited;
  await kubectl(upper, 'delete', 'node', node);
});

const run = (...args: string[]) => kubectl(upper, '-n', namespace, ...args);

describe('through the provider itself', () => {
  it('come logs', async () => {
    expect((await run('logs', 'web')).stdout).toBe('up\n');
  });

  it.runIf(process.getuid?.() === 0)('goes exec, with its exit code and its stdin', async () => {
    expect((await run('exec', 'web', '--', 'sh', '-c', 'exit 7')).exitCode).toBe(7);
    const input = randomBytes(1_000_000).toString('base64');
    const command = ['-n', namespace, 'exec', '-i', 'web', '--', 'sha256sum'];
    const { stdout } = await kubectlWith({ input }, upper, ...command);
    expect(stdout).toBe(`${createHash('sha256').update(input).digest('hex')}  -\n`);
  });

  it('goes nobody without credentials, and nobody finds what is not ours', async () => {
    const status = async (path: string) => {
      const request = https.get({ host: upper.address, port, path, rejectUnauthorized: false, agent: false });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await status(`/containerLogs/${namespace}/web/main`)).toBe(401);
    const proxied = await kubectl(upper, 'get', '--raw', `/api/v1/nodes/${node}/proxy/healthz`);
    // Without root the API server does not go to loopback addresses that way.
    if (upper.namespace) expect(proxied.stdout).toBe('ok');
    const other = await kubectl(
      upper,
      'get',
      '--raw',
      `/api/v1/nodes/${node}/proxy/containerLogs/default/none/main`,
    );
    expect(other.exitCode).toBe(1);
  });
});
