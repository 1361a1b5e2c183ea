import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../hack/clusters/binaries.ts';
import { findTestProgram } from '../../hack/clusters/test-programs.ts';
import { pods } from '../../src/kube/resources.ts';
import { eventually, kubectlWith, openClusters } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { type MetricsServer, startMetricsServer } from '../metrics-server.ts';
import { openStage, type Stage } from '../stage.ts';

const isRoot = process.getuid?.() === 0;
/** The first time, metrics-server is built. */
const withBuild = 15 * 60_000;
/** Works until somebody tells it to stop. */
const busy = 'while [ ! -e /tmp/idle ]; do :; done; exec sleep 100000';
let stage: Stage;
let metricsServer: Promise<MetricsServer> | undefined;

beforeAll(async () => {
  if (!isRoot) return;
  metricsServer = startMetricsServer(openClusters());
  metricsServer.catch(() => {});
  stage = await openStage('metrics', 'a');
  await stage.create(
    workload(
      'Deployment',
      'busy',
      podSpec(stage.node, {
        script: busy,
        container: { resources: { requests: { cpu: '50m' }, limits: { cpu: '200m' } } },
      }),
    ),
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'busy' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'busy' },
        minReplicas: 1,
        maxReplicas: 2,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
          },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    },
    podOn(stage.node, 'two', {
      containers: ['first', 'second'].map((name) => ({
        ...podSpec(stage.node).containers[0],
        name,
        // Memory that a person can see.
        command: ['sh', '-c', `dd if=/dev/zero of=/memory/${name} bs=1M count=20 && exec sleep 100000`],
        volumeMounts: [{ name: 'memory', mountPath: '/memory' }],
      })),
      volumes: [{ name: 'memory', emptyDir: { medium: 'Memory' } }],
    }),
  );
  await metricsServer;
}, withBuild);

afterAll(async () => {
  await metricsServer?.then((server) => server.stop()).catch(() => {});
  await stage?.close();
});

async function replicas(): Promise<number> {
  const { items } = await stage.above.list(pods, { namespace: stage.namespace, labelSelector: 'app=busy' });
  return items.filter(({ metadata, status }) => !metadata?.deletionTimestamp && status?.phase === 'Running')
    .length;
}

/** The rows of a table without its head, each cut into its columns. */
async function top(binary: string, ...args: string[]): Promise<string[][]> {
  const all = ['-n', stage.namespace, 'top', ...args, '--no-headers'];
  const { exitCode, stdout, stderr } = await kubectlWith({ binary }, stage.upper, ...all);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
}

describe.runIf(isRoot)('metrics-server above', () => {
  it.each([
    ['1.35', async () => (await findBinaries()).kubectl],
    ['1.32', () => findTestProgram('kubectl-1.32')],
  ])(
    'shows what a node, its pods and their containers use: kubectl %s',
    { timeout: 90_000 },
    async (_, find) => {
      const binary = await find();
      await eventually(
        async () => {
          const [[node, cpu = '', share = '', memory = ''] = []] = await top(binary, 'node', stage.node);
          expect(node).toBe(stage.node);
          expect(Number.parseInt(cpu, 10)).toBeGreaterThan(100);
          expect(share).toMatch(/^\d+%$/);
          expect(Number.parseInt(memory, 10)).toBeGreaterThanOrEqual(40);
          const names = (await top(binary, 'pod')).map(([name = '']) => name.replace(/^busy-.*/, 'busy'));
          expect(new Set(names)).toEqual(new Set(['busy', 'two']));
          const containers = (await top(binary, 'pod', 'two', '--containers')).map(([pod, name]) => [
            pod,
            name,
          ]);
          expect(containers.toSorted()).toEqual([
            ['two', 'first'],
            ['two', 'second'],
          ]);
        },
        { within: 80_000, every: 1_000 },
      );
    },
  );

  it('lets an autoscaler follow the load of containers below', { timeout: 180_000 }, async () => {
    await eventually(async () => expect(await replicas()).toBe(2), { within: 80_000, every: 500 });
    await eventually(async () => {
      const { items } = await stage.above.list(pods, {
        namespace: stage.namespace,
        labelSelector: 'app=busy',
      });
      for (const { metadata } of items)
        await stage.run('exec', metadata?.name ?? '', '--', 'touch', '/tmp/idle');
    });
    await eventually(async () => expect(await replicas()).toBe(1), { within: 80_000, every: 500 });
  });
});
