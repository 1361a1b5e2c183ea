import { Client } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { describeError, hasCode } from '../../src/kube/errors.ts';
import { lines } from '../../src/kube/lines.ts';
import { pods } from '../../src/kube/resources.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { Pod } from '../../src/kube/types.ts';

/**
 * The floor of the benchmark: a loop that makes the lower pod when a watch brings the upper one and copies what the
 * lower watch brings into the upper status. It has no rules: it checks nothing, remembers nothing on disk or in the
 * API, and whatever fails is lost. It goes over the same connections as the provider.
 *
 * @example node bare-mirror.js UPPER_KUBECONFIG LOWER_KUBECONFIG NODE_NAME
 */
const [upperFile = '', lowerFile = '', nodeName = ''] = process.argv.slice(2);
const open = (name: string, file: string) =>
  new Client(new Transport(loadConnection(name, file), { userAgent: 'bare-mirror' }));
const [upper, lower] = [open('upper', upperFile), open('lower', lowerFile)];
const mark = 'bare-mirror';
/** uid of the lower pod, by namespace and name. */
const copies = new Map<string, string>();

type Act = (type: string, pod: Pod, where: { namespace: string; name: string }, key: string) => Promise<void>;

const down: Act = async (type, pod, where, key) => {
  const copy = copies.get(key);
  if (type === 'DELETED') return;
  if (pod.metadata?.deletionTimestamp) {
    if (copy) await lower.delete(pods, where, { uid: copy });
    return;
  }
  if (copy !== undefined) return;
  copies.set(key, '');
  const { nodeName: _node, tolerations: _tolerations, ...spec } = pod.spec ?? { containers: [] };
  const { labels = {}, uid = '' } = pod.metadata ?? {};
  const metadata = { ...where, labels: { ...labels, [mark]: nodeName }, annotations: { [mark]: uid } };
  const made = await lower.create(pods, { metadata, spec });
  copies.set(key, made.metadata?.uid ?? '');
};

const up: Act = async (type, pod, where, key) => {
  const uid = pod.metadata?.annotations?.[mark] ?? '';
  if (type === 'DELETED') {
    copies.delete(key);
    await upper.delete(pods, where, { uid, gracePeriodSeconds: 0 });
  } else if (pod.status?.conditions && !pod.metadata?.deletionTimestamp) {
    const { qosClass: _class, ...status } = pod.status;
    await upper.patch(pods, { ...where, subresource: 'status' }, { metadata: { uid }, status });
  }
};

async function follow(client: Client, selector: object, act: Act): Promise<never> {
  for (let version: string | undefined; ; ) {
    const take = (type: string, pod: Pod) => {
      const { namespace = '', name = '' } = pod.metadata ?? {};
      act(type, pod, { namespace, name }, `${namespace}/${name}`).catch((error: unknown) => {
        if (!hasCode(error, 'NotFound')) console.error(describeError(error));
      });
    };
    try {
      if (version === undefined) {
        const list = await client.list(pods, selector);
        version = list.metadata?.resourceVersion ?? '0';
        for (const pod of list.items) take('ADDED', pod);
        console.log('follows');
      }
      const signal = AbortSignal.timeout(400_000);
      const stream = await client.watch(pods, {
        ...selector,
        resourceVersion: version,
        timeoutSeconds: 300,
        signal,
      });
      for await (const line of lines(stream)) {
        const { type, object } = JSON.parse(line);
        if (type === 'ERROR') throw new Error(object.message);
        version = object.metadata.resourceVersion;
        if (type !== 'BOOKMARK') take(type, object);
      }
    } catch (error) {
      console.error(describeError(error));
      version = undefined;
    }
  }
}

void follow(upper, { fieldSelector: `spec.nodeName=${nodeName}` }, down);
void follow(lower, { labelSelector: `${mark}=${nodeName}` }, up);
process.on('SIGTERM', () => process.exit());
