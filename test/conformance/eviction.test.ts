import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodes, pods } from '../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../src/kube/types.ts';
import { eventually } from '../clusters.ts';
import { podSpec, workload } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage('eviction', 'b');
});
afterAll(() => stage?.close());

async function podsOf(side: 'above' | 'below', app: string): Promise<Pod[]> {
  return (await stage[side].list(pods, { namespace: stage.namespace, labelSelector: `app=${app}` })).items;
}

/** Waits until exactly so many pods of a Deployment are ready above and there below. */
async function ready(app: string, count: number): Promise<Pod[]> {
  return eventually(async () => {
    const [above, below] = await Promise.all([podsOf('above', app), podsOf('below', app)]);
    expect(above.map(({ status }) => status?.phase)).toEqual(Array(count).fill('Running'));
    expect(below).toHaveLength(count);
    return above;
  });
}

/** Guards the pods of a Deployment; resolves when the disruption controller has counted them. */
async function budget(app: string, minAvailable: number, allowed: number): Promise<void> {
  const spec = { minAvailable, selector: { matchLabels: { app } } };
  await stage.create({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: app }, spec });
  const path = ['get', 'pdb', app, '-o', 'jsonpath={.status.disruptionsAllowed}'];
  await eventually(async () => expect(await stage.run(...path)).toBe(String(allowed)));
}

function evict(pod: Pod | undefined): Promise<KubeObject> {
  const { namespace = '', name = '' } = pod?.metadata ?? {};
  const eviction = { parent: pods, apiVersion: 'policy/v1', kind: 'Eviction', name: 'eviction' };
  return stage.above.createSubresource(eviction, { namespace, name }, { metadata: { namespace, name } });
}

const deployment = (app: string, replicas: number) =>
  stage.create(workload('Deployment', app, podSpec(stage.node), { replicas }));

describe('eviction above', () => {
  it('is refused by a disruption budget, and takes the lower pod with it when it is not', async () => {
    await deployment('guarded', 2);
    const [first] = await ready('guarded', 2);
    await budget('guarded', 2, 0);
    await expect(evict(first)).rejects.toThrow('disruption budget');
    // It holds above and is nobody's business below, where each cluster sees only its own pods.
    expect(await stage.runBelow('get', 'poddisruptionbudgets', '-o', 'name')).toBe('');
    await stage.run('delete', 'pdb', 'guarded');
    await budget('guarded', 1, 1);
    await evict(first);
    const now = await eventually(async () => {
      const all = await ready('guarded', 2);
      expect(all.map(({ metadata }) => metadata?.uid)).not.toContain(first?.metadata?.uid);
      return all;
    });
    expect(now).toHaveLength(2);
    expect((await podsOf('below', 'guarded')).map(({ metadata }) => metadata?.name).sort()).toEqual(
      now.map(({ metadata }) => metadata?.name).sort(),
    );
  });

  it('of all pods, by a drain of the virtual node, empties both clusters, and its end fills them', async () => {
    await deployment('drained', 5);
    await ready('drained', 5);
    await stage.run('drain', stage.node, '--pod-selector=app=drained', '--timeout=60s');
    await eventually(async () => expect(await podsOf('below', 'drained')).toEqual([]));
    expect((await stage.above.get(nodes, { name: stage.node })).spec?.unschedulable).toBe(true);
    const waiting = await eventually(async () => {
      const all = await podsOf('above', 'drained');
      expect(all).toHaveLength(5);
      return all;
    });
    expect(waiting.every(({ spec }) => spec?.nodeName === undefined)).toBe(true);
    await stage.run('uncordon', stage.node);
    await ready('drained', 5);
  });
});
