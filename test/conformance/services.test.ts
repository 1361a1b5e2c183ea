import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startClusters } from '../../hack/clusters/clusters.ts';
import type { LocalCluster, LocalClusters } from '../../hack/clusters/open.ts';
import { stopClusters } from '../../hack/clusters/stop.ts';
import type { Client } from '../../src/kube/client.ts';
import { namespaces, pods } from '../../src/kube/resources.ts';
import type { PodSpec } from '../../src/kube/types.ts';
import { eventually, kubectl, kubectlWith, lowerCluster } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { clientOf } from '../objects.ts';
import { createProvider, type TestProvider } from '../provider.ts';

/** Two lower clusters with real kubelets, kube-proxy and DNS; their pods reach each other by routes. */
const isRoot = process.getuid?.() === 0;
const requests = 1_000;
const namespace = 'shop';
const flags = ['--upper-kubernetes-service'];
const names = ['a', 'b'] as const;
const directory = mkdtempSync(join(tmpdir(), 'isthmus-test-services-'));
let clusters: LocalClusters;
let above: Client;
const providers = new Map<string, TestProvider>();

beforeAll(async () => {
  if (!isRoot) return;
  clusters = await startClusters({
    directory,
    owned: true,
    lower: names.map((name) => ({ name, nodes: { kind: 'kubelet', names: true } })),
  });
  above = clientOf(clusters.upper);
  await above.create(namespaces, { metadata: { name: namespace } });
  for (const name of names) {
    const lower = lowerCluster(clusters, name);
    const provider = await createProvider({ clusters, upper: above, lower, node: `vk-${name}`, flags });
    providers.set(name, provider);
    await provider.start();
  }
}, 900_000);
afterAll(async () => {
  await Promise.all([...providers.values()].map((provider) => provider.stop()));
  await above?.transport.close();
  await stopClusters(directory);
}, 180_000);

/** Says its own name to whoever asks; it goes on answering while its end gets about. */
function backend(more: Partial<PodSpec> = {}): PodSpec {
  const script = 'mkdir -p /www && hostname >/www/index.html && exec httpd -f -p 8080 -h /www';
  return {
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        ...(podSpec('').containers[0] ?? { name: 'main' }),
        command: ['sh', '-c', script],
        ports: [{ name: 'web', containerPort: 8080 }],
        readinessProbe: { tcpSocket: { port: 8080 as never }, periodSeconds: 1 },
        lifecycle: { preStop: { exec: { command: ['sleep', '10'] } } },
      },
    ],
    ...more,
  };
}
const backendOn = (name: string) => {
  const { nodeSelector, tolerations } = podSpec(`vk-${name}`);
  return backend({ ...(nodeSelector && { nodeSelector }), ...(tolerations && { tolerations }) });
};
const service = (name: string, selector: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector, ports: [{ port: 80, targetPort: 'web' }] },
});

/** Asks a Service by its name, again and again, from a pod; the lines are the pods that answered, or ERROR. */
async function ask(cluster: LocalCluster, pod: string, name: string, times = requests): Promise<string[]> {
  const script = `i=0; while [ $i -lt ${times} ]; do i=$((i+1))
    address=$(nslookup -type=a ${name} | sed -n 's/^Address: //p' | tail -n 1)
    answer=$(printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 $address 80 2>/dev/null | tail -n 1)
    echo "\${answer:-ERROR}"; done`;
  const { stdout, stderr } = await kubectl(cluster, '-n', namespace, 'exec', pod, '--', 'sh', '-c', script);
  const answers = stdout.split('\n').filter(Boolean);
  if (answers.length < times) throw new Error(`only ${answers.length} answers: ${stderr.slice(-500)}`);
  return answers;
}
function tally(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}
async function create(cluster: LocalCluster, ...items: object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { exitCode, stderr } = await kubectlWith({ input }, cluster, '-n', namespace, 'create', '-f', '-');
  if (exitCode !== 0) throw new Error(stderr);
}
async function run(cluster: LocalCluster, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await kubectl(cluster, '-n', namespace, ...args);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}
const fqdn = (name: string) => `${name}.${namespace}.svc.cluster.local`;
const rolled = (cluster: LocalCluster, ...deployments: string[]) =>
  Promise.all(
    deployments.map((name) => run(cluster, 'rollout', 'status', `deployment/${name}`, '--timeout=180s')),
  );

