import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('changes', 'b', { flags: ['--ignore-labels', 'batch,secret-team'] });
});
afterAll(() => stage?.close());

async function runs(name: string, metadata: object = {}): Promise<void> {
  await stage.create(podOn(stage.node, name, {}, metadata));
  await stage.reaches(name, 'Running');
}

describe.concurrent('a change above', () => {
  it('of labels and annotations arrives below, and what others set there stays', async () => {
    await runs('labelled', { labels: { colour: 'green', shape: 'round' }, annotations: { note: 'first' } });
    await stage.runBelow('label', 'pod', 'labelled', 'below=ours');
    await stage.runBelow('annotate', 'pod', 'labelled', 'below=ours');
    await stage.run('label', 'pod', 'labelled', 'colour=red', 'size=big', 'shape-', '--overwrite');
    await stage.run('annotate', 'pod', 'labelled', 'note-', 'other=second');
    await eventually(async () => {
      const { labels, annotations } = (await stage.podBelow('labelled')).metadata ?? {};
      expect(labels).toMatchObject({ 'virtual-pod': 'true', colour: 'red', size: 'big', below: 'ours' });
      expect(labels).not.toHaveProperty('shape');
      expect(annotations).toMatchObject({ other: 'second', below: 'ours' });
      expect(annotations).not.toHaveProperty('note');
    });
  });

  it('of the image and the deadline arrives below, in the same pod', async () => {
    await runs('edited');
    const before = await stage.podBelow('edited');
    const image = 'docker.io/library/busybox:other';
    await stage.run('set', 'image', 'pod/edited', `main=${image}`);
    await eventually(async () =>
      expect((await stage.podBelow('edited')).spec?.containers[0]?.image).toBe(image),
    );
    await stage.run(
      'patch',
      'pod',
      'edited',
      '--type=merge',
      '-p',
      '{"spec":{"activeDeadlineSeconds":5000}}',
    );
    await eventually(async () =>
      expect((await stage.podBelow('edited')).spec?.activeDeadlineSeconds).toBe(5000),
    );
    await stage.run('patch', 'pod', 'edited', '--type=merge', '-p', '{"spec":{"activeDeadlineSeconds":50}}');
    await eventually(async () =>
      expect((await stage.podBelow('edited')).spec?.activeDeadlineSeconds).toBe(50),
    );
    expect((await stage.podBelow('edited')).metadata?.uid).toBe(before.metadata?.uid);
  });

  it('of a label to ignore goes no further than its note', async () => {
    await runs('ignored', { labels: { batch: 'one', 'secret-team': 'blue', open: 'yes' } });
    const tripped = async () => {
      const { labels, annotations } = (await stage.podBelow('ignored')).metadata ?? {};
      expect(labels).toMatchObject({ 'virtual-pod': 'true', open: 'yes' });
      for (const label of ['batch', 'secret-team']) expect(labels).not.toHaveProperty(label);
      return JSON.parse(annotations?.['tripped-labels'] ?? '{}');
    };
    expect(await tripped()).toEqual({ batch: 'one', 'secret-team': 'blue' });
    await stage.run('label', 'pod', 'ignored', 'batch=two', 'secret-team-', '--overwrite');
    await eventually(async () => expect(await tripped()).toEqual({ batch: 'two' }));
  });
});

describe('clusterSelector', () => {
  it('gives the scheduling fields below, in place of those that speak of virtual nodes', async () => {
    const selector = {
      nodeSelector: { 'topology.kubernetes.io/zone': 'b-1' },
      tolerations: [{ key: 'special', operator: 'Exists', effect: 'NoSchedule' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'type', operator: 'In', values: ['kwok'] }] }],
          },
        },
      },
    };
    await runs('chooser', { annotations: { clusterSelector: JSON.stringify(selector) } });
    const { spec } = await stage.podBelow('chooser');
    expect(spec?.nodeSelector).toEqual(selector.nodeSelector);
    expect(spec?.tolerations).toContainEqual(selector.tolerations[0]);
    expect(spec?.tolerations?.map(({ key }) => key)).not.toContain('virtual-kubelet.io/provider');
    expect(spec?.affinity).toEqual(selector.affinity);
    expect(Number(spec?.nodeName?.split('-').at(-1)) % 3).toBe(1);
  });

  it('that cannot be read keeps the pod above, with the reason', async () => {
    await stage.create(
      podOn(stage.node, 'broken', {}, { annotations: { clusterSelector: '{nodeSelector' } }),
    );
    expect(await stage.event('broken', 'InvalidClusterSelector')).toContain('clusterSelector');
    await eventually(async () =>
      expect(await stage.run('get', 'pod', 'broken')).toContain('InvalidClusterSelector'),
    );
    await stage.run('annotate', 'pod', 'broken', 'clusterSelector={}', '--overwrite');
    await stage.reaches('broken', 'Running');
  });
});
