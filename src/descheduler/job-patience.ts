import { LRUCache } from 'lru-cache';
import type { Client } from '../kube/client.ts';
import { controllerOf } from '../kube/controller-of.ts';
import { hasCode } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import { jobs } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { indexFailuresAnnotation } from './owner.ts';

/** So many Jobs are remembered whose pods were moved. */
const remembered = 1_000;

/**
 * Whether a Job bears the loss of a pod. To its controller a pod that was deleted before it ended has failed
 * (k8s.io/kubernetes/pkg/controller/job, isPodFailed), and a Job with `backoffLimit: 0` fails with it.
 */
export class JobPatience {
  readonly #upper: Client;
  /** Failures that there will be at least, by the uid of the Job: its controller counts some time later. */
  readonly #expected = new LRUCache<string, number>({ max: remembered });

  constructor(upper: Client) {
    this.#upper = upper;
  }

  /**
   * Whether so many pods of its controller may go, this among them. The last failure that a Job bears is left to the
   * Job. Without the right to read Jobs none of their pods goes.
   *
   * @throws KubeError
   */
  async bears(pod: Pod, losses: number): Promise<boolean> {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'Job') return true;
    const { namespace, annotations } = pod.metadata ?? {};
    const job = await findObject(this.#upper, jobs, { namespace, name: owner.name }).catch(
      (error: unknown) => {
        if (!hasCode(error, 'Forbidden')) throw error;
        return undefined;
      },
    );
    if (!job || job.metadata?.uid !== owner.uid) return false;
    const { backoffLimit = 6, backoffLimitPerIndex } = job.spec ?? {};
    const failed = Math.max(job.status?.failed ?? 0, this.#expected.get(owner.uid) ?? 0);
    this.#expected.set(owner.uid, failed);
    const ofIndex = Number.parseInt(annotations?.[indexFailuresAnnotation] ?? '0', 10);
    return (
      failed + losses < backoffLimit &&
      (backoffLimitPerIndex === undefined || !(ofIndex + 1 >= backoffLimitPerIndex))
    );
  }

  /** A pod was asked to go. */
  lost(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner?.kind === 'Job') this.#expected.set(owner.uid, (this.#expected.get(owner.uid) ?? 0) + 1);
  }
}