it.runIf(isRoot)(
  'a pod reaches by name all pods of a Service, in both clusters',
  { timeout: 600_000 },
  async () => {
    const { upper } = clusters;
    const a = lowerCluster(clusters, 'a');
    await create(
      upper,
      service('backend', { tier: 'back' }),
      podOn('vk-a', 'frontend'),
      ...names.map((name) => {
        const made = workload('Deployment', `back-${name}`, backendOn(name), { replicas: 2 });
        const spec = (made as { spec: { template: { metadata: { labels: object } } } }).spec;
        Object.assign(spec.template.metadata.labels, { tier: 'back' });
        return made;
      }),
    );
    await rolled(upper, 'back-a', 'back-b');
    await eventually(async () => {
      const { status } = await above.get(pods, { namespace, name: 'frontend' });
      expect(status?.phase).toBe('Running');
    });
    await eventually(
      async () => expect(await ask(upper, 'frontend', fqdn('backend'), 5)).not.toContain('ERROR'),
      {
        within: 60_000,
        every: 500,
      },
    );
    const calm = tally(await ask(upper, 'frontend', fqdn('backend')));
    console.log(`${requests} requests: ${JSON.stringify(calm)}`);
    expect(calm).not.toHaveProperty('ERROR');
    expect(Object.keys(calm).sort()).toEqual(
      (await above.list(pods, { namespace, labelSelector: 'tier=back' })).items
        .map(({ metadata }) => metadata?.name)
        .sort(),
    );

    // TLS is too much for this shell; that it is asked for says who answers.
    const api = await run(
      upper,
      'exec',
      'frontend',
      '--',
      'sh',
      '-c',
      `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 $(sed -n 's/\\s*kubernetes.default.svc.*//p' /etc/hosts) 443`,
    );
    expect(api).toContain('HTTP request to an HTTPS server');

    // The same without us: a Deployment of one cluster, asked from a pod there while it is rolled.
    const plain = backend();
    await create(
      a,
      service('single', { app: 'single' }),
      workload('Deployment', 'single', plain, { replicas: 4 }),
    );
    await rolled(a, 'single');
    const [single] = await Promise.all([
      ask(a, 'frontend', fqdn('single')),
      run(a, 'rollout', 'restart', 'deployment/single'),
    ]);
    const [both] = await Promise.all([
      ask(upper, 'frontend', fqdn('backend')),
      run(upper, 'rollout', 'restart', 'deployment/back-a', 'deployment/back-b'),
    ]);
    await rolled(upper, 'back-a', 'back-b');
    const errors = [single, both].map((answers) => tally(answers)['ERROR'] ?? 0);
    console.log(`while rolled: ${errors[0]} errors in one cluster, ${errors[1]} over two`);
    expect(errors[1]).toBeLessThanOrEqual(errors[0] ?? 0);

    // A cluster that is cut off is a node that is lost: its endpoints are left out when Kubernetes says so.
    await eventually(async () => {
      const now = tally(await ask(upper, 'frontend', fqdn('backend'), 50));
      expect([Object.keys(now).length, now['ERROR']]).toEqual([4, undefined]);
    });
    const b = lowerCluster(clusters, 'b');
    await b.disconnect();
    const cut = performance.now();
    try {
      await eventually(
        async () => expect(await ask(upper, 'frontend', fqdn('backend'), 20)).not.toContain('ERROR'),
        { within: 120_000, every: 500 },
      );
      console.log(
        `no errors ${((performance.now() - cut) / 1000).toFixed(1)} s after one cluster was cut off`,
      );
      // One may still go astray in any cluster: conntrack remembers connections to who is gone for two minutes, and
      // a new one from the same port follows them.
      const later = await eventually(
        async () => {
          const now = tally(await ask(upper, 'frontend', fqdn('backend'), 200));
          expect(now['ERROR'] ?? 0).toBeLessThanOrEqual(1);
          return now;
        },
        { within: 120_000, every: 500 },
      );
      console.log(`then 200 requests: ${JSON.stringify(later)}`);
      expect(Object.keys(later).filter((name) => name.startsWith('back-b'))).toEqual([]);
    } finally {
      await b.reconnect();
    }
    await eventually(
      async () => {
        const now = tally(await ask(upper, 'frontend', fqdn('backend'), 50));
        expect([Object.keys(now).length, now['ERROR']]).toEqual([4, undefined]);
      },
      { within: 120_000, every: 1_000 },
    );
  },
);
