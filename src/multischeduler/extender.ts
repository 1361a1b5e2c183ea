import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import type { ClaimsBelow } from '../clusters/placement/claims-below.ts';
import type { PodBelow, PodsBelow } from '../clusters/placement/pod-below.ts';
import type { Refusal, VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import { keyOf } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { nothingToBind } from '../scheduling/filters/volume-binding.ts';
import { explain, fits } from '../scheduling/fit.ts';
import { type RankStrategy, rank } from '../scheduling/rank.ts';
import { isVirtual } from '../translate/marks.ts';
import {
  type ExtenderArgs,
  type ExtenderFilterResult,
  type HostPriority,
  mostPriority,
} from './extender-api.ts';
import { refusalText } from './refusal-text.ts';
import type { Place, Reservations } from './reservations.ts';

export interface ExtenderOptions {
  readonly virtualNodes: VirtualNodes;
  readonly podsBelow: PodsBelow;
  readonly claimsBelow: ClaimsBelow;
  readonly reservations: Reservations;
  readonly strategy: RankStrategy;
  /** Why nothing can be said of virtual pods now; undefined when all is well. */
  readonly staleness: () => string | undefined;
}

/** The verbs of a kube-scheduler extender. Whatever is not virtual passes untouched. */
export class Extender {
  readonly #options: ExtenderOptions;

  constructor(options: ExtenderOptions) {
    this.#options = options;
  }

  /** Which of the nodes can take the pod: of the virtual ones those behind which some lower node can. */
  filter({ pod, nodeNames }: ExtenderArgs): ExtenderFilterResult {
    if (!isVirtual(pod)) return { NodeNames: nodeNames, FailedAndUnresolvableNodes: {}, Error: '' };
    const { virtualNodes, reservations, staleness, claimsBelow } = this.#options;
    const missing = claimsBelow.missingOf(pod);
    const stale = staleness() ?? (missing && `claim ${missing} has not been seen yet`);
    if (stale) return { NodeNames: [], FailedAndUnresolvableNodes: {}, Error: stale };
    const key = keyOf(pod);
    reservations.end(key);
    const passed: string[] = [];
    const failed: Record<string, string> = {};
    const places: Place[] = [];
    let isPassing = false;
    const below = this.#options.podsBelow.of(pod);
    for (const name of nodeNames) {
      const found = virtualNodes.find(name);
      if (found === undefined) {
        passed.push(name);
        continue;
      }
      const answer = 'refusal' in found ? found : this.#ask(pod, below, found.cluster);
      if ('refusal' in answer) {
        failed[name] = answer.refusal;
        isPassing ||= answer.isPassing;
      } else {
        passed.push(name);
        places.push(answer);
      }
    }
    // As unschedulable it would wait for something to change above; after an error it is tried again within seconds.
    if (passed.length === 0 && isPassing)
      return { NodeNames: [], FailedAndUnresolvableNodes: {}, Error: inOne(Object.values(failed)) };
    reservations.begin(key, places);
    return { NodeNames: passed, FailedAndUnresolvableNodes: failed, Error: '' };
  }

  /** How well each node suits the pod; nodes that are not virtual get nothing from us. */
  prioritize({ pod, nodeNames }: ExtenderArgs): HostPriority[] {
    const { virtualNodes, podsBelow, strategy } = this.#options;
    const below = podsBelow.of(pod);
    return nodeNames.map((Host) => {
      const found = isVirtual(pod) ? virtualNodes.find(Host) : undefined;
      if (!found || 'refusal' in found) return { Host, Score: 0 };
      const { feed, configuration } = found.cluster;
      const score = rank(feed.picture, below(configuration), strategy);
      return { Host, Score: Math.round((score * mostPriority) / 100) };
    });
  }

  /** The place for the pod in a cluster, or why there is none. */
  #ask(
    upper: Pod,
    below: PodBelow,
    cluster: PicturedCluster,
  ): Place | Pick<Refusal, 'refusal' | 'isPassing'> {
    const { reservations, claimsBelow } = this.#options;
    const { configuration, feed } = cluster;
    const { namespace } = configuration;
    if (namespace !== undefined && namespace !== upper.metadata?.namespace)
      return { refusal: `virtual node(s) that serve only namespace ${namespace}`, isPassing: false };
    const pod = below(configuration);
    reservations.settle(cluster);
    const claims = claimsBelow.of(upper, configuration, feed.picture);
    if (fits(feed.picture, pod, claims)) return { cluster, pod, claims };
    const explanation = explain(feed.picture, pod, claims);
    const refusal = refusalText(explanation);
    // Nothing changes above when somebody makes a volume below.
    if (explanation.reasons.has(nothingToBind)) return { refusal, isPassing: true };
    // Who is in the way may go to another cluster, and nothing changes above when this one has the room again.
    return { refusal, isPassing: reservations.unsettle(cluster) && fits(feed.picture, pod, claims) };
  }
}

/** Reasons as kube-scheduler counts them. */
function inOne(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ');
}
