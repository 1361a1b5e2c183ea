import { setTimeout as sleep } from 'node:timers/promises';
import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { deferred } from '../../kube/deferred.ts';
import { KubeError } from '../../kube/errors.ts';
import { Reflector } from '../../kube/reflector.ts';
import { nodes, pods } from '../../kube/resources.ts';
import { linkSignals } from '../../kube/signals.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { boundPods, virtualNodes } from './list.ts';
import { type NodeReport, reportNode } from './node-report.ts';

export interface WatchReportsOptions {
  signal: AbortSignal;
  /** Told that a watch fails and is tried again; the same is told again only after something changed. */
  complain: (message: string) => void;
  /** Milliseconds in which changes are gathered. */
  pause?: number;
}

const defaultPause = 500;

/**
 * Calls `show` with all virtual nodes, by name, and again whenever something changed, until the signal aborts. Two
 * watches serve any number of nodes; only the reports of nodes on which something changed are made anew.
 *
 * @throws KubeError when the first lists fail
 */
export async function watchReports(
  upper: Client,
  show: (reports: NodeReport[]) => void,
  { signal, complain, pause = defaultPause }: WatchReportsOptions,
): Promise<void> {
  const nodeCache = new Cache<Node>(
    {},
    ({ metadata, spec, status }) =>
      ({
        metadata,
        spec,
        status: { ...status, images: [] },
      }) as Node,
  );
  const podCache = new Cache<Pod, 'node'>({ node: ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []) });
  const reports = new Map<string, NodeReport>();
  const stale = new Set<string>();
  const mark = (nodeName: string | undefined) => stale.add(nodeName ?? '');
  nodeCache.subscribe(({ object }) => mark(object.metadata?.name));
  podCache.subscribe(({ object }) => mark(object.spec?.nodeName));

  const ending = linkSignals(signal);
  const refused = deferred();
  let hasBegun = false;
  const said = new Set<string>();
  const onError = (message: string) => {
    if (!hasBegun) refused.reject(new KubeError('Unreachable', message));
    else if (!said.has(message)) complain(message);
    said.add(message);
  };
  const reflectors = [
    new Reflector(upper, nodes, nodeCache, { ...virtualNodes, onError }),
    new Reflector(upper, pods, podCache, { ...boundPods, onError }),
  ];
  const running = reflectors.map((reflector) => reflector.run(ending.signal));

  try {
    await Promise.race([Promise.all(reflectors.map(({ synced }) => synced)), refused.promise]);
    hasBegun = true;
    refresh();
    while (!signal.aborted) {
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (stale.size > 0 && !signal.aborted) refresh();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ending.abort();
    ending.release();
    refused.resolve();
    await Promise.all(running);
  }

  function refresh(): void {
    for (const name of stale) {
      const node = nodeCache.get(name);
      if (node) reports.set(name, reportNode(node, [...podCache.by('node', name)]));
      else reports.delete(name);
    }
    stale.clear();
    said.clear();
    show([...reports.values()].sort((one, other) => (one.name < other.name ? -1 : 1)));
  }
}
