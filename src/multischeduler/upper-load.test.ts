import { expect, test } from 'vitest';
import { upperPod } from '../clusters/placement/test-clusters.ts';
import type { Node, Pod } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { UpperLoad } from './upper-load.ts';

const names = ['vk-a', 'vk-b'];
const node = raw<Node>({ status: { allocatable: { cpu: '10', memory: '100Gi' } } });
const owner = (uid: string) => ({ ownerReferences: [{ uid, controller: true }] });
const bound = (name: string, nodeName: string, cpu = '1', metadata: object = {}): Pod => {
  const pod = upperPod(name, cpu, { metadata });
  return { ...pod, spec: { containers: [], ...pod.spec, nodeName } };
};
const loadOf = (...nodes: string[]) => new UpperLoad((name) => (nodes.includes(name) ? node : undefined));
const pod = upperPod('web', '1');

test('an emptier node scores more, whether pods are bound there or only go there', () => {
  const load = loadOf(...names);
  const [same, alike] = load.scores(pod, names);
  expect(same).toBe(alike);
  load.expect('shop/one', upperPod('one', '4'), 'vk-a');
  const [a = 0, b = 0] = load.scores(pod, names);
  expect(a).toBeLessThan(b);
  load.apply('shop/two', bound('two', 'vk-b', '8'));
  const [now = 0, then = 0] = load.scores(pod, names);
  expect(now).toBeGreaterThan(then);
});

test('a pod counts once, where it was seen last, and not when it is gone', () => {
  const load = loadOf(...names);
  const empty = load.scores(pod, names);
  load.expect('shop/one', upperPod('one', '4'), 'vk-a');
  load.apply('shop/one', upperPod('one', '4'));
  expect(load.scores(pod, ['vk-a'])).not.toEqual(empty.slice(0, 1));
  load.apply('shop/one', bound('one', 'vk-b', '4'));
  load.apply('shop/one', bound('one', 'vk-b', '4'));
  const [a, b = 0] = load.scores(pod, names);
  expect(a).toBe(empty[0]);
  expect(b).toBeLessThan(empty[1] ?? 0);
  load.apply('shop/one', undefined);
  load.forget('shop/one');
  expect(load.scores(pod, names)).toEqual(empty);
});

test('what was seen bound stays, whoever asks for it again, until it is seen to be gone', () => {
  const load = loadOf(...names);
  const empty = load.scores(pod, names);
  load.expect('shop/one', upperPod('one', '4'), 'vk-a');
  load.apply('shop/one', bound('one', 'vk-a', '4'));
  const there = load.scores(pod, names);
  load.forget('shop/one');
  load.expect('shop/one', upperPod('one', '4'), 'vk-b');
  load.forget('shop/one');
  expect(load.scores(pod, names)).toEqual(there);
  load.apply('shop/one', undefined);
  expect(load.scores(pod, names)).toEqual(empty);
});

test('what was bound ends with a pod of its name that is not, and that one counts where it is sent', () => {
  const load = loadOf(...names);
  const empty = load.scores(pod, names);
  load.apply('shop/one', bound('one', 'vk-a', '4'));
  load.apply('shop/one', upperPod('one', '4'));
  expect(load.scores(pod, names)).toEqual(empty);
  load.expect('shop/one', upperPod('one', '4'), 'vk-b');
  const sent = load.scores(pod, names);
  expect(sent).not.toEqual(empty);
  // The next event of the successor takes nothing away: its binding is waited for.
  load.apply('shop/one', upperPod('one', '4'));
  expect(load.scores(pod, names)).toEqual(sent);
});

test('what is resized counts as it is', () => {
  const load = loadOf('vk-a');
  load.apply('shop/one', bound('one', 'vk-a', '1', { generation: 1 }));
  const [before = 0] = load.scores(pod, ['vk-a']);
  load.apply('shop/one', bound('one', 'vk-a', '8', { generation: 2 }));
  expect(load.scores(pod, ['vk-a'])[0]).toBeLessThan(before);
});

test('pods of one owner are spread, those of others are no kin', () => {
  const load = loadOf(...names);
  load.apply('shop/one', bound('one', 'vk-a', '1', owner('replicas')));
  load.apply('shop/two', bound('two', 'vk-b', '5', owner('others')));
  const [a = 0, b = 0] = load.scores(upperPod('web', '1', { metadata: owner('replicas') }), names);
  expect(b).toBeGreaterThan(a);
  const [plain = 0, other = 0] = load.scores(pod, names);
  expect(plain).toBeGreaterThan(other);
});

test('a node that says nothing of what it offers comes after those that do', () => {
  const [a = 0, b = 0] = loadOf('vk-a').scores(pod, names);
  expect(a).toBeGreaterThan(b);
});
