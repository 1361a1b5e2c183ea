import { Cache } from '../../../src/kube/cache.ts';
import type { Client } from '../../../src/kube/client.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { pods } from '../../../src/kube/resources.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { eventually } from '../../clusters.ts';

/** The pods of a namespace, followed. */
export interface Followed {
  readonly all: () => Pod[];
  readonly get: (name: string) => Pod | undefined;
  stop(): Promise<void>;
}

/** Follows the pods of a namespace; resolves when they were listed. */
export async function follow(client: Client, namespace: string): Promise<Followed> {
  const cache = new Cache<Pod>({});
  const stopping = new AbortController();
  const reflector = new Reflector(client, pods, cache, { namespace });
  const running = reflector.run(stopping.signal);
  await reflector.synced;
  return {
    all: () => [...cache.values()],
    get: (name) => cache.get(`${namespace}/${name}`),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export const isBound = ({ spec }: Pod): boolean => Boolean(spec?.nodeName);
const isRefused = ({ spec, status }: Pod): boolean =>
  !spec?.nodeName && (status?.conditions ?? []).some(({ reason }) => reason === 'Unschedulable');

/** Submits pods in bursts until of a whole burst none finds a place; returns how many there were. */
export async function submitUntilFull(
  upper: Client,
  namespace: string,
  above: Followed,
  nextPod: (name: string) => Pod,
  burst: number,
): Promise<number> {
  for (let submitted = 0; ; ) {
    const names = new Set(Array.from({ length: burst }, (_, index) => `p-${submitted + index}`));
    submitted += burst;
    const made = [...names].map(nextPod);
    await Promise.all(
      made.map((pod) => upper.create(pods, { ...pod, metadata: { ...pod.metadata, namespace } })),
    );
    const placed = await eventually(
      () => {
        const mine = above.all().filter(({ metadata }) => names.has(metadata?.name ?? ''));
        const bound = mine.filter(isBound).length;
        if (bound + mine.filter(isRefused).length < burst) throw new Error('the scheduler is not done');
        return bound;
      },
      { within: 240_000 },
    );
    if (placed === 0) return submitted;
  }
}
