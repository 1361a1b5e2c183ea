import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programName } from '../../../hack/clusters/controlplane.ts';
import type { LocalClusters } from '../../../hack/clusters/open.ts';
import { recordOf } from '../../../hack/clusters/programs.ts';
import { Cache } from '../../../src/kube/cache.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { configMaps, nodes, pods } from '../../../src/kube/resources.ts';
import type { Pod } from '../../../src/kube/types.ts';
import type { Stage } from '../../stage.ts';
import { differencesBetween, type Found } from './compare.ts';
import { normalized, type Words } from './normalize.ts';
import { accountUids, makeClasses, makeNamespace, removeNamespace } from './objects.ts';
import { observe } from './observe.ts';
import { directPod, type Side, virtualPod } from './side.ts';

/** The lower cluster itself and the virtual node that stands for it. */
export class Pair {
  readonly direct: Side;
  readonly virtual: Side;
  readonly #lowerNode: string;
  readonly #virtualNode: string;
  readonly #kubelet: number;
  readonly #copies = new Cache<Pod>({});
  readonly #reflectors: Reflector<Pod>[];
  readonly #closing = new AbortController();
  #words: Record<Side['name'], Words> = { direct: [], virtual: [] };

  constructor(clusters: LocalClusters, { above, below, lower, namespace, node }: Stage) {
    this.#virtualNode = node;
    this.#lowerNode = `${lower.name}-node-0`;
    this.#kubelet = recordOf(clusters.directory, programName(lower.name, 'kubelet')).pid;
    const site = (name: string, port: number) => ({
      namespace: name,
      folder: join(clusters.directory, 'fidelity', name),
      port,
    });
    const direct = site(`direct-${namespace}`, 31_500);
    const virtual = site(namespace, 31_600);
    const caches = { direct: new Cache<Pod>({}), virtual: new Cache<Pod>({}) };
    this.direct = {
      name: 'direct',
      client: below,
      site: direct,
      pods: caches.direct,
      manifest: (one) => directPod(one, direct),
    };
    this.virtual = {
      name: 'virtual',
      client: above,
      site: virtual,
      pods: caches.virtual,
      manifest: (one) => virtualPod(one, virtual, this.#virtualNode),
    };
    this.#reflectors = [
      new Reflector(this.direct.client, pods, caches.direct, { namespace: direct.namespace }),
      new Reflector(this.virtual.client, pods, caches.virtual, { namespace: virtual.namespace }),
      new Reflector(this.direct.client, pods, this.#copies, { namespace: virtual.namespace }),
    ];
  }

  /** Makes all that the pods need, and learns what will be called differently on the two sides. */
  async prepare(): Promise<void> {
    for (const { client, site } of [this.direct, this.virtual]) {
      mkdirSync(site.folder, { recursive: true });
      writeFileSync(join(site.folder, 'words'), 'of the node\n');
      await makeClasses(client);
      await makeNamespace(client, site.namespace);
    }
    this.#words = {
      direct: await this.#wordsOf(this.direct, this.#lowerNode),
      virtual: await this.#wordsOf(this.virtual, this.#virtualNode),
    };
    for (const reflector of this.#reflectors) void reflector.run(this.#closing.signal);
    await Promise.all(this.#reflectors.map(({ synced }) => synced));
  }

  /** What differs of a pod now, save what differs between any two pods. */
  async compare(name: string): Promise<Found[]> {
    const direct = podOf(this.direct, name);
    const above = podOf(this.virtual, name);
    const below = this.#copies.get(`${this.virtual.site.namespace}/${name}`);
    const [one, other] = await Promise.all([
      observe(this.direct.client, direct, direct),
      observe(this.virtual.client, above, below),
    ]);
    const found = differencesBetween(
      normalized(one, [...this.#words.direct, ...ownWords(direct)]),
      normalized(other, [...this.#words.virtual, ...ownWords(above, below?.metadata?.uid)]),
    );
    const isForgotten = [direct, below].some((run) => run && hasForgotten(run));
    return isForgotten ? found.filter(({ path }) => !ofRunBefore.test(path)) : found;
  }

  /** Removes what the stage does not. */
  async close(): Promise<void> {
    this.#closing.abort();
    await removeNamespace(this.direct.client, this.direct.site.namespace);
  }

  async #wordsOf({ client, site }: Side, node: string): Promise<Words> {
    const { namespace, port } = site;
    const rootCa = await client.get(configMaps, { namespace, name: 'kube-root-ca.crt' });
    const ca = rootCa.data?.['ca.crt'] ?? '';
    const accounts = await accountUids(client, namespace);
    const { metadata } = await client.get(nodes, { name: node });
    return [
      [namespace, '<namespace>'],
      [node, '<node>'],
      [metadata?.uid ?? '', '<node uid>'],
      ...[...accounts].map(([name, uid]) => [uid, `<uid of ${name}>`] as const),
      [ca.trimEnd(), '<ca>'],
      [ca.replaceAll('\n', '|'), '<ca>|'],
      [String(port), '<port>'],
      [String(port + 1), '<next port>'],
      ...this.#hostNamespaces(),
    ];
  }

  /** The namespaces of the node, that of the network being the kubelet's. */
  #hostNamespaces(): [string, string][] {
    return ['ipc', 'net', 'pid', 'user', 'uts'].map((kind) => {
      const id = readlinkSync(`/proc/${this.#kubelet}/ns/${kind}`).replace(/\D/g, '');
      return [`${kind}:[${id}]`, `${kind} of the node`];
    });
  }
}

function podOf({ pods: known, site }: Side, name: string): Pod {
  const found = known.get(`${site.namespace}/${name}`);
  if (!found) throw new Error(`the pod ${site.namespace}/${name} is gone`);
  return found;
}

const ofRunBefore = /^(status \w+ \S+ lastState|log \S+ before) /;

/** On a busy machine a kubelet's garbage collection may take the run before while the next begins. */
function hasForgotten({ status }: Pod): boolean {
  const { initContainerStatuses = [], containerStatuses = [] } = status ?? {};
  return [...initContainerStatuses, ...containerStatuses].some(
    ({ restartCount, lastState }) => restartCount > 0 && !lastState?.terminated,
  );
}

function ownWords({ metadata, status }: Pod, lowerUid?: string): Words {
  const addresses = [status?.podIP ?? '', ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return [
    [metadata?.uid ?? '', '<uid>'],
    [lowerUid ?? '', '<lower uid>'],
    ...addresses.filter((ip) => ip !== status?.hostIP).map((ip) => [ip, '<pod ip>'] as const),
  ];
}
