import { describe, expect, test } from 'vitest';
import { isMutated, mutatePod } from './mutate-pod.ts';
import { context, mutated, newPod } from './test-context.ts';

const staying = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists',
  effect: 'NoExecute',
}));
const ofNode = { key: 'virtual-kubelet.io/provider', operator: 'Exists' };
const required = (...terms: object[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
});
const asks = (key: string, ...values: string[]) => ({ key, operator: 'In', values });
const selectorOf = (pod: ReturnType<typeof newPod>) => pod.metadata?.annotations?.['clusterSelector'];

describe('what moves', () => {
  test('the sample of tensile-kube, letter by letter', () => {
    const own = ['test', 'test1', 'test2', 'test3'].map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
    }));
    const pod = mutated(newPod({ tolerations: [...staying, ...own] }));
    expect(selectorOf(pod)).toBe(
      '{"tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute"},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute"},{"key":"test","operator":"Exists","effect":"NoExecute"},{"key":"test1","operator":"Exists","effect":"NoExecute"},{"key":"test2","operator":"Exists","effect":"NoExecute"},{"key":"test3","operator":"Exists","effect":"NoExecute"}]}',
    );
    expect(pod.spec?.tolerations).toEqual([...staying, ...own, ofNode]);
  });

  test('entries of the node selector, but for those about virtual nodes', () => {
    const nodeSelector = {
      disk: 'ssd',
      type: 'virtual-kubelet',
      clusterID: 'a',
      'isthmus.io/cloud-provider': 'aws',
      'kubernetes.io/hostname': 'vk-a',
    };
    const pod = mutated(newPod({ nodeSelector }));
    expect(selectorOf(pod)).toBe('{"nodeSelector":{"disk":"ssd"}}');
    const { disk: _moved, ...above } = nodeSelector;
    expect(pod.spec?.nodeSelector).toEqual(above);
  });

  test('a type or host name that is no virtual node', () => {
    const nodeSelector = { type: 'gpu', 'kubernetes.io/hostname': 'worker-1' };
    const pod = mutated(newPod({ nodeSelector }));
    expect(JSON.parse(selectorOf(pod) ?? '')).toEqual({ nodeSelector });
    expect(pod.spec?.nodeSelector).toEqual({ type: 'virtual-kubelet' });
  });

  test('required node affinity with expressions and fields in one term', () => {
    const fields = [asks('metadata.name', 'worker-1')];
    const term = { matchExpressions: [asks('clusterID', 'a'), asks('disk', 'ssd')], matchFields: fields };
    const pod = mutated(newPod({ affinity: required(term) }));
    expect(JSON.parse(selectorOf(pod) ?? '')).toEqual({
      affinity: required({ matchExpressions: [asks('disk', 'ssd')], matchFields: fields }),
    });
    expect(pod.spec?.affinity).toEqual(required({ matchExpressions: [asks('clusterID', 'a')] }));
  });

  test('several terms that ask the same of virtual nodes', () => {
    const term = (disk: string) => ({ matchExpressions: [asks('disk', disk), asks('clusterID', 'a', 'b')] });
    const pod = mutated(newPod({ affinity: required(term('ssd'), term('nvme')) }));
    expect(JSON.parse(selectorOf(pod) ?? '')).toEqual({
      affinity: required(
        { matchExpressions: [asks('disk', 'ssd')] },
        { matchExpressions: [asks('disk', 'nvme')] },
      ),
    });
    expect(pod.spec?.affinity).toEqual(required({ matchExpressions: [asks('clusterID', 'a', 'b')] }));
  });

  test('what only some alternatives ask of lower nodes is asked of none', () => {
    const one = { matchExpressions: [asks('clusterID', 'a')] };
    const two = { matchExpressions: [asks('clusterID', 'a'), asks('disk', 'ssd')] };
    const { spec, metadata } = mutated(newPod({ affinity: required(one, two) }));
    expect(spec?.affinity).toEqual(required(one, two));
    expect(metadata?.annotations).toEqual({ 'isthmus.io/webhook': 'done' });
  });

  test('nothing of an avoided virtual node', () => {
    const avoided = { key: 'metadata.name', operator: 'NotIn', values: ['vk-a', 'worker-1'] };
    const pod = mutated(newPod({ affinity: required({ matchFields: [avoided] }) }));
    expect(pod.spec?.affinity).toEqual(required({ matchFields: [{ ...avoided, values: ['vk-a'] }] }));
    expect(JSON.parse(selectorOf(pod) ?? '')).toEqual({
      affinity: required({ matchFields: [{ ...avoided, values: ['worker-1'] }] }),
    });
  });

  test('preferred node affinity and pod affinity stay, for they go down from there', () => {
    const preferred = {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [] } }],
    };
    const others = { podAffinity: { later: 1 }, nodeAffinity: preferred };
    const { nodeAffinity } = required({ matchExpressions: [asks('disk', 'ssd')] });
    const pod = mutated(newPod({ affinity: { ...others, nodeAffinity: { ...preferred, ...nodeAffinity } } }));
    expect(pod.spec?.affinity).toEqual(others);
  });
});

