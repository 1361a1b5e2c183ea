import { setTimeout as sleep } from 'node:timers/promises';
import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { describeError, hasCode } from '../kube/errors.ts';
import { type Evicted, evict } from '../kube/eviction.ts';
import { findObject } from '../kube/find-object.ts';
import type { Logger } from '../kube/logger.ts';
import { Reflector } from '../kube/reflector.ts';
import { keyOf, pods, secrets } from '../kube/resources.ts';
import type { Pod, Secret } from '../kube/types.ts';
import { type ReconcileResult, WorkQueue } from '../kube/work-queue.ts';
import type { Avoidance } from '../translate/avoidance.ts';
import { madeFromAnnotation } from '../translate/names.ts';
import { podAgain } from '../translate/pod-again.ts';
import { isPodShaped } from '../translate/pod-shape.ts';
import { LastLooks } from './last-looks.ts';

export interface RemakingOptions {
  readonly upper: Client;
  /** Where pods on their way are kept, as Secrets: what is in a pod may not be for everybody. Nothing else is there. */
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
  readonly #looks: LastLooks;
  /** What is being asked to go for the first time: it is not asked twice. */
  readonly #beginning = new Set<string>();

  constructor(options: RemakingOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      reconcile: (key) => this.#reconcile(key),
      workers: 4,
      onError: (key, error) =>
        options.logger.warn({ record: key, message: describeError(error) }, 'a pod is made again later'),
    });
    this.#looks = new LastLooks({
      upper: options.upper,
      onChange: (key) => this.#queue.add(key),
      onError: (message) => options.logger.warn({ message }, 'a pod that is going cannot be watched'),
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
    // Who waits for a watch to begin waits no longer.
    await Promise.all([this.#queue.stop(), this.#looks.stop()]);
  }

  /**
   * The whole pod, if it can be made again: only a part of it is watched. Undefined when somebody has just deleted it,
   * or it found its place.
   *
   * @throws KubeError when quotas, admission or our rights would not let it be made
   */
  async prepare(pod: Pod): Promise<Pod | undefined> {
    const { upper } = this.#options;
    const { uid, name = '', namespace } = pod.metadata ?? {};
    const now = await findObject(upper, pods, { namespace, name });
    if (!now || now.metadata?.uid !== uid || !isWaiting(now)) return undefined;
    await upper.create(pods, podAgain(now, new Map()), { dryRun: true }).catch((error: unknown) => {
      // Names are compared last.
      if (!hasCode(error, 'AlreadyExists')) throw error;
    });
    return now;
  }

  /**
   * Notes a prepared pod, to be made again away from some nodes, and asks it to go. One that does not go is off the list;
   * one that is there already is on its way, and `gone`.
   *
   * @throws KubeError
   */
  async begin(pod: Pod, avoidance: Avoidance): Promise<Evicted> {
    const { upper, namespace } = this.#options;
    const text = JSON.stringify(podAgain(pod, avoidance));
    const uid = pod.metadata?.uid;
    const record: Secret = {
      metadata: { namespace, name: `pod-again-${uid}`, labels: { [label]: 'true' } },
      data: { [dataKey]: Buffer.from(text).toString('base64') },
    };
    const key = keyOf(record);
    this.#beginning.add(key);
    try {
      const made = await upper.create(secrets, record);
      this.#records.apply(made);
      const { became } = await evict(upper, pod, { isUnchanged: true });
      if (became === 'held' || became === 'gone') await this.#stay(made, became);
      return became;
    } catch (error) {
      if (!hasCode(error, 'AlreadyExists')) throw error;
      return 'gone';
    } finally {
      this.#beginning.delete(key);
      this.#queue.add(key);
    }
  }

  /** Resolves when nothing is on its way, or the signal aborts. */
  async finished(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && [...this.#records.values()].some(readRecord))
      await sleep(100, undefined, { signal }).catch(() => {});
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const { upper, logger } = this.#options;
    if (this.#beginning.has(key)) return undefined;
    const record = this.#records.get(key);
    const pod = record && readRecord(record);
    if (!record || !pod) {
      if (record) logger.warn({ record: key }, 'this Secret holds no pod, and is left as it is');
      this.#looks.leave(key);
      return undefined;
    }
    const { namespace, name = '', annotations } = pod.metadata ?? {};
    const old = annotations?.[madeFromAnnotation];
    const there = await findObject(upper, pods, { namespace, name });
    if (there && there.metadata?.uid === old) {
      // It may end in its grace.
      await this.#looks.follow(key, there);
      return this.#letGo(record, there);
    }
    const last = this.#looks.of(key);
    // Its watch is about to say how it ended.
    if (!there && last.isThere) return { requeueAfter: 200 };
    if (last.pod && hasEnded(last.pod)) {
      logger.info(
        { pod: keyOf(pod), phase: last.pod.status?.phase },
        'a pod ended before it went, and is not made again',
      );
      return this.#forget(record);
    }
    if (there && there.metadata?.annotations?.[madeFromAnnotation] !== old)
      logger.warn({ pod: keyOf(pod) }, 'a pod is not made again: somebody else has its name now');
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

  /** Asks the pod to go, unless it has found its place; one that is going is waited for, whatever it does meanwhile. */
  async #letGo(record: Secret, there: Pod): Promise<ReconcileResult> {
    const { upper } = this.#options;
    const { metadata, status } = there;
    if (metadata?.deletionTimestamp) return hasEnded(there) ? this.#forget(record) : lookAgain;
    // What has ended must not run again; what found its place stays.
    if (status?.phase !== 'Pending') return this.#forget(record);
    const { became } = await evict(upper, there, { isUnchanged: true });
    if (became !== 'held') return { requeueAfter: 200 };
    // The next round looks whether it is still of use.
    const { namespace, name = '' } = metadata ?? {};
    const now = await findObject(upper, pods, { namespace, name });
    return now?.metadata?.uid === metadata?.uid && !now?.metadata?.deletionTimestamp
      ? this.#stay(record, became)
      : lookAgain;
  }

  async #stay(record: Secret, became: Evicted): Promise<undefined> {
    const pod = readRecord(record);
    this.#options.logger.info({ pod: pod && keyOf(pod), became }, 'a pod without an owner stays where it is');
    return this.#forget(record);
  }

  async #forget(record: Secret): Promise<undefined> {
    const { namespace, name = '', uid = '' } = record.metadata ?? {};
    await this.#options.upper.delete(secrets, { namespace, name }, { uid }).catch((error: unknown) => {
      if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
    });
    this.#records.remove(record);
    this.#looks.leave(keyOf(record));
    return undefined;
  }
}

