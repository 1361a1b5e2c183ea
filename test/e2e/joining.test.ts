import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, execute } from '../../hack/clusters/exec.ts';
import type { Client } from '../../src/kube/client.ts';
import { configMaps, namespaces, networkPolicies, nodes, pods, secrets } from '../../src/kube/resources.ts';
import { marks } from '../../src/translate/marks.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { configMap, podOn, podSpec, workload } from '../manifests.ts';
import { clientOf, find } from '../objects.ts';
import { createProvider, isthmus, type TestProvider } from '../provider.ts';

const clusters = openClusters();
const { upper } = clusters;
const b = lowerCluster(clusters, 'b');
const folder = mkdtempSync(join(tmpdir(), 'isthmus-joining-'));
const name = 'joined';
const node = 'vk-joined';
const system = 'isthmus-system';
const namespace = `e2e-joining-${Date.now().toString(36)}`;
let above: Client;
let below: Client;
let provider: TestProvider;

beforeAll(async () => {
  above = clientOf(upper);
  below = clientOf(b);
  await above.create(namespaces, { metadata: { name: namespace } });
  await eventually(async () => must('get', 'serviceaccount', 'default'));
});
afterAll(async () => {
  await provider?.kill();
  await kubectl(upper, 'delete', 'namespace', namespace, '--wait=false');
  await kubectl(upper, '-n', system, 'delete', 'secret', name, '--ignore-not-found');
  await kubectl(upper, 'delete', 'node', node, '--ignore-not-found');
  await kubectl(b, 'delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
  await Promise.all([above.transport.close(), below.transport.close()]);
  rmSync(folder, { recursive: true });
});

async function run(command: 'join' | 'unjoin', ...more: string[]): Promise<CommandResult> {
  const signal = AbortSignal.timeout(100_000);
  return execute(process.execPath, [isthmus, command, name, '--kubeconfig', upper.kubeconfig, ...more], {
    signal,
  });
}
const admin = ['--client-kubeconfig', b.kubeconfig];

async function must(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await kubectl(upper, '-n', namespace, ...args);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

const secretOf = () => above.get(secrets, { namespace: system, name });

/** A provider with what the Secret has, and nothing else. */
async function startProvider(): Promise<void> {
  const path = join(folder, 'lower.kubeconfig');
  const { data } = await secretOf();
  writeFileSync(path, Buffer.from(data?.['kubeconfig'] ?? '', 'base64'));
  const lower = { ...b, providerKubeconfig: path };
  provider = await createProvider({ clusters, upper: above, lower, node, flags: ['--log-level', 'debug'] });
  await provider.start();
}

const tokens = async () =>
  (await below.list(secrets, { namespace: system, labelSelector: `isthmus.io/joined=${name}` })).items;

/** Everything below that join has made. */
async function made(): Promise<string> {
  const kinds = 'serviceaccounts,clusterrolebindings,secrets';
  const { stdout } = await kubectl(
    b,
    '-n',
    system,
    'get',
    kinds,
    '-l',
    `isthmus.io/joined=${name}`,
    '-o',
    'name',
  );
  return stdout.trim().replaceAll(/-[0-9a-f]{8}(-[0-9a-f]{6})?/g, '-#');
}

describe('isthmus join', () => {
  it.each([
    ['a name that is none', ['--region', 'x'], /"J" is no name/, 'J'],
    ['a quantity that is none', ['--capacity', 'cpu=lots'], /capacity.cpu: expected a quantity/, name],
    ['half a pair', ['--label', 'a'], /--label: "a" is no pair/, name],
    [
      'a selector that is none',
      ['--node-selector', 'a=b=c'],
      /nodeSelector: expected a label selector/,
      name,
    ],
    ['a node that is real', ['--node-name', 'b-node-x'], /is no virtual node/, name],
    ['a time that is none', ['--wait-timeout', 'long'], /--wait-timeout is "long"/, name],
  ])('refuses %s and makes nothing', async (_, flags, expected, called) => {
    await above.create(nodes, { metadata: { name: 'b-node-x' } }).catch(() => {});
    const args = [isthmus, 'join', called, '--kubeconfig', upper.kubeconfig, ...admin, ...flags];
    const { exitCode, stderr } = await execute(process.execPath, args);
    expect(stderr).toMatch(expected);
    expect(stderr.trim().split('\n').length).toBe(1);
    expect(exitCode).toBeGreaterThan(0);
    expect(await made()).toBe('');
    await kubectl(upper, 'delete', 'node', 'b-node-x');
  });

  it('makes nothing below where it may not write above, however often it is tried', async () => {
    const args = [isthmus, 'join', name, '--kubeconfig', upper.providerKubeconfig, ...admin];
    for (const _ of [1, 2]) {
      const { exitCode, stderr } = await execute(process.execPath, args);
      expect(stderr).toMatch(/cannot patch resource "secrets"/);
      expect(exitCode).toBe(1);
    }
    expect(await made()).toBe('');
  });

  it('makes account and Secret, says what it waits for, and ends when the node is Ready', async () => {
    const joining = run('join', ...admin, '--node-name', node, '--zone', 'eu-1', '--capacity', 'cpu=8');
    await eventually(secretOf);
    await startProvider();
    const { stdout, stderr, exitCode } = await joining;
    expect([stderr, exitCode]).toEqual(['', 0]);
    expect(stdout).toContain('waiting for the virtual node vk-joined: no provider has registered it');
    expect(stdout).toContain('the virtual node vk-joined is Ready');
    expect((await made()).split('\n').sort()).toEqual([
      'clusterrolebinding.rbac.authorization.k8s.io/isthmus-joined-#:isthmus-lower',
      'clusterrolebinding.rbac.authorization.k8s.io/isthmus-joined-#:isthmus-lower-scheduling',
      'secret/isthmus-joined-#',
      'serviceaccount/isthmus-joined-#',
    ]);
    const { data, metadata } = await secretOf();
    expect(metadata?.labels?.['isthmus.io/cluster']).toBe('true');
    const configuration = Buffer.from(data?.['configuration'] ?? '', 'base64').toString();
    expect(configuration).toBe('nodeName: vk-joined\ncapacity:\n  cpu: "8"\nzone: eu-1\n');
    const [token] = await tokens();
    const text = Buffer.from(token?.data?.['token'] ?? '', 'base64').toString();
    expect(text.length).toBeGreaterThan(100);
    expect(stdout).not.toContain(text);
  });

  it('again, renews the token, keeps the settings, and leaves the former token to who still needs it', async () => {
    const [former] = await tokens();
    const { stdout, exitCode } = await run(
      'join',
      ...admin,
      '--region',
      'eu',
      '--wait-timeout',
      '3s',
      '--with-metrics',
    );
    expect(exitCode).toBe(0);
    // A wide right, which only who asks for it gives.
    expect(await made()).toContain('isthmus-joined-#:isthmus-lower-metrics');
    expect(stdout).toContain('nobody came with the new token yet');
    expect(stdout).toContain(`delete secret ${former?.metadata?.name}`);
    expect((await tokens()).length).toBe(2);
    const { data } = await secretOf();
    expect(Buffer.from(data?.['configuration'] ?? '', 'base64').toString()).toContain('region: eu\n');
    expect(Buffer.from(data?.['configuration'] ?? '', 'base64').toString()).toContain('zone: eu-1\n');
    await provider.stop();
    await startProvider();
    const again = run('join', ...admin);
    // Below the token is there a moment before whoever starts can find it above.
    await eventually(async () =>
      expect((await secretOf()).data?.['kubeconfig']).not.toBe(data?.['kubeconfig']),
    );
    expect((await tokens()).length).toBe(3);
    await provider.stop();
    await startProvider();
    expect((await again).stdout).toContain('the former token counts no more');
    expect((await tokens()).length).toBe(1);
  });

  it('refuses to make the name stand for another cluster', async () => {
    const a = lowerCluster(clusters, 'a');
    const { exitCode, stderr } = await run('join', '--client-kubeconfig', a.kubeconfig);
    expect(stderr).toMatch(/joined stands for the lower cluster .*, but --client-kubeconfig leads to/);
    expect(exitCode).toBe(1);
  });
});

describe('isthmus unjoin', () => {
  const running = (count: number) =>
    eventually(
      async () => {
        const { items } = await below.list(pods, { namespace });
        expect(items.filter(({ status }) => status?.phase === 'Running').length).toBe(count);
      },
      { within: 60_000 },
    );
  const copiesBelow = async () => {
    const lists = await Promise.all([
      below.list(pods, { namespace }),
      below.list(configMaps, { namespace, labelSelector: 'virtual-pod=true' }),
    ]);
    return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata?.name));
  };

  it('does nothing to the virtual node of another cluster', async () => {
    const other = {
      name: 'vk-other',
      labels: { type: 'virtual-kubelet' },
      annotations: { 'isthmus.io/lower-cluster': 'another' },
    };
    await above.create(nodes, { metadata: other });
    const { exitCode, stderr } = await run('unjoin', ...admin, '--force', '--node-name', 'vk-other');
    expect(stderr).toMatch(/vk-other stands for the lower cluster another, .* nothing was done/);
    expect(exitCode).toBe(1);
    expect((await above.get(nodes, { name: 'vk-other' })).spec?.unschedulable).toBeUndefined();
    expect(await find(above, secrets, { namespace: system, name })).toBeDefined();
    await kubectl(upper, 'delete', 'node', 'vk-other');
  });

  it('stops before pods that nobody makes again', async () => {
    await above.create(configMaps, {
      ...configMap('settings', { a: 'b' }),
      metadata: { namespace, name: 'settings' },
    });
    const env = [{ configMapRef: { name: 'settings' } }];
    await above.create(pods, podOn(node, 'alone', { container: { envFrom: env } }, { namespace }));
    await running(1);
    const { exitCode, stderr } = await run('unjoin', ...admin, '--timeout', '5s');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      `1 pods have no owner that makes them again: ${namespace}/alone; --force ends them`,
    );
    expect(stderr).toContain(`kubectl uncordon ${node}`);
    expect((await above.get(nodes, { name: node })).spec?.unschedulable).toBe(true);
    await kubectl(upper, 'uncordon', node);
    await must('delete', 'pod', 'alone');
  });

  it('stops before what a disruption budget holds', async () => {
    const deployment = workload(
      'ReplicaSet',
      'web',
      podSpec(node, { container: { envFrom: [{ configMapRef: { name: 'settings' } }] } }),
      { replicas: 3 },
    );
    const { exitCode: created } = await kubectl(
      upper,
      '-n',
      namespace,
      'create',
      'pdb',
      'web',
      '--selector=app=web',
      '--min-available=3',
    );
    expect(created).toBe(0);
    writeFileSync(join(folder, 'web.json'), JSON.stringify(deployment));
    await must('create', '-f', join(folder, 'web.json'));
    await running(3);
    await eventually(async () =>
      expect(await must('get', 'pdb', 'web', '-o', 'jsonpath={.status.currentHealthy}')).toBe('3'),
    );
    const { exitCode, stderr } = await run('unjoin', ...admin, '--timeout', '4s');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('3 pods did not end within 4 s; --force ends them');
    expect(stderr).toMatch(/disruption budget/);
    expect((await below.list(pods, { namespace })).items.length).toBe(3);
  });

  it('touches nothing when the cluster does not answer, unless it is told to; then it says what is left', async () => {
    // Without root clusters have no cable.
    if (b.namespace) await b.disconnect();
    else await b.stopApiServer();
    try {
      const refused = await run('unjoin', '--timeout', '5s');
      expect(refused.exitCode).toBe(1);
      expect(refused.stdout).toContain('the lower cluster cannot be used');
      expect(refused.stderr).toContain('nobody can end them there, nor tell whether they run; --force');
      expect(await find(above, secrets, { namespace: system, name })).toBeDefined();
      await provider.stop();
      const began = performance.now();
      const forced = await run('unjoin', '--force', '--timeout', '5s');
      expect(forced.exitCode).toBe(0);
      expect(performance.now() - began).toBeLessThan(60_000);
      expect(forced.stdout).toContain('taking 3 pods away above, although they may go on running below');
      expect(forced.stdout).toContain(
        'below: everything: pods, config maps and secrets of the virtual node vk-joined',
      );
      expect(forced.stdout).toContain('isthmus unjoin joined --client-kubeconfig FILE --node-name vk-joined');
    } finally {
      if (b.namespace) await b.reconnect();
      else await b.startApiServer();
    }
    expect(await find(above, secrets, { namespace: system, name })).toBeUndefined();
    expect(await find(above, nodes, { name: node })).toBeUndefined();
  });

  it('cleans up below when the cluster answers again, and only what is ours', async () => {
    expect((await copiesBelow()).length).toBeGreaterThanOrEqual(4);
    await below.create(pods, {
      metadata: { namespace, name: 'stranger', labels: { 'virtual-pod': 'true' } },
      spec: podSpec('', { nodeSelector: {} }),
    });
    // What controllers that somebody asked for have made there.
    const ours = marks({ upperCluster: await above.clusterUid(), virtualNode: node }, 'policy-uid');
    for (const [policy, more] of [
      ['ours', ours],
      ['strange', { labels: { 'virtual-pod': 'true' } }],
    ] as const)
      await below.create(networkPolicies, {
        metadata: { namespace, name: policy, ...more },
        spec: { podSelector: {} },
      });
    const { exitCode, stdout } = await run('unjoin', ...admin, '--node-name', node);
    expect(exitCode).toBe(0);
    const policies = await below.list(networkPolicies, { namespace });
    expect(policies.items.map(({ metadata }) => metadata?.name)).toEqual(['strange']);
    expect(stdout).toContain(`namespaces that were made for pods`);
    expect(await copiesBelow()).toEqual(['stranger']);
    expect(await made()).toBe('');
    // deploy/rbac/lower.yaml made this one, and others use it.
    expect((await kubectl(b, 'get', 'clusterrole', 'isthmus-lower')).exitCode).toBe(0);
  });
});
