import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pod } from '../../kube/types.ts';
import type { Call, KubeletContext } from './call.ts';
import type { PodPair } from './usage/node-pods.ts';

/** `GET /pods`: the upper pods that are bound to this node, as a v1 PodList. */
export async function pods(call: Call, { listPods }: KubeletContext): Promise<void> {
  await servePods(call, [...listPods()]);
}

/**
 * `GET /runningpods/`: those of them of which a container runs below, and that nobody has told to end. A lower
 * kubelet takes a second to say that a container has ended, so an ending pod is neither seen to run nor not to.
 */
export async function runningPods(call: Call, { listPods }: KubeletContext): Promise<void> {
  await servePods(call, [...listPods()].filter(isRunning));
}

function isRunning({ upper, lower }: PodPair): boolean {
  if (upper.metadata?.deletionTimestamp || lower?.metadata?.deletionTimestamp) return false;
  const {
    initContainerStatuses = [],
    containerStatuses = [],
    ephemeralContainerStatuses = [],
  } = lower?.status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].some(
    ({ state }) => state?.running !== undefined,
  );
}

/** Written pod by pod: thousands of them at once would hold up everything else. */
async function servePods({ response }: Call, pairs: readonly PodPair[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  const items = pairs.map(({ upper }) => upper);
  // A caller that leaves in between has its connection closed, and nothing else happened.
  await pipeline(Readable.from(listOf(items)), response).catch(() => {});
}

function* listOf(items: readonly Pod[]): Generator<string> {
  yield '{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[';
  for (const [index, pod] of items.entries()) yield `${index === 0 ? '' : ','}${JSON.stringify(pod)}`;
  yield ']}\n';
}
