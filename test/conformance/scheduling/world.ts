import fc from 'fast-check';
import { type Api, openApi } from '../../../hack/clusters/api.ts';
import type {
  CSINode,
  KubeList,
  KubeObject,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../../../src/kube/types.ts';
import { Picture } from '../../../src/scheduling/picture.ts';
import { eventually } from '../../clusters.ts';
import { candidatePod, claimOf, csiNodeOf, heavy, localVolume, nodeOf, placedPod } from './manifests.ts';
import { nodeDraw } from './random-nodes.ts';
import { candidateDraw, placedDraw, testNamespaces } from './random-pods.ts';
import { claimDraw, classManifests, localVolumeDraw } from './random-storage.ts';
import { schedulerName } from './real-scheduler.ts';
import { realVerdict, type Verdict } from './verdict.ts';

/** A cluster, and pods to find a place for in it. */
export const caseDraw = (candidates: number) =>
  fc.record({
    nodes: fc.array(nodeDraw, { minLength: 1, maxLength: 8 }),
    placed: fc.array(placedDraw, { maxLength: 20 }),
    claims: fc.array(claimDraw, { minLength: 2, maxLength: 5 }),
    localVolumes: fc.array(localVolumeDraw, { maxLength: 3 }),
    candidates: fc.array(candidateDraw, { minLength: candidates, maxLength: candidates }),
  });
export type CaseDraw = ReturnType<typeof caseDraw> extends fc.Arbitrary<infer Draw> ? Draw : never;

const pods = '/api/v1/pods';
const storage = '/apis/storage.k8s.io/v1';
const inNamespace = (namespace: string, plural: string) => `/api/v1/namespaces/${namespace}/${plural}`;

/** A cluster of its own kind: real API server and scheduler, nodes that nobody runs. */
export class World {
  readonly #api: Api;
  /** How many objects the API server found invalid, and so were left out. */
  invalid = 0;

  constructor(kubeconfig: string) {
    this.#api = openApi(kubeconfig);
  }

  close(): void {
    this.#api.close();
  }

  /** Makes what all cases share. */
  async prepare(): Promise<void> {
    for (const [name, labels] of Object.entries(testNamespaces)) {
      await this.#create('/api/v1/namespaces', { metadata: { name, labels } });
    }
    for (const manifest of classManifests) await this.#create(`${storage}/storageclasses`, manifest);
    await this.#create('/apis/node.k8s.io/v1/runtimeclasses', heavy);
    for (const namespace of Object.keys(testNamespaces)) {
      await eventually(async () => {
        const account = await this.#api.get(`${inNamespace(namespace, 'serviceaccounts')}/default`);
        if (!account) throw new Error(`namespace ${namespace} has no service account yet`);
      });
    }
  }

  /** Makes the nodes, volumes and placed pods of a case, and resolves when no controller has work left on them. */
  async build(prefix: string, draw: CaseDraw): Promise<void> {
    const name = (index: number) => `${prefix}${index % draw.nodes.length}`;
    await Promise.all(draw.nodes.map((node, index) => this.#createNode(nodeOf(name(index), node))));
    const limits = draw.nodes.flatMap(({ attachLimit }, index) =>
      attachLimit === undefined ? [] : [csiNodeOf(name(index), attachLimit)],
    );
    const claims = draw.claims.flatMap((claim, index) =>
      Object.keys(testNamespaces).map((namespace) => claimOf(`${prefix}claim-${index}`, namespace, claim)),
    );
    await Promise.all([
      ...limits.map((limit) => this.#create(`${storage}/csinodes`, limit)),
      ...claims.map(({ volume }) => volume && this.#create('/api/v1/persistentvolumes', volume)),
      ...draw.localVolumes.map(({ node, size }, index) =>
        this.#create('/api/v1/persistentvolumes', localVolume(`${prefix}local-${index}`, name(node), size)),
      ),
      ...draw.placed.map((pod, index) =>
        this.#place(prefix, index, { ...pod, node: pod.node % draw.nodes.length }),
      ),
    ]);
    await Promise.all(
      claims.map(({ claim }) => {
        const { metadata } = claim as KubeObject;
        return this.#create(inNamespace(metadata?.namespace ?? '', 'persistentvolumeclaims'), claim);
      }),
    );
    await eventually(() => this.#settled());
  }

  /** The cluster as it is, without the pods to find a place for. */
  async picture(): Promise<Picture> {
    const picture = new Picture();
    const [namespaces, classes, volumes, claims, csiNodes, nodes, placed] = await Promise.all([
      this.#list<Namespace>('/api/v1/namespaces'),
      this.#list<StorageClass>(`${storage}/storageclasses`),
      this.#list<PersistentVolume>('/api/v1/persistentvolumes'),
      this.#list<PersistentVolumeClaim>('/api/v1/persistentvolumeclaims'),
      this.#list<CSINode>(`${storage}/csinodes`),
      this.#list<Node>('/api/v1/nodes'),
      this.#list<Pod>(pods),
    ]);
    for (const each of namespaces) picture.applyNamespace(each);
    for (const each of classes) picture.applyStorageClass(each);
    for (const each of volumes) picture.applyVolume(each);
    for (const each of claims) picture.applyClaim(each);
    for (const each of csiNodes) picture.applyCsiNode(each);
    for (const each of nodes) picture.applyNode(each);
    for (const each of placed) if (each.spec?.schedulerName !== schedulerName) picture.applyPod(each);
    return picture;
  }

  /** Offers pods to the real scheduler and resolves with what it says of each; invalid pods are left out. */
  async ask(manifests: readonly object[]): Promise<{ readonly pod: Pod; readonly verdict: Verdict }[]> {
    const made = await Promise.all(
      manifests.map((manifest) => {
        const { metadata } = manifest as KubeObject;
        return this.#create(inNamespace(metadata?.namespace ?? '', 'pods'), manifest);
      }),
    );
    const wanted = new Set(made.flatMap((each) => each?.metadata?.uid ?? []));
    const answered = await eventually(
      async () => {
        const all = (await this.#list<Pod>(pods)).filter(({ metadata }) => wanted.has(metadata?.uid ?? ''));
        const verdicts = all.map((pod) => ({ pod, verdict: realVerdict(pod) ?? '' }));
        const silent = verdicts.filter(({ verdict }) => verdict === '');
        if (silent.length > 0) throw new Error(`${silent.length} pods without an answer`);
        return verdicts;
      },
      { within: 60_000 },
    );
    for (const namespace of Object.keys(testNamespaces)) {
      await this.#clear(
        `${inNamespace(namespace, 'pods')}?fieldSelector=spec.schedulerName%3D${schedulerName}`,
      );
    }
    return answered;
  }

  /** Takes away what {@link build} made. */
  async raze(): Promise<void> {
    for (const namespace of Object.keys(testNamespaces)) {
      await this.#clear(`${inNamespace(namespace, 'pods')}?`);
      await this.#clear(`${inNamespace(namespace, 'persistentvolumeclaims')}?`);
    }
    await this.#clear('/api/v1/persistentvolumes?');
    await this.#clear(`${storage}/csinodes?`);
    await this.#clear('/api/v1/nodes?');
    await eventually(async () => {
      const left = await Promise.all(
        [pods, '/api/v1/nodes', '/api/v1/persistentvolumes', '/api/v1/persistentvolumeclaims'].map((path) =>
          this.#list(path),
        ),
      );
      const names = left.flat().map(({ metadata }) => metadata?.name);
      if (names.length > 0) throw new Error(`still there: ${names.join()}`);
    });
  }

  async #place(prefix: string, index: number, draw: CaseDraw['placed'][number]): Promise<void> {
    const path = inNamespace(draw.namespace, 'pods');
    const pod = (await this.#create(path, placedPod(prefix, index, draw))) as Pod | undefined;
    if (!pod) return;
    const own = `${path}/${pod.metadata?.name ?? ''}`;
    if (draw.resized) {
      const [container] = pod.spec?.containers ?? [];
      const has = { ...container?.resources?.requests, ...draw.resized };
      const status = {
        name: container?.name,
        image: container?.image,
        imageID: '',
        ready: true,
        restartCount: 0,
        resources: { requests: has },
        allocatedResources: draw.resized,
      };
      await this.#must('PUT', `${own}/status`, {
        ...pod,
        status: { phase: 'Running', containerStatuses: [status] },
      });
    }
    if (draw.isTerminating) await this.#must('DELETE', own);
  }

  /** Admission gives every new node a taint, which the node controller would take away some time later. */
  async #createNode(manifest: object): Promise<void> {
    const node = (await this.#create('/api/v1/nodes', manifest)) as Node;
    const { spec } = manifest as Node;
    const path = `/api/v1/nodes/${node.metadata?.name ?? ''}`;
    await eventually(async () => {
      const current = await this.#api.get<Node>(path);
      const { status, body } = await this.#api.send('PUT', path, {
        ...current,
        spec: { ...current?.spec, taints: spec?.taints },
      });
      if (status !== 200) throw new Error(`${path}: ${body}`);
    });
  }

  async #settled(): Promise<void> {
    const [claims, volumes, nodes] = await Promise.all([
      this.#list<PersistentVolumeClaim>('/api/v1/persistentvolumeclaims'),
      this.#list<PersistentVolume>('/api/v1/persistentvolumes'),
      this.#list<Node>('/api/v1/nodes'),
    ]);
    const open = claims.filter(({ spec, status }) => spec?.volumeName && status?.phase !== 'Bound');
    const pending = volumes.filter(
      ({ status }) => status?.phase !== 'Available' && status?.phase !== 'Bound',
    );
    const raw = nodes.filter(({ spec }) =>
      spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/not-ready'),
    );
    const left = [...open, ...pending, ...raw].map(({ metadata }) => metadata?.name);
    if (left.length > 0) throw new Error(`not settled: ${left.join()}`);
  }

  async #create(path: string, manifest: object): Promise<KubeObject | undefined> {
    const { status, body } = await this.#api.send('POST', path, manifest);
    if (status === 422) {
      this.invalid += 1;
      if (process.env['ISTHMUS_SHOW_INVALID']) console.log(JSON.parse(body).message);
      return undefined;
    }
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${body}`);
    return JSON.parse(body) as KubeObject;
  }

  async #list<T extends KubeObject>(path: string): Promise<T[]> {
    return JSON.parse(await this.#must('GET', path)).items as KubeList<T>['items'];
  }

  async #clear(collection: string): Promise<void> {
    await this.#must('DELETE', collection, { gracePeriodSeconds: 0 });
  }

  async #must(method: string, path: string, body?: object): Promise<string> {
    const answer = await this.#api.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body;
  }
}

/** The pods that a case asks about. */
export function candidatesOf(prefix: string, draw: CaseDraw): object[] {
  return draw.candidates.map((each, index) => candidatePod(prefix, index, each));
}
