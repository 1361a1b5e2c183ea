import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

const isRoot = process.getuid?.() === 0;
let stage: Stage;
beforeAll(async () => {
  if (isRoot) stage = await openStage('lifecycle', 'a');
});
afterAll(() => stage?.close());

async function runs(name: string, options: Parameters<typeof podOn>[2] = {}): Promise<Pod> {
  await stage.create(podOn(stage.node, name, options));
  await stage.reaches(name, 'Running');
  return stage.podBelow(name);
}

const resize = (name: string, cpu: string) =>
  stage.run('patch', 'pod', name, '--subresource=resize', '-p', resources(cpu));

function resources(cpu: string): string {
  const containers = [{ name: 'main', resources: { requests: { cpu }, limits: { cpu } } }];
  return JSON.stringify({ spec: { containers } });
}

const condition = ({ status }: Pod, type: string) => status?.conditions?.find((one) => one.type === type);

describe.runIf(isRoot).concurrent('a pod that runs', () => {
  it('is resized in place, up and back, in the same container', async () => {
    const limits = { cpu: '50m', memory: '32Mi' };
    const first = await runs('sized', { container: { resources: { requests: limits, limits } } });
    for (const cpu of ['90m', '50m']) {
      await resize('sized', cpu);
      const now = await eventually(async () => {
        const pod = await stage.podAbove('sized');
        const [main] = pod.status?.containerStatuses ?? [];
        expect(main?.resources?.requests?.['cpu']).toBe(cpu);
        expect(main?.allocatedResources?.['cpu']).toBe(cpu);
        expect(pod.status?.observedGeneration).toBe(pod.metadata?.generation);
        expect(condition(pod, 'PodResizeInProgress')).toBeUndefined();
        return pod;
      });
      expect(now.status?.containerStatuses?.[0]?.restartCount).toBe(0);
      const below = await stage.podBelow('sized');
      expect(below.spec?.containers[0]?.resources?.requests?.['cpu']).toBe(cpu);
      expect(below.metadata?.uid).toBe(first.metadata?.uid);
    }
  });

  it('shows above that a resize is more than its node below has, and that it was taken back', async () => {
    const limits = { cpu: '10m', memory: '16Mi' };
    await runs('greedy', { container: { resources: { requests: limits, limits } } });
    await resize('greedy', '9000');
    await eventually(async () => {
      const pending = condition(await stage.podAbove('greedy'), 'PodResizePending');
      expect(pending).toMatchObject({ status: 'True', reason: 'Infeasible' });
    });
    await resize('greedy', '10m');
    await eventually(async () => {
      const pod = await stage.podAbove('greedy');
      expect(condition(pod, 'PodResizePending')).toBeUndefined();
      expect(pod.status?.observedGeneration).toBe(pod.metadata?.generation);
    });
  });

  it('takes a debug container, whose status and log are seen above', async () => {
    await runs('patient');
    const command = ['sh', '-c', 'echo how do you do; exec sleep 1000'];
    await stage.run('debug', 'patient', '-c', 'doctor', `--image=${BUSYBOX_IMAGE}`, '--', ...command);
    await eventually(async () => {
      const [doctor] = (await stage.podAbove('patient')).status?.ephemeralContainerStatuses ?? [];
      expect(doctor?.name).toBe('doctor');
      expect(doctor?.state?.running).toBeDefined();
    });
    expect(await stage.run('logs', 'patient', '-c', 'doctor')).toBe('how do you do\n');
    expect((await stage.podAbove('patient')).status?.containerStatuses?.[0]?.restartCount).toBe(0);
  });

  it('is ready when its gate is opened above, and not when it is closed below', async () => {
    const gate = 'example.com/open';
    await runs('gated', { readinessGates: [{ conditionType: gate }] });
    expect(condition(await stage.podAbove('gated'), 'Ready')?.status).not.toBe('True');
    const set = (status: string) => ({
      status: { conditions: [{ type: gate, status, lastTransitionTime: new Date().toISOString() }] },
    });
    const where = { namespace: stage.namespace, name: 'gated', subresource: 'status' };
    const both = async (status: string) => {
      for (const pod of await Promise.all([stage.podAbove('gated'), stage.podBelow('gated')])) {
        expect(condition(pod, gate)?.status).toBe(status);
        expect(condition(pod, 'Ready')?.status).toBe(status);
      }
    };
    await stage.above.patch(pods, where, set('True'), { type: 'strategic-merge' });
    await eventually(() => both('True'));
    // Times of conditions count in whole seconds, and of two the later one counts.
    await eventually(() => expect(Date.now() % 1_000).toBeLessThan(200), { every: 50 });
    await stage.below.patch(pods, where, set('False'), { type: 'strategic-merge' });
    await eventually(() => both('False'));
  });
});
