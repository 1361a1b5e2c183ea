import { beforeEach, describe, expect, test } from 'vitest';
import type { NetworkPolicy, Pod } from '../../kube/types.ts';
import { raw } from '../../translate/test-objects.ts';
import { PoliciesInStep } from './policies-in-step.ts';

const policy = (name: string, podSelector: object = {}, generation = 1): NetworkPolicy =>
  raw({ metadata: { namespace: 'shop', name, uid: name, generation }, spec: { podSelector } });
const pod = (spec: object = {}, namespace = 'shop'): Pod =>
  raw({ metadata: { namespace, name: 'web', labels: { app: 'web' } }, spec });

let above: NetworkPolicy[];
let isBelow: boolean;
let woken: string[];
let policies: PoliciesInStep;
const why = (asked = pod()) => policies.refusalOf(asked)?.message;

beforeEach(() => {
  above = [policy('deny')];
  isBelow = true;
  woken = [];
  policies = new PoliciesInStep({
    policiesOf: (namespace) => above.filter(({ metadata }) => metadata?.namespace === namespace),
    isBelow: () => isBelow,
    addPod: (key) => woken.push(key),
  });
});

test('nobody starts before the policies are known', () => {
  expect(why(pod({}, 'other'))).toContain('have not been listed yet');
  policies.known();
  expect(woken).toEqual(['other/web']);
  expect(why(pod({}, 'other'))).toBeUndefined();
});

describe('a pod waits', () => {
  beforeEach(() => policies.known());

  test('until the policies that mean it are below, and is looked at again', () => {
    expect(why()).toBe('network policy shop/deny is not in the lower cluster yet');
    policies.wake('shop/other');
    expect(woken).toEqual([]);
    policies.settled(policy('deny'));
    policies.wake('shop/deny');
    policies.wake('shop/deny');
    expect(woken).toEqual(['shop/web']);
    expect(why()).toBeUndefined();
  });

  test('for a policy that cannot be below, and hears why', () => {
    policies.refused('shop/deny', 'it is taken');
    policies.unsettled('shop/deny');
    expect(why()).toBe('network policy shop/deny is not in the lower cluster: it is taken');
    above = [];
    policies.gone('shop/deny');
    expect(why()).toBeUndefined();
  });

  test.each<[string, () => void]>([
    ['has changed above', () => (above = [policy('deny', {}, 2)])],
    [
      'was made anew above',
      () => (above = [{ ...policy('deny'), metadata: { ...policy('deny').metadata, uid: 'n' } }]),
    ],
    ['was taken away below', () => (isBelow = false)],
    ['was changed below', () => policies.unsettled('shop/deny')],
  ])('again for one that %s', (_, happens) => {
    policies.settled(policy('deny'));
    expect(why()).toBeUndefined();
    happens();
    expect(why()).toContain('yet');
  });

  test('for none that means others, nor on the network of its node', () => {
    expect(why(pod({ hostNetwork: true }))).toBeUndefined();
    above = [policy('deny', { matchLabels: { app: 'other' } })];
    expect(why()).toBeUndefined();
  });
});
