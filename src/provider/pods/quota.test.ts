import { beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { Pod } from '../../kube/types.ts';
import { readResources } from '../../scheduling/resource-list.ts';
import { raw } from '../../translate/test-objects.ts';
import { outOf, Quota } from './quota.ts';

let version: number;
let cache: Cache<Pod>;
let quota: Quota;

function pod(name: string, cpu: string, status: object = { phase: 'Running' }): Pod {
  version += 1;
  return raw({
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      resourceVersion: `${version}`,
      labels: { mine: 'yes' },
    },
    spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] },
    status,
  });
}

const thaw = (of: Pod): Pod => structuredClone(of);

beforeEach(() => {
  version = 0;
  cache = new Cache<Pod>({});
  const isOurs = ({ metadata }: Pod) => metadata?.labels?.['mine'] === 'yes';
  quota = new Quota(readResources({ cpu: '2', pods: '3' }), cache, isOurs);
});

describe('a quota', () => {
  test('holds what many at once ask for, before any of them is seen below', () => {
    expect(['a', 'b', 'c'].map((name) => quota.admit(`shop/${name}`, pod(name, '1'))?.resource)).toEqual([
      undefined,
      undefined,
      'cpu',
    ]);
  });

  test('says what is lacking in words', () => {
    quota.admit('shop/a', pod('a', '1500m'));
    const lack = quota.admit('shop/b', pod('b', '1'));
    expect(lack && outOf(lack)).toEqual({
      reason: 'OutOfcpu',
      message: 'the virtual node has not enough cpu: requested 1, used 1500m, of 2',
    });
  });

  test('counts a pod once, however it is known', () => {
    quota.admit('shop/a', pod('a', '1'));
    cache.apply(thaw(pod('a', '1')));
    expect(quota.admit('shop/b', pod('b', '1'))).toBeUndefined();
  });

  test('has room again when a pod was not made, is gone, or has ended', () => {
    quota.admit('shop/a', pod('a', '2'));
    quota.release('shop/a');
    cache.apply(thaw(pod('b', '2')));
    expect(quota.admit('shop/c', pod('c', '1'))?.resource).toBe('cpu');
    cache.apply(thaw(pod('b', '2', { phase: 'Succeeded' })));
    expect(quota.admit('shop/c', pod('c', '2'))).toBeUndefined();
    const c = thaw(pod('c', '2'));
    cache.apply(c);
    cache.remove(thaw(pod('c', '2')));
    expect(quota.admit('shop/d', pod('d', '2'))).toBeUndefined();
  });

  test('lets a pod grow within it, shrink always, and no further', () => {
    cache.apply(thaw(pod('a', '1')));
    cache.apply(thaw(pod('b', '500m')));
    expect(quota.admit('shop/a', pod('a', '1500m'))).toBeUndefined();
    expect(quota.admit('shop/a', pod('a', '1600m'))?.resource).toBe('cpu');
    expect(quota.admit('shop/a', pod('a', '100m'))).toBeUndefined();
  });

  test('counts pods, and nothing of those that are not ours', () => {
    cache.apply({ ...thaw(pod('theirs', '100')), metadata: { name: 'theirs', resourceVersion: '99' } });
    for (const name of ['a', 'b', 'c']) expect(quota.admit(`shop/${name}`, pod(name, '0'))).toBeUndefined();
    expect(quota.admit('shop/d', pod('d', '0'))?.resource).toBe('pods');
  });

  test('lets go of a pod from which somebody takes our marks', () => {
    cache.apply(thaw(pod('a', '2')));
    const stripped = pod('a', '2');
    cache.apply({ ...stripped, metadata: { ...stripped.metadata, labels: {} } });
    expect(quota.admit('shop/b', pod('b', '2'))).toBeUndefined();
  });

  test('counts again what a pod has that was not let grow, and nothing of one that is gone', () => {
    cache.apply(thaw(pod('a', '500m')));
    quota.admit('shop/a', pod('a', '2'));
    expect(quota.admit('shop/b', pod('b', '1'))?.resource).toBe('cpu');
    quota.correct('shop/a', pod('a', '500m'));
    quota.correct('shop/gone', pod('gone', '2'));
    expect(quota.admit('shop/b', pod('b', '1500m'))).toBeUndefined();
  });

  test('that limits nothing refuses nothing', () => {
    const none = new Quota(readResources({}), cache, () => true);
    expect(none.admit('shop/a', pod('a', '1000'))).toBeUndefined();
  });
});
