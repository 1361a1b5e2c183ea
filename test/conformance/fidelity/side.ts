import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '../../../src/kube/cache.ts';
import type { Client } from '../../../src/kube/client.ts';
import { hasCode } from '../../../src/kube/errors.ts';
import { pods } from '../../../src/kube/resources.ts';
import type { Pod } from '../../../src/kube/types.ts';
import type { Case, Site, Step } from './case.ts';

/** One of the two ways to run a pod in the lower cluster. */
export interface Side {
  readonly name: 'direct' | 'virtual';
  /** The cluster in which the user works. */
  readonly client: Client;
  readonly site: Site;
  /** The pods of the namespace there, kept by a watch. */
  readonly pods: Pick<Cache<Pod>, 'get'>;
  /** The pod as the user would write it there. */
  readonly manifest: (of: Case) => Pod;
}

/** The pod of a case for the lower cluster itself. */
export function directPod(of: Case, site: Site): Pod {
  return pod(of, site, { ...of.placement });
}

/** The pod of a case for the virtual node. */
export function virtualPod(of: Case, site: Site, virtualNode: string): Pod {
  const { placement } = of;
  const upper = {
    nodeSelector: { 'kubernetes.io/hostname': virtualNode },
    tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
  };
  return pod(of, site, upper, placement ? { clusterSelector: JSON.stringify(placement) } : {});
}

function pod(of: Case, site: Site, scheduling: object, annotations: Record<string, string> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: of.name,
      namespace: site.namespace,
      labels: { app: of.name.slice(0, 60), 'virtual-pod': 'true', ...of.labels },
      annotations: { ...of.annotations, ...annotations },
    },
    spec: { ...of.spec(site), ...scheduling } as unknown as Pod['spec'] & object,
  };
}

/** So many pods of a side are on their way at once: more only make two cores wait for each other. */
const mostAtOnce = 10;

/**
 * Makes every pod, takes it through its steps, and returns when all are where they are compared.
 *
 * @param within milliseconds for each pod
 * @throws Error that names those that did not get there, and how they stand
 */
export async function runAll(side: Side, cases: readonly Case[], within: number): Promise<void> {
  const queue = [...cases];
  const underWay = new Map<string, Run>();
  const late: string[] = [];
  while (queue.length > 0 || underWay.size > 0) {
    const begun = queue.splice(0, mostAtOnce - underWay.size);
    const until = Date.now() + within;
    for (const one of begun) underWay.set(one.name, { of: one, steps: [...(one.steps ?? [])], until });
    await Promise.all(begun.map((one) => create(side, one, until)));
    await sleep(200);
    await Promise.all(
      [...underWay.values()].map(async (run) => {
        const { name } = run.of;
        const current = side.pods.get(`${side.site.namespace}/${name}`);
        if (current && (await hasArrived(side, current, run))) underWay.delete(name);
        else if (Date.now() > run.until && underWay.delete(name)) late.push(told(run.of, current));
      }),
    );
  }
  if (late.length > 0) throw new Error(`${side.name}: ${late.join('\n')}`);
}

/** A case on its way: the steps that are left, and when it is late. */
interface Run {
  readonly of: Case;
  readonly steps: Step[];
  readonly until: number;
}

/** A new namespace gets its service account a moment later; until then it takes no pods. */
async function create(side: Side, one: Case, end: number): Promise<void> {
  try {
    await side.client.create(pods, side.manifest(one));
  } catch (error) {
    if (!hasCode(error, 'Forbidden') || Date.now() > end) throw error;
    await sleep(200);
    await create(side, one, end);
  }
}

/** Takes the next step of a pod if it is time; true when none is left and it is where it is compared. */
async function hasArrived(side: Side, current: Pod, { of, steps }: Run): Promise<boolean> {
  const [step] = steps;
  if (!step) return of.until(current);
  if (step.when(current)) {
    const { namespace, name = '' } = current.metadata ?? {};
    const where = { namespace, name, ...(step.subresource ? { subresource: step.subresource } : {}) };
    await side.client.patch(pods, where, step.patch, { type: 'strategic-merge' });
    steps.shift();
  }
  return false;
}

function told({ name }: Case, current: Pod | undefined): string {
  const { phase, reason = '', initContainerStatuses = [], containerStatuses = [] } = current?.status ?? {};
  const states = [...initContainerStatuses, ...containerStatuses].map(({ state }) => state);
  return `${name} did not get there: ${phase} ${reason} ${JSON.stringify(states)}`;
}
