import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import type { ClaimsBelow } from '../clusters/placement/claims-below.ts';
import type { PodBelow, PodsBelow } from '../clusters/placement/pod-below.ts';
import type { Refusal, VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import { keyOf } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { nothingToBind } from '../scheduling/filters/volume-binding.ts';
import { certainty, explain } from '../scheduling/fit.ts';
import { type RankStrategy, rank } from '../scheduling/rank.ts';
import { isVirtual } from '../translate/marks.ts';
import { claimNamesOf } from '../translate/storage/claim-uses.ts';
import type { Choice, NamedPlace } from './choice.ts';
import {
  type ExtenderArgs,
  type ExtenderFilterResult,
  type HostPriority,
  mostPriority,
} from './extender-api.ts';
import { hasPreferences } from './preferences.ts';
import { refusalText } from './refusal-text.ts';
import type { Place, Reservations } from './reservations.ts';

export interface ExtenderOptions {
  readonly virtualNodes: VirtualNodes;
  readonly podsBelow: PodsBelow;
  readonly claimsBelow: ClaimsBelow;
  readonly reservations: Reservations;
  readonly strategy: RankStrategy;
  /** Chooses one node for the pods that it can; without, kube-scheduler always chooses. */
  readonly choice: Choice | undefined;
  /** Why nothing can be said of virtual pods now; undefined when all is well. */
  readonly staleness: () => string | undefined;
}

/** The verbs of a kube-scheduler extender. Whatever is not virtual passes untouched. */
export class Extender {
  readonly #options: ExtenderOptions;
  #turn = 0;

  constructor(options: ExtenderOptions) {
    this.#options = options;
  }

  /** Which of the nodes can take the pod: of the virtual ones those behind which some lower node can. */
  filter({ pod, nodeNames }: ExtenderArgs): ExtenderFilterResult {
    if (!isVirtual(pod)) return { NodeNames: nodeNames, FailedAndUnresolvableNodes: {}, Error: '' };
    const { reservations, staleness, claimsBelow, choice } = this.#options;
    const missing = claimsBelow.missingOf(pod);
    const stale = staleness() ?? (missing && `claim ${missing} has not been seen yet`);
    if (stale) return { NodeNames: [], FailedAndUnresolvableNodes: {}, Error: stale };
    const key = keyOf(pod);
    reservations.end(key);
    choice?.load.forget(key);
    for (const expired of reservations.expire()) choice?.load.forget(expired);
    const ours = choice?.isOurs(pod, nodeNames) ? choice : undefined;
    const most = ours?.most ?? (hasPreferences(pod) ? mostPreferred : mostOffered);
    const inTurn = this.#rotated(nodeNames, most);
    const { others, failed, places, isPassing } = this.#asked(
      pod,
      ours?.ordered(pod, inTurn) ?? inTurn,
      most,
    );
    // As unschedulable it would wait for something to change above; after an error it is tried again within seconds.
    if (others.length + places.length === 0 && isPassing)
      return { NodeNames: [], FailedAndUnresolvableNodes: {}, Error: inOne(Object.values(failed)) };
    const best = ours?.best(pod, places);
    if (best) choice?.load.expect(key, pod, best.nodeName);
    const offered = best ? [best] : places;
    reservations.begin(key, offered);
    const NodeNames = [...offered.map(({ nodeName }) => nodeName), ...others];
    return { NodeNames, FailedAndUnresolvableNodes: failed, Error: '' };
  }

  /** The first places that can take the pod, so many at most; which nodes are not virtual, and what the others lack. */
  #asked(pod: Pod, nodeNames: readonly string[], most: number) {
    const others: string[] = [];
    const failed: Record<string, string> = {};
    const places: NamedPlace[] = [];
    let isPassing = false;
    let explained = 0;
    const below = this.#options.podsBelow.of(pod);
    for (const nodeName of nodeNames) {
      const found = this.#options.virtualNodes.find(nodeName);
      if (found === undefined) {
        others.push(nodeName);
        continue;
      }
      if (places.length === most) continue;
      const answer =
        'refusal' in found ? found : this.#ask(pod, below, found.cluster, explained < mostExplained);
      if ('isExplained' in answer) explained += 1;
      if ('refusal' in answer) {
        failed[nodeName] = answer.refusal;
        isPassing ||= answer.isPassing;
      } else places.push({ ...answer, nodeName });
    }
    return { others, failed, places, isPassing };
  }

  /** The scheduler names them in the same order every time. */
  #rotated(nodeNames: readonly string[], most: number): readonly string[] {
    if (nodeNames.length <= most) return nodeNames;
    this.#turn = (this.#turn + most) % nodeNames.length;
    return [...nodeNames.slice(this.#turn), ...nodeNames.slice(0, this.#turn)];
  }

  /** How well each node suits the pod; nodes that are not virtual get nothing from us. */
  prioritize({ pod, nodeNames }: ExtenderArgs): HostPriority[] {
    const { virtualNodes, podsBelow, claimsBelow, strategy } = this.#options;
    const below = podsBelow.of(pod);
    return nodeNames.map((Host) => {
      const found = isVirtual(pod) ? virtualNodes.find(Host) : undefined;
      if (!found || 'refusal' in found) return { Host, Score: 0 };
      const { feed, configuration } = found.cluster;
      const claims = claimsBelow.of(pod, configuration, feed.picture);
      const score = rank(feed.picture, below(configuration), strategy, claims);
      return { Host, Score: Math.round((score * mostPriority) / 100) };
    });
  }

  /** The place for the pod in a cluster, or why there is none. */
  #ask(
    upper: Pod,
    below: PodBelow,
    cluster: PicturedCluster,
    explains: boolean,
  ): Place | (Pick<Refusal, 'refusal' | 'isPassing'> & { isExplained?: true }) {
    const { reservations, claimsBelow } = this.#options;
    const { configuration, feed } = cluster;
    const { namespace } = configuration;
    if (namespace !== undefined && namespace !== upper.metadata?.namespace)
      return { refusal: `virtual node(s) that serve only namespace ${namespace}`, isPassing: false };
    const pod = below(configuration);
    reservations.settle(cluster);
    const claims = claimsBelow.of(upper, configuration, feed.picture);
    const sureness = certainty(feed.picture, pod, claims);
    if (sureness === 'certain') return { cluster, pod, claims };
    // Nothing changes above when those that are on their way have come, or have gone to another cluster.
    if (sureness === 'contested') return { refusal: contested, isPassing: true };
    if (!explains && claimNamesOf(upper).length === 0) return { refusal: unexplained, isPassing: false };
    const explanation = explain(feed.picture, pod, claims);
    // Nor does it when somebody makes a volume below.
    const isPassing = explanation.reasons.has(nothingToBind);
    return { refusal: refusalText(explanation), isPassing, isExplained: true };
  }
}

/**
 * A pod that so many clusters can take is not asked for in the others: to be compared they are enough, and in each it
 * would count until its binding is seen. The best of a few that were drawn is nearly as empty as the best of all.
 */
const mostOffered = 8;
/** One that prefers some nodes above would often miss those among few. */
const mostPreferred = 25;
/** Each has its own text in the message of the pod, where nobody reads a hundred; and every node is looked at for it. */
const mostExplained = 8;
const unexplained = 'virtual node(s) without a lower node that fits';
const contested = 'virtual node(s) whose room may be taken by pods that are on their way there';

/** Reasons as kube-scheduler counts them. */
function inOne(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ');
}
