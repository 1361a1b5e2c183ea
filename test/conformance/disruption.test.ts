import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { eventually } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { type Witness, watchPods } from '../objects.ts';
import { openStage, type Stage } from '../stage.ts';

let stage: Stage;
let witness: Witness;
beforeAll(async () => {
  stage = await openStage('disruption', 'b');
  witness = await watchPods(stage.above, stage.namespace);
});
afterAll(async () => {
  await witness?.stop();
  await stage?.close();
});

/** A ReplicaSet of one pod; on one node below if it is named, where it takes more than half of the room. */
async function replicaSet(app: string, nodeBelow?: string): Promise<Pod> {
  const cpu = nodeBelow ? '20' : '10m';
  const template = podSpec(stage.node, { container: { resources: { requests: { cpu } } } });
  const selector = { nodeSelector: { 'kubernetes.io/hostname': nodeBelow } };
  const annotations = nodeBelow ? { clusterSelector: JSON.stringify(selector) } : {};
  const labels = { app, 'virtual-pod': 'true' };
  const spec = { replicas: 1, template: { metadata: { labels, annotations }, spec: template } };
  await stage.create(workload('ReplicaSet', app, template, spec));
  const [first] = await eventually(() => running(app, 1));
  return stage.podBelow(first?.metadata?.name ?? '');
}

async function running(app: string, count: number): Promise<Pod[]> {
  const { items } = await stage.above.list(pods, { namespace: stage.namespace, labelSelector: `app=${app}` });
  const found = items.filter(({ status }) => status?.phase === 'Running');
  expect(found).toHaveLength(count);
  return found;
}

/** Waits until the pod has Failed above, and its owner has made one other, and no more. */
async function isReplaced(app: string, lost: Pod): Promise<Pod> {
  await eventually(() => expect(failed(lost)).toBeDefined());
  const [replacement] = await eventually(() => running(app, 1));
  expect(replacement?.metadata?.uid).not.toBe(lost.metadata?.uid);
  const ofApp = witness.states.filter(({ metadata }) => metadata?.labels?.['app'] === app);
  expect(new Set(ofApp.map(({ metadata }) => metadata?.uid)).size).toBe(2);
  return failed(lost) ?? {};
}

const isNot = (lost: Pod) => (pod: Pod) => pod.metadata?.name !== lost.metadata?.name;

/** The pod above as it Failed; it never was anything else afterwards. */
function failed(lost: Pod): Pod | undefined {
  const states = witness.states.filter((pod) => !isNot(lost)(pod));
  const first = states.findIndex(({ status }) => status?.phase === 'Failed');
  if (first < 0) return undefined;
  const later = new Set(states.slice(first).map(({ status }) => `${status?.phase} ${status?.reason}`));
  expect([...later]).toHaveLength(1);
  return states[first];
}

const disruption = (reason: string) => ({
  status: {
    conditions: expect.arrayContaining([expect.objectContaining({ type: 'DisruptionTarget', reason })]),
  },
});

describe('what ends a pod below makes it Failed above, and its owner replaces it', () => {
  it('deletion', async () => {
    const lost = await replicaSet('deleted');
    await stage.runBelow('delete', 'pod', lost.metadata?.name ?? '');
    expect((await isReplaced('deleted', lost)).status?.reason).toMatch(/^LowerPod(Deleted|Lost)$/);
  });

  it('eviction by the API', async () => {
    const lost = await replicaSet('evicted');
    const { namespace = '', name = '' } = lost.metadata ?? {};
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', name: 'eviction' };
    const subresource = { parent: pods, ...eviction };
    await stage.below.createSubresource(subresource, { namespace, name }, { metadata: { namespace, name } });
    expect(await isReplaced('evicted', lost)).toMatchObject(disruption('EvictionByEvictionAPI'));
  });

  it('preemption', async () => {
    const lost = await replicaSet('preempted', 'b-node-0');
    const priorityClassName = `${stage.namespace}-first`;
    const spec = {
      nodeSelector: { 'kubernetes.io/hostname': 'b-node-0' },
      priorityClassName,
      containers: [{ name: 'main', image: 'first', resources: { requests: { cpu: '20' } } }],
    };
    await stage.createBelow(
      {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: priorityClassName },
        value: 1000,
      },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'first' }, spec },
    );
    try {
      // Its owner above makes another at once, which has to wait for room.
      await eventually(() => expect(failed(lost)).toMatchObject(disruption('PreemptionByScheduler')));
    } finally {
      await stage.runBelow('delete', 'pod', 'first', '--now');
      await stage.runBelow('delete', 'priorityclass', priorityClassName);
    }
    await isReplaced('preempted', lost);
  });

  it('the drain of its node', async () => {
    const lost = await replicaSet('drained', 'b-node-1');
    try {
      await stage.runBelow(
        'drain',
        'b-node-1',
        '--force',
        '--ignore-daemonsets',
        `--pod-selector=app=drained`,
      );
      await eventually(() => expect(failed(lost)).toMatchObject(disruption('EvictionByEvictionAPI')));
    } finally {
      await stage.runBelow('uncordon', 'b-node-1');
    }
    await isReplaced('drained', lost);
  });

  it('the deletion of its namespace', async () => {
    const lost = await replicaSet('homeless');
    await stage.runBelow('delete', 'namespace', stage.namespace, '--wait=false');
    expect((await isReplaced('homeless', lost)).status?.reason).toMatch(/^LowerPod(Deleted|Lost)$/);
  });
});

describe('a pod that is not virtual', () => {
  it('of a DaemonSet that tolerates everything waits with a reason, and costs one write', async () => {
    const template = podSpec(stage.node, { tolerations: [{ operator: 'Exists' }] });
    const labels = { app: 'agent' };
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: template } };
    const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent' }, spec };
    await stage.create(daemonSet);
    const find = async () =>
      (await stage.above.list(pods, { namespace: stage.namespace, labelSelector: 'app=agent' })).items[0];
    const waiting = await eventually(async () => {
      const pod = await find();
      const reason = pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
      expect(reason).toBe('NotVirtualPod');
      return pod;
    });
    expect(await stage.event(waiting?.metadata?.name ?? '', 'NotVirtualPod')).toContain('virtual-pod');
    // A restart looks at everything again, and the pod made after it was seen after the DaemonSet's.
    await stage.provider.stop();
    await stage.provider.start();
    await stage.create(podOn(stage.node, 'marker'));
    await stage.reaches('marker', 'Running');
    expect((await find())?.metadata?.resourceVersion).toBe(waiting?.metadata?.resourceVersion);
    await expect(stage.podBelow(waiting?.metadata?.name ?? '')).rejects.toThrow('not found');
    await stage.run('delete', 'daemonset', 'agent', '--wait=false');
  });
});
