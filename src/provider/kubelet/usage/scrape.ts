import { hasCode, KubeError } from '../../../kube/errors.ts';
import { nodes, resourcePath } from '../../../kube/resources.ts';
import type { Transport } from '../../../kube/transport.ts';

/** What some nodes answered, and why others did not. */
export interface Scraped {
  readonly answers: ReadonlyMap<string, string>;
  readonly failures: ReadonlyMap<string, unknown>;
}

export interface ScrapeOptions {
  /** Nodes that are asked at once. */
  limit?: number;
  /** Milliseconds that one node may take. */
  timeout?: number;
  /** Milliseconds after which the nodes that are left are given up: who asks us waits ten seconds. */
  deadline?: number;
}

/** A node with 250 pods answers with about a megabyte. */
const longestAnswer = 16 * 1_048_576;

/**
 * Gets the same path of the kubelets of several nodes, through the API server (`nodes/proxy`), and from one that
 * fails (5xx) the next path. A node that is slow or fails costs the others nothing. Never throws.
 */
export async function scrape(
  transport: Transport,
  nodeNames: Iterable<string>,
  paths: readonly string[],
  { limit = 16, timeout = 4_000, deadline = 8_000 }: ScrapeOptions = {},
): Promise<Scraped> {
  const answers = new Map<string, string>();
  const failures = new Map<string, unknown>();
  const end = AbortSignal.timeout(deadline);
  const waiting = new Set(nodeNames).values();
  const work = async () => {
    for (const name of waiting) {
      const signal = AbortSignal.any([end, AbortSignal.timeout(timeout)]);
      try {
        answers.set(name, await askInTurn(transport, name, paths, signal));
      } catch (error) {
        const late = new KubeError('Unreachable', 'it did not answer in time', { cause: error });
        failures.set(name, signal.aborted ? late : error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
  return { answers, failures };
}

async function askInTurn(
  transport: Transport,
  name: string,
  [path = '', ...others]: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  try {
    return await ask(transport, name, path, signal);
  } catch (error) {
    if (others.length === 0 || signal.aborted || !hasCode(error, 'ServerError')) throw error;
    return askInTurn(transport, name, others, signal);
  }
}

async function ask(transport: Transport, name: string, path: string, signal: AbortSignal): Promise<string> {
  const request = { method: 'GET', accept: '*/*', signal } as const;
  const body = await transport.stream({
    ...request,
    path: resourcePath(nodes, { name, subresource: `proxy/${path}` }),
  });
  body.setEncoding('utf8');
  let text = '';
  for await (const chunk of body) {
    text += chunk;
    if (text.length > longestAnswer) throw new KubeError('ServerError', 'its answer is too long');
  }
  return text;
}
