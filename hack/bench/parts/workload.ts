import type { Client } from '../../../src/kube/client.ts';
import { pods } from '../../../src/kube/resources.ts';
import type { Pod } from '../../../src/kube/types.ts';

/** So many calls at once, as a busy controller makes them. */
const parallel = 16;

export interface PodOptions {
  readonly namespace: string;
  /** The node it is bound to from the start: no upper scheduler is measured. Below its own scheduler decides. */
  readonly nodeName?: string;
  /** Whether it mounts a token of its service account, as pods do unless told. */
  readonly hasToken?: boolean;
}

/** A pod of the size that is common: some labels, some variables, requests and limits, a probe. */
function benchmarkPod(name: string, { namespace, nodeName, hasToken = false }: PodOptions): Pod {
  return {
    metadata: {
      ...{ name, namespace },
      labels: { 'virtual-pod': 'true', app: 'web', tier: 'front', 'pod-template-hash': '6d5f7b9c88' },
      annotations: { 'example.com/owner': 'benchmark' },
    },
    spec: {
      ...(nodeName && { nodeName }),
      automountServiceAccountToken: hasToken,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'main',
          image: 'registry.invalid/web:1.2.3',
          args: ['--port=8080', '--log-level=info'],
          env: [
            { name: 'MODE', value: 'production' },
            { name: 'REGION', value: 'eu-1' },
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          ports: [{ name: 'http', containerPort: 8080 }],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 8080 } as never, periodSeconds: 5 },
        },
      ],
    },
  };
}

/** Creates pods, many at once; resolves when the last was taken. */
export async function createPods(
  client: Client,
  names: readonly string[],
  options: PodOptions,
): Promise<void> {
  await inParallel(names, async (name) => {
    await client.create(pods, benchmarkPod(name, options));
  });
}

/** Deletes pods one by one, as their owners do, many at once. */
export async function deletePods(
  client: Client,
  namespace: string,
  uids: ReadonlyMap<string, string>,
): Promise<void> {
  await inParallel([...uids], async ([name, uid]) => {
    await client.delete(pods, { namespace, name }, { uid });
  });
}

async function inParallel<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const worker = async () => {
    for (const one of left) await act(one);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}
