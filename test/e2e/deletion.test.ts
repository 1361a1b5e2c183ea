import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import { pods } from '../../src/kube/resources.ts';
import { eventually } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { find, watchPods } from '../objects.ts';
import { openStage, type Stage } from '../stage.ts';

let stage: Stage;
const isRoot = process.getuid?.() === 0;
/** Takes its time when it is asked to stop. */
const slow = (seconds: number) => `trap 'sleep ${seconds}; exit 0' TERM; while true; do sleep 0.1; done`;
const below = (name: string) => find(stage.below, pods, { namespace: stage.namespace, name });
const above = (name: string) => find(stage.above, pods, { namespace: stage.namespace, name });

beforeAll(async () => {
  stage = await openStage('deletion', 'a');
});
afterAll(() => stage?.close());

async function runs(name: string, options: Parameters<typeof podOn>[2] = {}): Promise<void> {
  await stage.create(podOn(stage.node, name, options));
  await stage.reaches(name, 'Running');
}

describe.concurrent('deletion', () => {
  it.runIf(isRoot)('is graceful: the pod above goes when the one below has gone, not before', async () => {
    await runs('slow', { script: slow(3), terminationGracePeriodSeconds: 20 });
    const witness = await watchPods(stage.below, stage.namespace);
    const began = performance.now();
    await stage.run('delete', 'pod', 'slow', '--wait=false');
    await eventually(async () => expect(await above('slow')).toBeUndefined(), { every: 20 });
    expect(await below('slow')).toBeUndefined();
    const took = performance.now() - began;
    await witness.stop();
    console.log(`a pod that takes 3 s to stop was gone above after ${(took / 1000).toFixed(1)} s`);
    expect(took).toBeGreaterThan(2_900);
    expect(took).toBeLessThan(20_000);
    const seen = witness.states.filter(({ metadata }) => metadata?.name === 'slow');
    const graces = seen.map(({ metadata }) => metadata?.deletionGracePeriodSeconds ?? 0);
    expect(Math.max(...graces)).toBe(20);
    expect(seen.at(-1)?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
  });

  it.runIf(isRoot)('with a shortened grace shortens it below', async () => {
    // The kubelet (1.35, containerd 1.6) does not hurry up by itself, so the pod must end in time anyway.
    await runs('long', { script: slow(10), terminationGracePeriodSeconds: 1000 });
    await stage.run('delete', 'pod', 'long', '--wait=false');
    const grace = async () => (await below('long'))?.metadata?.deletionGracePeriodSeconds;
    await eventually(async () => expect(await grace()).toBe(1000));
    await stage.run('delete', 'pod', 'long', '--wait=false', '--grace-period=1');
    await eventually(async () => expect(await grace()).toBe(1));
    await stage.gone(stage.above, pods, 'long');
  });

  it('by force leaves no orphan', async () => {
    await runs('forced', { terminationGracePeriodSeconds: 1 });
    await stage.run('delete', 'pod', 'forced', '--force', '--grace-period=0');
    await stage.gone(stage.above, pods, 'forced', 1_000);
    await stage.gone(stage.below, pods, 'forced');
  });

  it.each([
    ['at once', '--force', '--grace-period=0'],
    ['gracefully', '--grace-period=1'],
  ])(
    'by somebody below, %s, makes the pod above Failed, and its owner replaces it',
    async (how, ...flags) => {
      const set = how.replace(' ', '-');
      const spec = podSpec(stage.node, { terminationGracePeriodSeconds: 1 });
      await stage.create(workload('ReplicaSet', set, spec, { replicas: 1 }));
      const select = { namespace: stage.namespace, labelSelector: `app=${set}` };
      const first = await eventually(async () => {
        const [pod] = (await stage.above.list(pods, select)).items;
        expect(pod?.status?.phase).toBe('Running');
        return pod?.metadata?.name ?? '';
      });
      await stage.runBelow('delete', 'pod', first, '--wait=false', ...flags);
      const failed = await stage.reaches(first, 'Failed');
      expect(failed.status?.reason).toMatch(/^LowerPod(Lost|Deleted)$/);
      expect(failed.status?.message).toBeTruthy();
      expect(failed.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
      await stage.event(first, failed.status?.reason ?? '');
      await eventually(async () => {
        const { items } = await stage.above.list(pods, select);
        const others = items.filter(({ metadata }) => metadata?.name !== first);
        expect(others.map(({ status }) => status?.phase)).toEqual(['Running']);
      });
      await stage.gone(stage.below, pods, first);
    },
  );

  it('of a pod without the label, which never ran, works too', async () => {
    const plain = { ...podOn(stage.node, 'plain'), metadata: { name: 'plain' } };
    await stage.create(plain, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bound' },
      spec: { nodeName: stage.node, containers: [{ name: 'main', image: BUSYBOX_IMAGE }] },
    });
    for (const name of ['plain', 'bound']) {
      expect(await stage.event(name, 'NotVirtualPod')).toContain('virtual-pod');
      expect(await below(name)).toBeUndefined();
    }
    await stage.run('delete', 'pod', 'plain', 'bound');
  });
});

it.runIf(isRoot)('a pod made anew under a name waits until the old copy is gone below', async () => {
  await runs('again', { script: slow(2), terminationGracePeriodSeconds: 20 });
  const old = await stage.podBelow('again');
  const witness = await watchPods(stage.below, stage.namespace);
  await stage.provider.kill();
  await stage.run('delete', 'pod', 'again', '--force', '--grace-period=0');
  await stage.create(podOn(stage.node, 'again'));
  await stage.provider.start();
  expect(await stage.event('again', 'PreviousPodTerminating')).toContain('is still there');
  const running = await stage.reaches('again', 'Running');
  await witness.stop();
  expect(witness.uids.get(`${stage.namespace}/again`)?.size).toBe(2);
  const container = running.status?.containerStatuses?.[0];
  expect(container?.containerID).not.toBe(old.status?.containerStatuses?.[0]?.containerID);
  const last = witness.states.filter(({ metadata }) => metadata?.uid === old.metadata?.uid).at(-1);
  expect(last?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
});
