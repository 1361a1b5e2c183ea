import { describe, expect, it } from 'vitest';
import type { Node } from '../kube/types.ts';
import { agreedLabels, saysTheSame } from './agreed-labels.ts';
import { raw } from './test-objects.ts';

const node = (zone: string | undefined, arch = 'amd64', providerID = `aws:///${zone}/i-1`): Node =>
  raw({
    metadata: { labels: { 'topology.kubernetes.io/region': 'eu', 'topology.kubernetes.io/zone': zone } },
    spec: { providerID },
    status: { nodeInfo: { operatingSystem: 'linux', architecture: arch } },
  });
const all = {
  'kubernetes.io/os': 'linux',
  'kubernetes.io/arch': 'amd64',
  'topology.kubernetes.io/region': 'eu',
  'topology.kubernetes.io/zone': 'eu-1',
  'isthmus.io/cloud-provider': 'aws',
};

describe('what all lower nodes agree on', () => {
  it('is all of it for one node, and for two that are alike', () => {
    expect(agreedLabels([node('eu-1')])).toEqual(all);
    expect(agreedLabels([node('eu-1'), node('eu-1')])).toEqual(all);
  });

  it.each([
    ['zone', node('eu-2'), 'topology.kubernetes.io/zone'],
    ['architecture', node('eu-1', 'arm64'), 'kubernetes.io/arch'],
    ['cloud', node('eu-1', 'amd64', 'gce://eu-1/vm'), 'isthmus.io/cloud-provider'],
    ['zone, because one does not say', node(undefined, 'amd64', 'aws://i-1'), 'topology.kubernetes.io/zone'],
    ['cloud, because one is in none', node('eu-1', 'amd64', 'i-1'), 'isthmus.io/cloud-provider'],
  ])('is not the %s when one differs', (_what, other, label) => {
    expect(agreedLabels([node('eu-1'), other])).toEqual({ ...all, [label]: null });
    expect(saysTheSame(node('eu-1'), other)).toBe(false);
  });

  it('is nothing without a node, or with one that says nothing', () => {
    const nothing = Object.fromEntries(Object.keys(all).map((label) => [label, null]));
    expect(agreedLabels([])).toEqual(nothing);
    expect(agreedLabels([raw({})])).toEqual(nothing);
    expect(agreedLabels([raw({ metadata: null, spec: null, status: null })])).toEqual(nothing);
  });

  it('does not change with what else a node says', () => {
    expect(saysTheSame(node('eu-1'), node('eu-1', 'amd64', 'aws:///other'))).toBe(true);
  });
});
