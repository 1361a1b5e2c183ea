import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { Pod } from '../../kube/types.ts';
import { NamespaceUse } from './namespace-use.ts';

let version = 0;
const pod = (key: string, isOurs = true): Pod => {
  const [namespace = '', name = ''] = key.split('/');
  version += 1;
  return {
    metadata: {
      namespace,
      name,
      uid: key,
      resourceVersion: String(version),
      ...(isOurs && { labels: { ours: '' } }),
    },
  };
};

let pods: Cache<Pod>;
let changes: string[];
let use: NamespaceUse;
const open = () =>
  new NamespaceUse({
    pods,
    isOurs: ({ metadata }) => metadata?.labels?.['ours'] !== undefined,
    linger: 1_000,
    onChange: (namespace) => changes.push(namespace),
  });

beforeEach(() => {
  vi.useFakeTimers();
  pods = new Cache<Pod>({});
  changes = [];
  use = open();
});
afterEach(() => {
  use.stop();
  vi.useRealTimers();
});

test('a namespace is used from its first pod on, until a while after its last', () => {
  expect([use.has('shop'), use.isAny]).toEqual([false, false]);
  pods.apply(pod('shop/a'));
  pods.apply(pod('shop/b'));
  pods.apply(pod('shop/a'));
  expect(changes).toEqual(['shop']);
  pods.remove(pod('shop/a'));
  pods.remove(pod('shop/b'));
  vi.advanceTimersByTime(999);
  expect([use.has('shop'), use.isAny, changes]).toEqual([true, true, ['shop']]);
  vi.advanceTimersByTime(1);
  expect([use.has('shop'), use.isAny, changes]).toEqual([false, false, ['shop', 'shop']]);
});

test('one that gets another pod in time was used all along', () => {
  pods.apply(pod('shop/a'));
  pods.remove(pod('shop/a'));
  vi.advanceTimersByTime(900);
  pods.apply(pod('shop/b'));
  vi.advanceTimersByTime(5_000);
  expect([use.has('shop'), changes]).toEqual([true, ['shop']]);
});

test('pods of others do not count, nor one that is ours no more', () => {
  pods.apply(pod('shop/a', false));
  expect(use.has('shop')).toBe(false);
  pods.apply(pod('shop/a'));
  pods.apply(pod('shop/a', false));
  vi.advanceTimersByTime(1_000);
  expect([use.has('shop'), changes]).toEqual([false, ['shop', 'shop']]);
});

test('knows what was there before, and says nothing when it has stopped', () => {
  pods.apply(pod('shop/a'));
  const later = open();
  expect(later.has('shop')).toBe(true);
  later.stop();
  use.stop();
  pods.remove(pod('shop/a'));
  vi.advanceTimersByTime(5_000);
  expect(changes).toEqual(['shop']);
});

test('tells whose pods use a namespace, or any', () => {
  const annotations = { 'isthmus.io/virtual-node': 'vk-b' };
  const one = pod('shop/a');
  pods.apply({ ...one, metadata: { ...one.metadata, annotations } });
  pods.apply(pod('bank/a'));
  expect(use.isUsedBy('vk-b', 'shop')).toBe(true);
  expect(use.isUsedBy('vk-b', undefined)).toBe(true);
  expect(use.isUsedBy('vk-b', 'bank')).toBe(false);
  expect(use.isUsedBy('vk-a', undefined)).toBe(false);
});
