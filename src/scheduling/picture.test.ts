import { describe, expect, test } from 'vitest';
import { certainty, explain, fits, writeExplanation } from './fit.ts';
import { Picture } from './picture.ts';
import { against, asking, node, pictureOf, pod, podOn } from './test-pictures.ts';

const small = (name: string) => node(name, { allocatable: { cpu: '2' } });
const wants = (name: string, cpu: string) => pod(name, asking({ cpu }));
const has = (on: string, name: string, cpu: string) => podOn(on, name, asking({ cpu }));

describe('the picture follows what it is fed', () => {
  test('pods before their node, nodes that go and come back', () => {
    const picture = new Picture();
    picture.applyPod(has('n', 'x', '1500m'));
    expect(fits(picture, wants('p', '1'))).toBe(false);
    picture.applyNode(small('n'));
    expect(against(picture, wants('p', '1'))).toEqual({ 'Insufficient cpu': 1 });
    picture.removeNode('n');
    expect(picture.nodeCount).toBe(0);
    picture.applyNode(small('n'));
    expect(against(picture, wants('p', '1'))).toEqual({ 'Insufficient cpu': 1 });
    picture.removePod('default/x');
    expect(against(picture, wants('p', '2'))).toEqual({});
  });

  test('a node that takes the place of another has nothing of it', () => {
    const picture = pictureOf(
      [
        node('old', {
          labels: { disk: 'ssd' },
          unschedulable: true,
          taints: [{ key: 'k', effect: 'NoSchedule' }],
        }),
      ],
      [has('old', 'x', '3')],
    );
    picture.removeNode('old');
    picture.applyNode(node('new'));
    expect(against(picture, wants('p', '4'))).toEqual({});
    expect(against(picture, pod('p', { nodeSelector: { disk: 'ssd' } }))).toEqual({
      "node(s) didn't match Pod's node affinity/selector": 1,
    });
  });

  test('changes of a node: room, labels, taints', () => {
    const picture = pictureOf([node('n', { labels: { disk: 'ssd' }, allocatable: { cpu: '2', gpu: '1' } })]);
    picture.applyNode(node('n', { labels: { disk: 'hdd' }, allocatable: { cpu: '1' }, unschedulable: true }));
    expect(against(picture, pod('p'))).toEqual({ 'node(s) were unschedulable': 1 });
    picture.applyNode(node('n', { labels: { disk: 'hdd' }, allocatable: { cpu: '1' } }));
    expect(against(picture, wants('p', '2'))).toEqual({ 'Insufficient cpu': 1 });
    expect(fits(picture, pod('p', { nodeSelector: { disk: 'hdd' } }))).toBe(true);
  });

  test.each(['Succeeded', 'Failed'])('a pod that has %s takes nothing', (phase) => {
    const picture = pictureOf([small('n')], [has('n', 'x', '2')]);
    expect(fits(picture, wants('p', '1'))).toBe(false);
    picture.applyPod({ ...has('n', 'x', '2'), status: { phase } });
    expect(fits(picture, wants('p', '2'))).toBe(true);
  });

  test('a pod of the same name on another node', () => {
    const picture = pictureOf([small('m'), small('n')], [has('m', 'x', '2')]);
    picture.applyPod(has('n', 'x', '1'));
    expect(explain(picture, wants('p', '2')).feasible).toBe(1);
    expect(explain(picture, wants('p', '1')).feasible).toBe(2);
  });

  test('the pod itself does not stand in its way', () => {
    const picture = pictureOf([small('n')], [has('n', 'x', '2')]);
    expect(fits(picture, wants('x', '2'))).toBe(true);
    expect(fits(picture, wants('p', '2'))).toBe(false);
    picture.removePod('default/x');
    picture.hold('default/y', wants('y', '2'));
    expect(fits(picture, wants('y', '2'))).toBe(true);
    expect(fits(picture, wants('p', '2'))).toBe(false);
  });

  test('removing what is not there does nothing', () => {
    const picture = pictureOf([small('n')]);
    picture.removeNode('x');
    picture.removePod('x/y');
    picture.removeVolume('x');
    picture.removeClaim('x/y');
    picture.removeNamespace('x');
    picture.removeStorageClass('x');
    picture.removeCsiNode('x');
    picture.release('x/y');
    expect(fits(picture, wants('p', '2'))).toBe(true);
  });
});