describe('other nodes above', () => {
  test('are no place for a pod whose selection they cannot be asked for', () => {
    const onlyVirtual = { type: 'virtual-kubelet' };
    const affinity = required({ matchExpressions: [asks('disk', 'ssd')] });
    expect(mutated(newPod({ nodeSelector: { disk: 'ssd' } })).spec?.nodeSelector).toEqual(onlyVirtual);
    expect(mutated(newPod({ affinity })).spec?.nodeSelector).toEqual(onlyVirtual);
    expect(mutated(newPod({ tolerations: [{ key: 'gpu' }] })).spec).not.toHaveProperty('nodeSelector');
    const above = new Set(['type']);
    const nodeSelector = { type: 'far', disk: 'ssd' };
    expect(mutated(newPod({ nodeSelector }), { above }).spec?.nodeSelector).toEqual({ type: 'far' });
  });

  test('have the pods that were given to them', () => {
    const pod = newPod({ nodeSelector: { disk: 'ssd' }, nodeName: 'worker-above' });
    expect(mutated(pod)).toBe(pod);
  });
});

describe('tolerations above', () => {
  test('the loss of a virtual node has no limit in time', () => {
    const limited = staying.map((toleration) => ({ ...toleration, tolerationSeconds: 300 }));
    const pod = mutated(newPod({ tolerations: [...limited, ...limited.slice(1)] }));
    expect(pod.spec?.tolerations).toEqual([...staying, ofNode]);
    expect(JSON.parse(selectorOf(pod) ?? '')).toEqual({ tolerations: limited });
  });

  test('a toleration of the taint of virtual nodes is not carried down', () => {
    const pod = mutated(newPod({ tolerations: [ofNode, { ...ofNode, operator: 'Equal', value: 'k8s' }] }));
    expect(selectorOf(pod)).toBeUndefined();
    expect(pod.spec?.tolerations).toHaveLength(4);
  });

  test('the taint may have another key', () => {
    const pod = mutated(newPod(), { taintKey: 'example.com/far' });
    expect(pod.spec?.tolerations).toContainEqual({ key: 'example.com/far', operator: 'Exists' });
  });
});

describe('an annotation that the user wrote', () => {
  const clusterSelector = '{"nodeSelector": {"disk": "ssd"}}';

  test('leaves the pod divided as it is', () => {
    const pod = newPod(
      { nodeSelector: { tier: 'web' }, tolerations: [ofNode, { operator: 'Exists' }] },
      { clusterSelector },
    );
    const { spec, metadata } = mutated(pod);
    expect(metadata).toEqual(pod.metadata);
    expect(spec?.nodeSelector).toEqual({ tier: 'web' });
    expect(spec?.tolerations).toEqual([ofNode, { operator: 'Exists' }, ...staying]);
  });

  test.each(['{', '[]', '{"nodeSelector":[]}'])('that cannot be read is refused: %s', (text) => {
    expect(mutatePod(newPod({}, { clusterSelector: text }), context)).toEqual({
      refusal: expect.stringContaining('clusterSelector'),
    });
  });
});

describe('between two passes somebody adds', () => {
  const first = mutated(newPod({ nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'gpu' }] }));
  const again = (spec: object) => mutatePod({ ...first, spec: { ...first.spec, ...spec } as never }, context);

  test('a node selector and a toleration, which come to the others', () => {
    const tolerations = [...(first.spec?.tolerations ?? []), { key: 'more' }];
    const result = again({ nodeSelector: { zone: 'b' }, tolerations });
    expect(JSON.parse(('pod' in result && selectorOf(result.pod)) || '')).toEqual({
      nodeSelector: { disk: 'ssd', zone: 'b' },
      tolerations: [{ key: 'gpu' }, { key: 'more' }],
    });
  });

  test('affinity, which must hold beside that of before', () => {
    const affinity = (disk: string) => required({ matchExpressions: [asks('disk', disk)] });
    const before = mutated(newPod({ affinity: affinity('ssd') }));
    const pod = mutated({ ...before, spec: { ...before.spec, affinity: affinity('nvme') } as never });
    expect(JSON.parse(selectorOf(pod) ?? '')).toEqual({
      affinity: required({ matchExpressions: [asks('disk', 'ssd'), asks('disk', 'nvme')] }),
    });
  });

  test('what contradicts, and the pod is refused', () => {
    expect(again({ nodeSelector: { disk: 'hdd' } })).toEqual({
      refusal: expect.stringContaining('disk=hdd, the annotation clusterSelector for disk=ssd'),
    });
  });

  test('alternatives without end, and the pod is refused', () => {
    const terms = Array.from({ length: 100 }, (_, index) => ({ matchExpressions: [asks('n', `${index}`)] }));
    const before = mutated(newPod({ affinity: required(...terms) }));
    const result = mutatePod({ ...before, spec: { affinity: required(...terms) } as never }, context);
    expect(result).toEqual({ refusal: expect.stringContaining('1000 alternatives') });
  });

  test('a few alternatives beside one that asks for very much, and the pod is refused', () => {
    const much = Array.from({ length: 5_000 }, (_, index) => asks(`much-${index}`, 'yes'));
    const terms = ['a', 'b', 'c'].map((name) => ({ matchExpressions: [asks('n', name)] }));
    const before = mutated(newPod({ affinity: required({ matchExpressions: much }) }));
    const result = mutatePod({ ...before, spec: { affinity: required(...terms) } as never }, context);
    expect(result).toEqual({ refusal: expect.stringContaining('more than 10000 things') });
  });
});

