import type { TestProject } from 'vitest/node';
import { setUpClusters } from '../clusters.setup.ts';

/** The clusters of the chaos suite, for itself alone: three lower ones, one of them with a real kubelet. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return setUpClusters(project, [
    { name: 'a', nodes: { kind: 'kubelet' } },
    { name: 'b', nodes: { kind: 'kwok', nodes: 10 } },
    { name: 'c', nodes: { kind: 'kwok', nodes: 10 } },
  ]);
}
