import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../kube/client.ts';
import { controllerOf } from '../kube/controller-of.ts';
import { hasCode } from '../kube/errors.ts';
import { evict } from '../kube/eviction.ts';
import { listAll } from '../kube/list-all.ts';
import { keyOf, nodes, pods } from '../kube/resources.ts';
import type { Node, Pod } from '../kube/types.ts';

export interface DrainOptions {
  readonly upper: Client;
  readonly node: string;
  /** When it is enough, in milliseconds since 1970. */
  readonly end: number;
  readonly say: (line: string) => void;
}

const pause = 1_000;
/** A budget is asked again after its pause; the call itself must not wait for it. */
const evictionTimeout = 10_000;
const mostAtOnce = 20;
/** So many names are enough to look for the cause. */
const mostNamed = 5;

/** Keeps further pods from the node. @throws KubeError */
export async function cordon(upper: Client, node: Node): Promise<void> {
  if (node.spec?.unschedulable) return;
  const { name = '', uid } = node.metadata ?? {};
  await upper.patch(nodes, { name }, { metadata: { uid }, spec: { unschedulable: true } });
}

/** The pods on the node that somebody has to end: those of DaemonSets go with it. @throws KubeError */
export async function podsToDrain(upper: Client, node: string): Promise<Pod[]> {
  const { items: found } = await listAll(upper, pods, { fieldSelector: `spec.nodeName=${node}` });
  return found.filter((pod) => controllerOf(pod)?.kind !== 'DaemonSet');
}

/** Those for which nobody makes another. */
export function withoutOwner(all: readonly Pod[]): Pod[] {
  return all.filter((pod) => controllerOf(pod) === undefined && !isFinished(pod));
}

/**
 * Evicts the pods of the node, as disruption budgets allow, until none is left or the time is over.
 *
 * @returns those that are left, each with the reason
 * @throws KubeError
 */
export async function evictAll({ upper, node, end, say }: DrainOptions): Promise<Map<Pod, string>> {
  let told = -1;
  // By uid: when the time is over no answer comes any more, and the last one counts.
  const said = new Map<string | undefined, string>();
  for (;;) {
    const left = await podsToDrain(upper, node);
    if (left.length === 0) return new Map();
    if (left.length !== told) say(`${left.length} pods are left on ${node}, such as ${some(left)}`);
    told = left.length;
    for (let first = 0; first < left.length; first += mostAtOnce) {
      const batch = left.slice(first, first + mostAtOnce);
      const why = await Promise.all(batch.map((pod) => askToEnd(upper, pod, end)));
      for (const [index, { metadata }] of batch.entries()) {
        const reason = why[index];
        if (reason !== undefined) said.set(metadata?.uid, reason);
      }
    }
    if (Date.now() >= end)
      return new Map(
        left.map((pod) => [pod, said.get(pod.metadata?.uid) ?? 'the API server did not answer in time']),
      );
    await sleep(Math.min(pause, Math.max(0, end - Date.now())));
  }
}

/** Takes pods away above without waiting for anybody: they may go on running below. @throws KubeError */
export async function deleteNow(upper: Client, all: readonly Pod[]): Promise<void> {
  for (const pod of all) await deletePod(upper, pod, 0);
}

/** Ends pods above in spite of budgets, with their grace. @throws KubeError */
export async function deleteInTime(upper: Client, all: readonly Pod[]): Promise<void> {
  for (const pod of all) if (!pod.metadata?.deletionTimestamp) await deletePod(upper, pod, undefined);
}

/** Names of some of them. */
export function some(all: readonly Pod[]): string {
  const more = all.length - mostNamed;
  return all.slice(0, mostNamed).map(keyOf).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Asks for the end of a pod; answers why it is still there, or nothing when no answer came in time. */
async function askToEnd(upper: Client, pod: Pod, end: number): Promise<string | undefined> {
  const { deletionTimestamp } = pod.metadata ?? {};
  if (deletionTimestamp) return `it is ending since ${deletionTimestamp}`;
  if (isFinished(pod)) {
    await deletePod(upper, pod, undefined);
    return 'it is being deleted';
  }
  const patience = Math.max(1, Math.min(evictionTimeout, end - Date.now()));
  const { became, because } = await evict(upper, pod, { patience });
  if (became === 'gone') return 'it is gone';
  if (became === 'held') return because ?? 'a disruption budget holds it';
  return became === 'unknown' ? undefined : 'it was asked to end';
}

async function deletePod(upper: Client, pod: Pod, gracePeriodSeconds: number | undefined): Promise<void> {
  const { namespace, name = '', uid = '' } = pod.metadata ?? {};
  await upper.delete(pods, { namespace, name }, { uid, gracePeriodSeconds }).catch((error: unknown) => {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  });
}

function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
