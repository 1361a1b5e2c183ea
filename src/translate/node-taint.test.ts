import { expect, test } from 'vitest';
import type { Node } from '../kube/types.ts';
import { taintFinding } from './node-taint.ts';
import { raw } from './test-objects.ts';

const gpu = { key: 'gpu', effect: 'NoExecute' };
const provider = { key: 'virtual-kubelet.io/provider', value: 'k8s', effect: 'NoSchedule' };
const theirs = { key: 'theirs', effect: 'NoSchedule' };
const texts = { gpu: 'gpu:NoExecute', provider: 'virtual-kubelet.io/provider=k8s:NoSchedule' };

function find(
  former: string | undefined,
  present: object[] | null,
  taint: typeof gpu | typeof provider | undefined,
) {
  const annotations = former === undefined ? {} : { 'isthmus.io/configured-taint': former };
  const node = raw<Node>({ metadata: { annotations }, spec: { taints: present } });
  return taintFinding(node, { name: 'vk-a', taint });
}

test.each<[string, Parameters<typeof find>, string]>([
  ['is as it was', [texts.provider, [provider, theirs], provider], texts.provider],
  ['is none, as it was', ['', null, undefined], ''],
  ['was taken away by hand', [texts.provider, [theirs], provider], texts.provider],
  ['is on a node of before', [undefined, [provider], provider], texts.provider],
  ['is none on a node of before', [undefined, [theirs], undefined], ''],
  ['was changed, and followed by hand', [texts.provider, [gpu, theirs], gpu], texts.gpu],
  ['is none now, and followed by hand', [texts.provider, [theirs], undefined], ''],
])('nothing is said where the taint %s', (_, given, configured) => {
  expect(find(...given)).toEqual({ configured, advice: undefined });
});

test.each<[string, Parameters<typeof find>, string]>([
  [
    'is another',
    [texts.provider, [provider, theirs], gpu],
    'the configured taint is now "gpu:NoExecute", which the provider may not write to a node that is registered; it was ' +
      '"virtual-kubelet.io/provider=k8s:NoSchedule"; to follow: kubectl taint node vk-a ' +
      'virtual-kubelet.io/provider:NoSchedule- && kubectl taint node vk-a gpu:NoExecute --overwrite',
  ],
  [
    'has another value',
    [texts.provider, [provider], { ...provider, value: 'eu' }],
    'to follow: kubectl taint node vk-a virtual-kubelet.io/provider=eu:NoSchedule --overwrite',
  ],
  [
    'is none',
    [texts.provider, [provider], undefined],
    'the configured taint is now "", which the provider may not write to a node that is registered; it was ' +
      '"virtual-kubelet.io/provider=k8s:NoSchedule"; to follow: kubectl taint node vk-a virtual-kubelet.io/provider:NoSchedule-',
  ],
  ['is one', ['', [], gpu], 'to follow: kubectl taint node vk-a gpu:NoExecute --overwrite'],
  [
    'is not on a node of before',
    [undefined, [theirs], gpu],
    'kubectl taint node vk-a gpu:NoExecute --overwrite',
  ],
])('what to do is said where the taint now %s', (_, given, advice) => {
  const found = find(...given);
  expect(found.advice).toContain(advice);
  expect(found.configured).toBe(given[0]);
});