/** The pod that a Secret holds; undefined when somebody else wrote there what is none. */
function readRecord({ data }: Secret): Pod | undefined {
  try {
    const pod: unknown = JSON.parse(Buffer.from(data?.[dataKey] ?? '', 'base64').toString());
    if (!isPodShaped(pod)) return undefined;
    const { namespace, name } = (pod as Pod).metadata ?? {};
    return namespace && name ? (pod as Pod) : undefined;
  } catch {
    return undefined;
  }
}

function isWaiting({ metadata, status }: Pod): boolean {
  return status?.phase === 'Pending' && metadata?.deletionTimestamp === undefined;
}

/**
 * Whether a pod that was asked to go has done its work, so that another would do it again. To be stopped is no end for
 * one that is to be restarted after a failure, or always, nor for one that never ran: the kubelet calls both Failed
 * (k8s.io/kubernetes/pkg/kubelet/status, TerminatePod).
 */
function hasEnded({ spec, status }: Pod): boolean {
  const policy = spec?.restartPolicy ?? 'Always';
  const hasRun = status?.containerStatuses?.some(
    ({ state }) => state?.running ?? state?.terminated?.startedAt,
  );
  if (status?.phase === 'Failed') return policy === 'Never' && Boolean(hasRun);
  return status?.phase === 'Succeeded' && policy !== 'Always';
}

/** k8s.io/apiserver, NamespaceLifecycle: Forbidden, with cause NamespaceTerminating. */
function isNamespaceEnding(error: unknown): boolean {
  return hasCode(error, 'Forbidden') && describeError(error).includes('being terminated');
}
