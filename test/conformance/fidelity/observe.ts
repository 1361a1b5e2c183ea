import { text } from 'node:stream/consumers';
import type { Client } from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { pods, resourcePath } from '../../../src/kube/resources.ts';
import type { ContainerStatus, Pod } from '../../../src/kube/types.ts';

/** All that is compared of a pod. */
export interface Observation {
  readonly labels: object;
  readonly annotations: object;
  readonly status: object;
  /** As the lower cluster has it. */
  readonly spec: object;
  /** What each container said, by its name; `before` is what it said in the run before. */
  readonly log: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Looks at a pod.
 *
 * @param shown the pod as its user sees it
 * @param run the pod in the cluster where it runs
 */
export async function observe(client: Client, shown: Pod, run: Pod | undefined): Promise<Observation> {
  const {
    initContainerStatuses = [],
    containerStatuses = [],
    ephemeralContainerStatuses = [],
  } = shown.status ?? {};
  const statuses = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
  const logs = await Promise.all(statuses.flatMap((status) => logsOf(client, shown, status)));
  return {
    labels: shown.metadata?.labels ?? {},
    annotations: shown.metadata?.annotations ?? {},
    status: shown.status ?? {},
    spec: { ...run?.spec, nodeName: undefined },
    log: Object.fromEntries(logs.map(([name, log]) => [name, sections(log)])),
  };
}

function logsOf(
  client: Client,
  shown: Pod,
  { name, state, lastState }: ContainerStatus,
): Promise<[string, string]>[] {
  const read = async (key: string, query: Record<string, string>): Promise<[string, string]> => [
    key,
    await logOf(client, shown, { container: name, ...query }),
  ];
  return [
    ...(state?.running || state?.terminated ? [read(name, {})] : []),
    ...(lastState?.terminated ? [read(`${name} before`, { previous: 'true' })] : []),
  ];
}

async function logOf(client: Client, { metadata }: Pod, query: Record<string, string>): Promise<string> {
  const where = { namespace: metadata?.namespace, name: metadata?.name ?? '', subresource: 'log' };
  try {
    const stream = await client.transport.stream({
      method: 'GET',
      path: resourcePath(pods, where),
      query,
      accept: '*/*',
    });
    return await text(stream);
  } catch (error) {
    if (error instanceof KubeError) return `refused: ${error.message}`;
    throw error;
  }
}

/** The lines of the probe by what they are about; all others are one text. */
function sections(log: string): Record<string, string> {
  const found: Record<string, string> = {};
  const others: string[] = [];
  for (const line of log.replaceAll('\r', '').split('\n')) {
    const [, key, value] = /^([a-z]+\/[^=]*)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) others.push(line);
    else found[key] = key in found ? `${found[key]} and ${value}` : value;
  }
  return { ...found, text: others.join('\n') };
}
