import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import { Reflector } from '../kube/reflector.ts';
import { secrets } from '../kube/resources.ts';
import type { Secret } from '../kube/types.ts';
import type { LowerCluster } from './lower-cluster.ts';
import type { Read } from './mistakes.ts';
import { clusterLabel, readClusterSecret } from './secret.ts';
import type { ClusterSource } from './source.ts';

export interface ClusterSecretsOptions {
  readonly upper: Client;
  readonly namespace: string;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
}

/** Reason of the event at a Secret that is not taken. */
const reason = 'ClusterRefused';

interface Known {
  readonly secret: Secret;
  readonly read: Read<LowerCluster>;
}

/**
 * The lower clusters for which there is a Secret above, labelled `isthmus.io/cluster: "true"`. A Secret with a mistake
 * is told about by an event and a line in the log; its cluster, if it was joined before, stays as it was, and no
 * other is touched.
 */
export class ClusterSecrets implements ClusterSource {
  readonly #options: ClusterSecretsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: ClusterSecretsOptions) {
    this.#options = options;
  }

  async run(
    onChange: (clusters: ReadonlyMap<string, LowerCluster>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { upper, namespace, logger } = this.#options;
    const cache = new Cache<Secret>({}, withoutHistory);
    const reflector = new Reflector(upper, secrets, cache, {
      namespace,
      labelSelector: `${clusterLabel}=true`,
      onError: (message) => logger.warn({ message }, 'the Secrets of clusters are watched again'),
    });
    let published: ReadonlyMap<string, LowerCluster> | undefined;
    let isDue = false;
    const publish = () => {
      isDue = false;
      const clusters = this.#take(cache.values());
      if (published && isSame(published, clusters)) return;
      published = clusters;
      onChange(clusters);
    };
    let isComplete = false;
    // A list brings many at once; they are one change.
    const soon = () => {
      if (!isComplete || isDue) return;
      isDue = true;
      queueMicrotask(publish);
    };
    cache.subscribe(soon);
    const running = reflector.run(signal);
    await reflector.synced.then(
      () => {
        isComplete = true;
        soon();
      },
      () => {},
    );
    await running;
  }

  #take(all: Iterable<Secret>): Map<string, LowerCluster> {
    const present = [...all].sort(byAge);
    const names = new Set(present.map(({ metadata }) => metadata?.name ?? ''));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    const clusters = new Map<string, LowerCluster>();
    const taken = new Map<string, string>();
    for (const secret of present) {
      const name = secret.metadata?.name ?? '';
      const cluster = this.#read(secret);
      if (!cluster) continue;
      const { nodeName, kubeletPort } = cluster.configuration;
      const claims = [`virtual node ${nodeName}`, ...(kubeletPort ? [`kubelet port ${kubeletPort}`] : [])];
      const claim = claims.find((one) => taken.has(one));
      if (claim) {
        this.#refuse(secret, [`${claim} is that of the secret ${taken.get(claim)} already`]);
        continue;
      }
      for (const one of claims) taken.set(one, name);
      clusters.set(name, cluster);
    }
    return clusters;
  }

  /** What the Secret says, or what it said when it was last right. */
  #read(secret: Secret): LowerCluster | undefined {
    const { name = '', uid, resourceVersion } = secret.metadata ?? {};
    const known = this.#known.get(name);
    const before = known && known.secret.metadata?.uid === uid ? known : undefined;
    const last = before && 'value' in before.read ? before.read : undefined;
    if (before && before.secret.metadata?.resourceVersion === resourceVersion) return last?.value;
    const read = readClusterSecret(secret);
    if ('mistakes' in read) {
      this.#refuse(secret, read.mistakes);
      this.#known.set(name, { secret, read: last ?? read });
      return last?.value;
    }
    const isUnchanged = last && JSON.stringify(last.value) === JSON.stringify(read.value);
    this.#known.set(name, { secret, read: isUnchanged ? last : read });
    return isUnchanged ? last.value : read.value;
  }

  #refuse(secret: Secret, mistakes: readonly string[]): void {
    const { recorder, logger } = this.#options;
    const message = mistakes.join('; ');
    const isNews = recorder.record(secrets, secret, { type: 'Warning', reason, message });
    if (isNews)
      logger.error({ secret: secret.metadata?.name, message }, 'a Secret of a cluster is not taken');
  }
}

/** kubectl keeps all of a Secret in an annotation, and what is not kept cannot get out. */
function withoutHistory(secret: Secret): Secret {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = secret.metadata ?? {};
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp } as NonNullable<
    Secret['metadata']
  >;
  return { metadata, ...(secret.data ? { data: secret.data } : {}) };
}

/** Of two that claim the same, the older one has it, wherever and whenever that is decided. */
function byAge({ metadata: a }: Secret, { metadata: b }: Secret): number {
  const [first, second] = [a, b].map((meta) => `${meta?.creationTimestamp} ${meta?.name}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
}

function isSame(a: ReadonlyMap<string, LowerCluster>, b: ReadonlyMap<string, LowerCluster>): boolean {
  return a.size === b.size && [...a].every(([name, cluster]) => b.get(name) === cluster);
}