describe('promises', () => {
  test('a burst takes each room once', () => {
    const picture = pictureOf([small('a'), small('b'), small('c')]);
    const admitted = ['1', '2', '3', '4', '5'].filter((name) => {
      if (!fits(picture, wants(name, '2'))) return false;
      picture.hold(`default/${name}`, wants(name, '2'));
      return true;
    });
    expect(admitted).toEqual(['1', '2', '3']);
    expect(picture.held()).toEqual(['default/1', 'default/2', 'default/3']);
    picture.release('default/2');
    expect(fits(picture, wants('4', '2'))).toBe(true);
  });

  test('holding again replaces the promise', () => {
    const picture = pictureOf([small('a')]);
    picture.hold('default/x', wants('x', '2'));
    picture.hold('default/x', wants('x', '1'));
    expect(fits(picture, wants('p', '1'))).toBe(true);
  });

  test('the real pod takes its place, wherever it lands', () => {
    const picture = pictureOf([small('a'), small('b')]);
    picture.hold('default/x', wants('x', '1'));
    picture.applyPod(has('b', 'x', '1'));
    expect(picture.held()).toEqual([]);
    expect(explain(picture, wants('p', '2')).feasible).toBe(1);
    expect(explain(picture, wants('p', '1')).feasible).toBe(2);
  });

  test('promises make way for real pods that land where they are', () => {
    const picture = pictureOf([small('a'), small('b')]);
    picture.hold('default/x', wants('x', '2'));
    for (const name of ['a', 'b']) {
      picture.applyPod(has(name, 'other', '2'));
      expect(fits(picture, wants('p', '1'))).toBe(false);
    }
  });

  test('promises leave a node that goes, and come when one appears', () => {
    const picture = pictureOf([small('a')]);
    picture.hold('default/x', wants('x', '2'));
    picture.removeNode('a');
    picture.applyNode(small('b'));
    expect(fits(picture, wants('p', '1'))).toBe(false);
  });

  test('one that is late and fits nowhere takes no room until there is some', () => {
    const picture = pictureOf([small('a')], [has('a', 'there', '1')]);
    picture.hold('default/x', wants('x', '2'));
    expect(certainty(picture, wants('p', '1'))).toBe('contested');
    picture.defer('default/x');
    expect(certainty(picture, wants('p', '1'))).toBe('certain');
    picture.removePod('default/there');
    expect(fits(picture, wants('p', '1'))).toBe(false);
    expect(picture.held()).toEqual(['default/x']);
  });

  test('a pod that waits below holds room, with and without a promise', () => {
    const picture = pictureOf([small('a')]);
    picture.applyPod(wants('x', '2'));
    expect(fits(picture, wants('p', '1'))).toBe(false);
    picture.removePod('default/x');
    expect(fits(picture, wants('p', '1'))).toBe(true);

    picture.hold('default/x', wants('x', '2'));
    picture.applyPod(wants('x', '2'));
    picture.release('default/x');
    expect(fits(picture, wants('p', '1'))).toBe(false);
    picture.removePod('default/x');
    expect(fits(picture, wants('p', '1'))).toBe(true);

    picture.hold('default/x', wants('x', '2'));
    picture.applyPod(wants('x', '2'));
    picture.removePod('default/x');
    expect(picture.held()).toEqual(['default/x']);
    expect(fits(picture, wants('p', '1'))).toBe(false);
  });

  test('one behind a closed gate does not', () => {
    const picture = pictureOf([small('a')]);
    picture.applyPod(pod('x', { ...asking({ cpu: '2' }), schedulingGates: [{ name: 'gate' }] }));
    expect(fits(picture, wants('p', '2'))).toBe(true);
  });

  test('one for which the lower scheduler has found no node is waited for no more', () => {
    const picture = pictureOf([small('a')], [has('a', 'there', '1')]);
    picture.hold('default/x', wants('x', '2'));
    picture.applyPod(wants('x', '2'));
    expect(certainty(picture, wants('p', '1'))).toBe('contested');
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }];
    picture.applyPod({ ...wants('x', '2'), status: { conditions } });
    expect(certainty(picture, wants('p', '1'))).toBe('certain');
    picture.removePod('default/there');
    expect(certainty(picture, wants('p', '1'))).toBe('none');
  });

  test('a pod that came before its promise needs none', () => {
    const picture = pictureOf([small('a'), small('b')], [has('a', 'x', '2')]);
    picture.hold('default/x', wants('x', '2'));
    expect(picture.held()).toEqual([]);
    expect(fits(picture, wants('p', '2'))).toBe(true);
  });

  test('one of the same name that is going has its room, then the promise has its own', () => {
    const going = podOn('a', 'x', asking({ cpu: '1' }), {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const picture = pictureOf([small('a')], [going]);
    picture.hold('default/x', wants('x', '2'));
    expect(explain(picture, wants('p', '1')).feasible).toBe(1);
    picture.applyPod(going);
    picture.removePod('default/x');
    expect(certainty(picture, wants('p', '1'))).toBe('contested');
    picture.applyPod(has('a', 'x', '2'));
    expect(picture.held()).toEqual([]);
  });

  test('a promised pod that has run and finished holds nothing', () => {
    const picture = pictureOf([small('a')]);
    picture.hold('default/x', wants('x', '2'));
    picture.applyPod({ ...has('a', 'x', '2'), status: { phase: 'Succeeded' } });
    expect(picture.held()).toEqual([]);
    expect(fits(picture, wants('p', '2'))).toBe(true);
  });
});

test('an explanation reads like kube-scheduler', () => {
  const picture = pictureOf([small('a'), node('b', { unschedulable: true }), small('c')]);
  expect(writeExplanation(explain(picture, wants('p', '3')))).toBe(
    '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.',
  );
  expect(writeExplanation(explain(new Picture(), wants('p', '3')))).toBe('0/0 nodes are available.');
  const claims = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] };
  expect(writeExplanation(explain(picture, pod('p', claims)))).toBe(
    '0/3 nodes are available: persistentvolumeclaim "c" not found.',
  );
});
