import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods } from '../../src/kube/resources.ts';
import type { Pod, PodStatus } from '../../src/kube/types.ts';
import { eventually } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { watchPods } from '../objects.ts';
import { openStage, type Stage } from '../stage.ts';

let stage: Stage;
const isRoot = process.getuid?.() === 0;
const uidAnnotation = 'isthmus.io/upper-uid';

beforeAll(async () => {
  stage = await openStage('workloads', 'a');
});
afterAll(() => stage?.close());

async function podsOf(cluster: 'above' | 'below', app: string): Promise<Pod[]> {
  const labelSelector = `${app.startsWith('job') ? 'job-name' : 'app'}=${app}`;
  return (await stage[cluster].list(pods, { namespace: stage.namespace, labelSelector })).items;
}

/** Waits until as many pods run above, and the same ones below, and no other. */
async function running(app: string, count: number): Promise<Pod[]> {
  return eventually(async () => {
    const [above, below] = await Promise.all([podsOf('above', app), podsOf('below', app)]);
    expect(above.map(({ status }) => status?.phase)).toEqual(Array(count).fill('Running'));
    const upperUids = below.map(({ metadata }) => metadata?.annotations?.[uidAnnotation]).sort();
    expect(upperUids).toEqual(above.map(({ metadata }) => metadata?.uid).sort());
    return above;
  });
}

/** A status as both clusters must show it: what speaks of one cluster's own object is left out. */
function comparable({ observedGeneration: _, nominatedNodeName: _node, ...status }: PodStatus): object {
  const conditions = status.conditions?.map(({ observedGeneration: _, ...condition }) => condition);
  return { ...status, conditions };
}

describe.concurrent('workloads', () => {
  it('a Deployment is scaled up and down and rolled', async () => {
    await stage.create(workload('Deployment', 'web', podSpec(stage.node), { replicas: 2 }));
    const first = await running('web', 2);
    await stage.run('scale', 'deployment', 'web', '--replicas=5');
    await running('web', 5);
    await stage.run('scale', 'deployment', 'web', '--replicas=1');
    await running('web', 1);
    await stage.run('set', 'env', 'deployment/web', 'ROUND=2');
    await stage.run('rollout', 'status', 'deployment/web', '--timeout=30s');
    const [rolled] = await running('web', 1);
    expect(first.map(({ metadata }) => metadata?.uid)).not.toContain(rolled?.metadata?.uid);
    expect((await podsOf('below', 'web'))[0]?.spec?.containers[0]?.env).toContainEqual({
      name: 'ROUND',
      value: '2',
    });
  });

  it('a pod of a StatefulSet is made anew under its name, and inherits nothing', async () => {
    await stage.create(
      workload('StatefulSet', 'base', podSpec(stage.node), { replicas: 1, serviceName: 'base' }),
    );
    const [old] = await running('base', 1);
    const witness = await watchPods(stage.above, stage.namespace);
    await stage.run('delete', 'pod', 'base-0', '--wait=false');
    const [made] = await eventually(async () => {
      const now = await running('base', 1);
      expect(now[0]?.metadata?.uid).not.toBe(old?.metadata?.uid);
      return now;
    });
    await witness.stop();
    expect((await stage.podBelow('base-0')).metadata?.annotations?.[uidAnnotation]).toBe(made?.metadata?.uid);
    const container = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.containerID;
    const seen = witness.states.filter(({ metadata }) => metadata?.uid === made?.metadata?.uid);
    expect(seen.map(container)).not.toContain(container(old));
    expect(seen.map(({ status }) => status?.podIP)).not.toContain(old?.status?.podIP);
  });

  it.runIf(isRoot)('a crashing pod shows its restarts', async () => {
    await stage.create(podOn(stage.node, 'crasher', { script: 'exit 3' }));
    const restarted = async (pod: Pod) => {
      const [container] = pod.status?.containerStatuses ?? [];
      expect(container?.restartCount).toBeGreaterThan(0);
      expect(container?.lastState?.terminated?.exitCode).toBe(3);
    };
    await eventually(async () => restarted(await stage.podAbove('crasher')));
    await eventually(async () =>
      expect(await stage.run('get', 'pod', 'crasher')).toMatch(/CrashLoopBackOff|Error/),
    );
  });

  it('the status above equals the one below within a second, field for field', async () => {
    const script = 'echo began; sleep 2; echo failed >/dev/termination-log; exit 1';
    const init = { name: 'first', image: podSpec('').containers[0]?.image, command: ['true'] };
    const options = { script, restartPolicy: 'Never', initContainers: [init as never] };
    const below = await watchPods(stage.below, stage.namespace);
    await stage.create(podOn(stage.node, 'life', options));
    let slowest = 0;
    for (let phase: string | undefined; phase !== 'Failed'; ) {
      // What is below now must be above a second later, or something newer from below.
      const seen = below.states.filter(({ metadata }) => metadata?.name === 'life').length;
      const latest = () =>
        below.states.filter(({ metadata }) => metadata?.name === 'life').slice(Math.max(0, seen - 1));
      const began = performance.now();
      await eventually(
        async () => {
          const above = await stage.podAbove('life');
          phase = above.status?.phase;
          if (latest().length === 0) return;
          const candidates = latest().map(({ status }) => comparable(status ?? {}));
          expect(candidates).toContainEqual(comparable(above.status ?? {}));
        },
        { within: 1_000, every: 20 },
      );
      slowest = Math.max(slowest, performance.now() - began);
    }
    await below.stop();
    const [above, under] = await Promise.all([stage.podAbove('life'), stage.podBelow('life')]);
    expect(comparable(above.status ?? {})).toEqual(comparable(under.status ?? {}));
    console.log(`a status was above ${Math.round(slowest)} ms after it was below at the latest`);
  });
});

describe('a Job', () => {
  it('completes once, and is not run again after a restart of the provider or the loss of its lower pod', async () => {
    const options = { restartPolicy: 'Never', script: 'echo done' };
    await stage.create(workload('Job', 'job', podSpec(stage.node, options)));
    await stage.run('wait', '--for=condition=complete', 'job/job', '--timeout=30s');
    const [pod] = await podsOf('below', 'job');
    const name = pod?.metadata?.name ?? '';
    const witness = await watchPods(stage.below, stage.namespace);
    await stage.provider.kill();
    await stage.provider.start();
    expect((await stage.podBelow(name)).metadata?.uid).toBe(pod?.metadata?.uid);
    await stage.runBelow('delete', 'pod', name);
    // Another pod goes all the way after it: had the finished one been made again, it would be there by now.
    await stage.create(podOn(stage.node, 'after'));
    await stage.reaches('after', 'Running');
    await stage.provider.kill();
    await stage.provider.start();
    await stage.create(podOn(stage.node, 'after-that'));
    await stage.reaches('after-that', 'Running');
    await witness.stop();
    expect([...(witness.uids.get(`${stage.namespace}/${name}`) ?? [])]).toEqual([pod?.metadata?.uid]);
    expect((await stage.podAbove(name)).status?.phase).toBe('Succeeded');
    expect((await podsOf('above', 'job')).length).toBe(1);
  });
});