test('as many tolerations as a request holds take no time', () => {
  const tolerations = Array.from({ length: 20_000 }, (_, index) => ({
    key: `k${index}`,
    operator: 'Exists',
  }));
  const began = performance.now();
  const pod = mutated(newPod({ tolerations }));
  expect(JSON.parse(selectorOf(pod) ?? '').tolerations).toHaveLength(20_000);
  // Compared one by one they take more than a minute.
  expect(performance.now() - began).toBeLessThan(15_000);
});

test('neither do as many that are the same behind others', () => {
  const same = staying.flatMap((one) => Array.from({ length: 8_000 }, () => ({ ...one })));
  const others = Array.from({ length: 16_000 }, () => ({ key: 'a', operator: 'Exists' }));
  const began = performance.now();
  const pod = mutated(newPod({ tolerations: [...others, ...same] }));
  expect(pod.spec?.tolerations).toEqual([...others, ...staying, ofNode]);
  expect(performance.now() - began).toBeLessThan(15_000);
});

describe('what cannot be divided is refused', () => {
  test.each([
    [
      'other lower nodes in other clusters',
      [asks('clusterID', 'a'), asks('disk', 'ssd')],
      [asks('clusterID', 'b'), asks('gpu', 'yes')],
    ],
    ['a cluster or a lower node', [asks('clusterID', 'a')], [asks('disk', 'ssd')]],
    ['a virtual node or a lower one', [asks('kubernetes.io/hostname', 'vk-a', 'worker-1')]],
  ])('%s', (_, ...terms) => {
    const affinity = required(...terms.map((matchExpressions) => ({ matchExpressions })));
    expect(mutatePod(newPod({ affinity }), context)).toEqual({
      refusal: expect.stringContaining('alternatives'),
    });
  });
});

describe('a claim whose node was selected', () => {
  const volumes = (claimName: string) => ({
    volumes: [
      { name: 'a', emptyDir: {} },
      { name: 'b', persistentVolumeClaim: { claimName } },
    ],
  });
  const hostnameOf = (spec: object) => mutated(newPod(spec)).spec?.nodeSelector;

  test('pulls the pod there', () => {
    expect(hostnameOf(volumes('data'))).toEqual({ 'kubernetes.io/hostname': 'vk-a' });
  });

  test('holds nothing up when that node is gone, or the claim is new', () => {
    expect(hostnameOf(volumes('gone'))).toBeUndefined();
    expect(hostnameOf(volumes('new'))).toBeUndefined();
  });

  test('yields to what the pod says', () => {
    const nodeSelector = { 'kubernetes.io/hostname': 'vk-b' };
    expect(hostnameOf({ ...volumes('data'), nodeSelector })).toEqual(nodeSelector);
    expect(hostnameOf({ ...volumes('data'), nodeName: 'vk-b' })).toBeUndefined();
  });
});

describe('isMutated', () => {
  const labelled = (labels?: object, annotations?: object) =>
    ({ metadata: { ...(labels && { labels }), ...(annotations && { annotations }) } }) as never;
  const virtual = { 'virtual-pod': 'true' };

  test.each([
    ['a virtual pod', labelled(virtual), 'shop', true],
    ['one in kube-system', labelled(virtual), 'kube-system', false],
    ['one without labels', labelled(), 'shop', false],
    ['another', labelled({ 'virtual-pod': 'false' }), 'shop', false],
    ["one of the descheduler's", labelled({ ...virtual, 'create-by-descheduler': 'true' }), 'shop', false],
    ['one that is turned off', labelled(virtual, { 'isthmus.io/webhook': 'false' }), 'shop', false],
    ['one that was done', labelled(virtual, { 'isthmus.io/webhook': 'done' }), 'shop', true],
  ])('%s', (_, pod, namespace, expected) => {
    expect(isMutated(pod, namespace)).toBe(expected);
  });
});
