import { describe, expect, test } from 'vitest';
import { defaultStrategies, readPolicy } from './policy.ts';

const head = 'apiVersion: descheduler/v1alpha1\nkind: DeschedulerPolicy\n';
const names = (text: string) => {
  const read = readPolicy('policy.yaml', text);
  return 'value' in read ? read.value.map(({ name }) => name) : read.mistakes;
};

describe('a policy', () => {
  test.each([
    ['is not needed', head, ['LowerUnschedulable']],
    [
      "of tensile-kube's README",
      `${head}strategies:\n  PodLifeTime:\n    enabled: true\n    params:\n      maxPodLifeTimeSeconds: 86400\n`,
      ['LowerUnschedulable', 'PodLifeTime'],
    ],
    [
      'as the Kubernetes descheduler nests it',
      `${head}strategies: {PodLifeTime: {enabled: true, params: {podLifeTime: {maxPodLifeTimeSeconds: 60}}}}`,
      ['LowerUnschedulable', 'PodLifeTime'],
    ],
    [
      'turns strategies on and off',
      'strategies: {LowerUnschedulable: {enabled: false}, Fragmentation: {params: {maxMovesPerPod: 2}}}',
      ['Fragmentation'],
    ],
  ])('%s', (_, text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  test('that is missing leaves the default', () => {
    expect(defaultStrategies().map(({ name }) => name)).toEqual(['LowerUnschedulable']);
  });
});

describe('a mistake is named with its place', () => {
  test.each([
    ['a: [', 'policy.yaml: line 1, column 5: not YAML'],
    ['7', 'policy.yaml: expected a DeschedulerPolicy, found 7'],
    ['', 'policy.yaml: expected a DeschedulerPolicy, found nothing'],
    ['kind: Pod', 'policy.yaml: kind: expected "DeschedulerPolicy", found "Pod"'],
    ['apiVersion: descheduler/v9', 'policy.yaml: apiVersion: expected "descheduler/v1alpha1"'],
    [
      'strategies: {PodLiveTime: {}}',
      'policy.yaml: strategies: unknown key "PodLiveTime"; did you mean "PodLifeTime"?',
    ],
    [
      'strategies: {Fragmentation: {param: {}}}',
      'policy.yaml: strategies.Fragmentation: unknown key "param"; did you mean "params"?',
    ],
    [
      'strategies: {LowerUnschedulable: {params: {unschedulableSecond: 5}}}',
      'policy.yaml: strategies.LowerUnschedulable.params: unknown key "unschedulableSecond"',
    ],
    ['limits: {}', 'policy.yaml: unknown key "limits"'],
    [
      'strategies: {PodLifeTime: {enabled: 3}}',
      'policy.yaml: strategies.PodLifeTime.enabled: expected true or false, found 3',
    ],
    [
      'strategies: {PodLifeTime: {params: {maxPodLifeTimeSeconds: long}}}',
      'policy.yaml: strategies.PodLifeTime.params.maxPodLifeTimeSeconds: expected a number of seconds, found "long"',
    ],
    [
      'strategies: {Fragmentation: {params: {maxMovesPerPod: 0}}}',
      'policy.yaml: strategies.Fragmentation.params.maxMovesPerPod: expected a number above 0, found 0',
    ],
  ])('%s', (text, expected) => {
    const read = readPolicy('policy.yaml', text);
    expect('mistakes' in read && read.mistakes.join('\n')).toContain(expected);
  });
});
