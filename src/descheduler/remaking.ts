import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { describeError, hasCode } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import type { Logger } from '../kube/logger.ts';
import { Reflector } from '../kube/reflector.ts';
import { keyOf, pods, secrets } from '../kube/resources.ts';
import type { Pod, Secret } from '../kube/types.ts';
import { type ReconcileResult, WorkQueue } from '../kube/work-queue.ts';
import type { Avoidance } from '../translate/avoidance.ts';
import { madeFromAnnotation } from '../translate/names.ts';
import { podAgain } from '../translate/pod-again.ts';
import { evict } from './eviction.ts';

export interface RemakingOptions {
  readonly upper: Client;
  /** Where pods that are on their way are kept, as Secrets: what is in a pod may not be for everybody. */
  readonly namespace: string;
  readonly logger: Logger;
}

const label = 'isthmus.io/pod-again';
const dataKey = 'pod.json';
/** For what brings no event: a disruption budget that lets go, an API server that refused. */
const lookAgain = { requeueAfter: 2_000 };

/**
 * Makes pods again that nobody owns, so that none is lost: a Secret holds the pod from before it is asked to go until
 * the new one is there, and whoever leads after a crash goes on from it. The new one is made when the old one is gone,
 * and then runs nowhere.
 */
export class Remaking {
  readonly #options: RemakingOptions;
  readonly #records = new Cache<Secret>({});
  readonly #queue: WorkQueue;

  constructor(options: RemakingOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      reconcile: (key) => this.#reconcile(key),
      workers: 4,
      onError: (key, error) =>
        options.logger.warn({ record: key, message: describeError(error) }, 'a pod is made again later'),
    });
    this.#records.subscribe((event) => this.#queue.add(event.key));
  }

  /** Finishes what is on its way, until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { upper, namespace, logger } = this.#options;
    const onError = (message: string) => logger.warn({ message }, 'pods on their way cannot be watched');
    const reflector = new Reflector(upper, secrets, this.#records, {
      namespace,
      labelSelector: `${label}=true`,
      onError,
    });
    this.#queue.start();
    await reflector.run(signal);
    await this.#queue.stop();
  }

  /** Notes a pod that is to go and to be made again, away from some nodes. @throws KubeError */
  async begin(pod: Pod, avoidance: Avoidance): Promise<void> {
    const { upper, namespace } = this.#options;
    const { uid = '', name = '' } = pod.metadata ?? {};
    const now = await findObject(upper, pods, { namespace: pod.metadata?.namespace, name });
    // Of the pod only a part is watched; and somebody may just have deleted it, who does not want it back.
    if (now?.metadata?.uid !== uid || now.metadata.deletionTimestamp || now.status?.phase !== 'Pending')
      return;
    const again = podAgain(now, avoidance);
    await this.#checkMayBeMade(again);
    const text = JSON.stringify(again);
    const record: Secret = {
      metadata: { namespace, name: `pod-again-${uid}`, labels: { [label]: 'true' } },
      data: { [dataKey]: Buffer.from(text).toString('base64') },
    };
    await upper.create(secrets, record).catch((error: unknown) => {
      if (!hasCode(error, 'AlreadyExists')) throw error;
    });
  }

  /** Quotas, admission and our rights are asked before the pod goes. @throws KubeError */
  async #checkMayBeMade(pod: Pod): Promise<void> {
    await this.#options.upper.create(pods, pod, { dryRun: true }).catch((error: unknown) => {
      // Names are compared last.
      if (!hasCode(error, 'AlreadyExists')) throw error;
    });
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const { upper, logger } = this.#options;
    const record = this.#records.get(key);
    const pod = record && readRecord(record);
    if (!record || !pod) return undefined;
    const { namespace, name = '', annotations } = pod.metadata ?? {};
    const old = annotations?.[madeFromAnnotation];
    const there = await findObject(upper, pods, { namespace, name });
    if (there && there.metadata?.uid === old) {
      if (there.metadata?.deletionTimestamp) return lookAgain;
      // It found its place after all.
      if (there.status?.phase !== 'Pending') return this.#forget(record);
      if ((await evict(upper, there, false)) === 'held') return lookAgain;
      return { requeueAfter: 200 };
    }
    if (!there) {
      try {
        await upper.create(pods, pod);
        logger.info({ pod: keyOf(pod) }, 'a pod without an owner was made again');
      } catch (error) {
        if (hasCode(error, 'AlreadyExists')) return { requeueAfter: 200 };
        // With its namespace the pod was to go, too.
        if (!hasCode(error, 'NotFound') && !isNamespaceEnding(error)) throw error;
        logger.warn({ pod: keyOf(pod), message: describeError(error) }, 'a pod is not made again');
      }
    }
    return this.#forget(record);
  }

  async #forget({ metadata }: Secret): Promise<undefined> {
    const { namespace, name = '', uid = '' } = metadata ?? {};
    await this.#options.upper.delete(secrets, { namespace, name }, { uid }).catch((error: unknown) => {
      if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
    });
    return undefined;
  }
}

function readRecord({ data }: Secret): Pod | undefined {
  const text = data?.[dataKey];
  return text === undefined ? undefined : (JSON.parse(Buffer.from(text, 'base64').toString()) as Pod);
}

/** k8s.io/apiserver, NamespaceLifecycle: Forbidden, with cause NamespaceTerminating. */
function isNamespaceEnding(error: unknown): boolean {
  return hasCode(error, 'Forbidden') && describeError(error).includes('being terminated');
}
