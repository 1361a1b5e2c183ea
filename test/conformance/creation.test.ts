import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMaps, namespaces, pods, secrets } from '../../src/kube/resources.ts';
import { isOurs } from '../../src/translate/marks.ts';
import { eventually } from '../clusters.ts';
import { configMap, podOn, secret } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

/** How many pods are made at once. */
const many = 200;
let stage: Stage;
beforeAll(async () => {
  stage = await openStage('creation', 'b');
});
afterAll(() => stage?.close());

/** The middle one of some numbers. */
function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function allRunning(namespace: string): Promise<void> {
  const { items } = await stage.above.list(pods, { namespace });
  const phases = items.map(({ status }) => status?.phase);
  expect(phases.filter((phase) => phase === 'Running')).toHaveLength(many);
}

/** What of ours is in a namespace below. */
async function oursIn(namespace: string): Promise<string[]> {
  const owner = { upperCluster: await stage.above.clusterUid(), virtualNode: stage.node };
  const lists = await Promise.all(
    [pods, configMaps, secrets].map(({ object: _, ...resource }) =>
      stage.below.list(resource, { namespace }),
    ),
  );
  const items = lists.flatMap((list) => list.items).filter((item) => isOurs(item, owner));
  return items.map(({ metadata }) => metadata?.name ?? '');
}

describe('creation', () => {
  it('of a namespace and 200 pods in it at once: all run, and nothing is left when it goes', async () => {
    const name = `${stage.namespace}-crowd`;
    const began = performance.now();
    await stage.above.create(namespaces, { metadata: { name } });
    const crowd = Array.from({ length: many }, (_, index) => podOn(stage.node, `one-${index}`));
    await Promise.all(
      crowd.map((pod) =>
        stage.above.create(pods, { ...pod, metadata: { ...pod.metadata, namespace: name } }),
      ),
    );
    await eventually(() => allRunning(name), { within: 90_000, every: 250 });
    console.log(`${many} pods and their namespace ran after ${(performance.now() - began).toFixed(0)} ms`);
    const copies = await oursIn(name);
    expect(copies.filter((copy) => copy.startsWith('isthmus-tokens-'))).toHaveLength(many);

    const { metadata } = await stage.above.get(namespaces, { name });
    await stage.above.delete(namespaces, { name }, { uid: metadata?.uid ?? '' });
    await eventually(async () => expect(await oursIn(name)).toEqual([]), { within: 90_000, every: 250 });
    const below = await stage.below.get(namespaces, { name });
    await stage.below.delete(namespaces, { name }, { uid: below.metadata?.uid ?? '' });
  });

  it('of what a pod names after the pod: it waits with the reasons of a kubelet, and starts within a second', async () => {
    const times: number[] = [];
    for (let round = 0; round < 7; round++) {
      const name = `late-${round}`;
      const volumes = [
        { name: 'settings', configMap: { name } },
        { name: 'keys', secret: { secretName: name } },
      ];
      await stage.create(podOn(stage.node, name, { volumes }));
      await waits(name, `configmap "${name}" not found`);
      await stage.above.create(configMaps, {
        ...configMap(name, {}),
        metadata: { namespace: stage.namespace, name },
      });
      await waits(name, `secret "${name}" not found`);
      await stage.above.create(secrets, {
        ...secret(name, {}),
        metadata: { namespace: stage.namespace, name },
      });
      const began = performance.now();
      await eventually(() => stage.podBelow(name), { every: 10 });
      times.push(performance.now() - began);
      await stage.reaches(name, 'Running');
    }
    const list = times.map((time) => time.toFixed(0)).join(', ');
    console.log(`pods were below ${list} ms after the last of what they name was above`);
    expect(median(times)).toBeLessThan(1_000);
  });
});

/** Waits until a pod waits for this, and is not below. */
async function waits(name: string, message: string): Promise<void> {
  await eventually(async () => {
    const { status } = await stage.podAbove(name);
    const waiting = { reason: 'CreateContainerConfigError', message };
    expect(status?.containerStatuses?.[0]?.state?.waiting).toEqual(waiting);
  });
  await expect(stage.podBelow(name)).rejects.toThrow('not found');
}
