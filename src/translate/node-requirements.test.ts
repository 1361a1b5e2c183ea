import { describe, expect, it } from 'vitest';
import { withNodeRequirements } from './node-requirements.ts';

const pool = { key: 'pool', operator: 'In', values: ['gpu'] } as const;
const zone = { key: 'zone', operator: 'NotIn', values: ['a'] };
const required = (...nodeSelectorTerms: object[]) => ({
  requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
});
const requirements = [{ ...pool, values: ['gpu'] }];
const containers = [{ name: 'main' }];

describe('a pod for a part of the lower nodes', () => {
  it('is left alone where all nodes are offered', () => {
    const spec = { containers };
    expect(withNodeRequirements(spec, [])).toBe(spec);
  });

  it('asks for that part', () => {
    expect(withNodeRequirements({ containers }, requirements)).toEqual({
      containers,
      affinity: { nodeAffinity: required({ matchExpressions: [pool] }) },
    });
  });

  it('asks for it in each of its alternatives, and keeps what else it asks for', () => {
    const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 1, preference: {} }];
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['n1'] }];
    const nodeAffinity = {
      preferredDuringSchedulingIgnoredDuringExecution,
      ...required({ matchExpressions: [zone] }, { matchFields }),
    };
    const podAffinity = {};
    expect(
      withNodeRequirements({ containers, affinity: { podAffinity, nodeAffinity } }, requirements),
    ).toEqual({
      containers,
      affinity: {
        podAffinity,
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution,
          ...required({ matchExpressions: [zone, pool] }, { matchFields, matchExpressions: [pool] }),
        },
      },
    });
  });

  it('goes nowhere where it asked for nowhere', () => {
    const nodeAffinity = required({});
    expect(withNodeRequirements({ containers, affinity: { nodeAffinity } }, requirements)).toEqual({
      containers,
      affinity: { nodeAffinity },
    });
  });
});
