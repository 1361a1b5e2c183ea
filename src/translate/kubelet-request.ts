/** A container, as the path of a request to a kubelet names it. */
export interface ContainerTarget extends PodTarget {
  container: string;
}

/** A pod, as the path of a request to a kubelet names it. */
export interface PodTarget {
  namespace: string;
  pod: string;
  /** Of the pod above, where the caller named it. Only to be compared: it never travels on. */
  uid: string | undefined;
}

/** The target of a request, decoded once: no part of it is ever put into a path again without a check. */
export interface KubeletUrl {
  /** `/exec/default/web/main` is `['exec', 'default', 'web', 'main']`. */
  segments: string[];
  query: URLSearchParams;
}

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const logOptions = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'stream',
];
const streamFlags = [
  ['input', 'stdin'],
  ['output', 'stdout'],
  ['error', 'stderr'],
  ['tty', 'tty'],
] as const;

/**
 * Takes the target of an HTTP request apart, or answers undefined when it is malformed. `URL` would not do: it
 * resolves `..` before anybody sees it.
 */
export function parseKubeletUrl(target: string): KubeletUrl | undefined {
  if (!target.startsWith('/')) return undefined;
  const [path = '', ...query] = target.split('?');
  try {
    const segments = path.slice(1).split('/').map(decodeURIComponent);
    return { segments, query: new URLSearchParams(query.join('?')) };
  } catch {
    return undefined;
  }
}

/** Reads `NS/POD/C` or `NS/POD/UID/C`, the segments after the verb; undefined unless each is a possible name. */
export function containerTarget(segments: readonly string[]): ContainerTarget | undefined {
  const container = segments.at(-1) ?? '';
  const target = podTarget(segments.slice(0, -1));
  return target && label.test(container) ? { ...target, container } : undefined;
}

/** Reads `NS/POD` or `NS/POD/UID`, the segments after the verb; undefined unless each is a possible name. */
export function podTarget(segments: readonly string[]): PodTarget | undefined {
  const [namespace = '', pod = '', uid, ...more] = segments;
  if (more.length > 0 || uid === '') return undefined;
  if (!label.test(namespace) || pod.length > 253 || !subdomain.test(pod)) return undefined;
  return { namespace, pod, uid };
}

/** Where the lower API server has the logs that `/containerLogs` asks for; it checks the options itself. */
export function lowerLogPath(target: ContainerTarget, query: URLSearchParams): string {
  const below = new URLSearchParams({ container: target.container });
  for (const name of logOptions) {
    const value = query.get(name);
    if (value !== null) below.append(name, value);
  }
  return `${subresourcePath(target, 'log')}?${below}`;
}

/**
 * Where the lower API server has the stream that `/exec` or `/attach` asks for. All four flags are named, since
 * two of them are true by default there; a command's words keep their order.
 */
export function lowerStreamPath(
  subresource: 'exec' | 'attach',
  target: ContainerTarget,
  query: URLSearchParams,
): string {
  const below = new URLSearchParams({ container: target.container });
  for (const [above, name] of streamFlags) below.append(name, String(isTrue(query.get(above))));
  if (subresource === 'exec') for (const word of query.getAll('command')) below.append('command', word);
  return `${subresourcePath(target, subresource)}?${below}`;
}

/** Where the lower API server forwards ports; they are in the query only in the legacy WebSocket form. */
export function lowerPortForwardPath(target: PodTarget, query: URLSearchParams): string {
  const below = new URLSearchParams();
  for (const ports of query.getAll('port')) below.append('ports', ports);
  const path = subresourcePath(target, 'portforward');
  return below.size === 0 ? path : `${path}?${below}`;
}

function subresourcePath({ namespace, pod }: PodTarget, subresource: string): string {
  return `/api/v1/namespaces/${namespace}/pods/${pod}/${subresource}`;
}

/** API servers write `1`, some other clients `true`. */
function isTrue(value: string | null): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}
